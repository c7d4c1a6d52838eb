// Jobs that limits hold back, budgets, and groups that have nothing left to do.
#include <algorithm>

#include "engine/engine.h"

namespace flux_ensemble::engine {

void Engine::CountArrival(const Job& job) {
  // Members may leave the run's id out of the jobspecs.
  if (job.group >= arrived_.size()) arrived_.resize(job.group + std::size_t{1});
  ++arrived_[job.group];
}

void Engine::Queue(std::uint32_t group, std::int64_t change, double time) {
  SettleVirtual();
  metrics_[group].Add(Count::kQueued, change);
  rules_.OnCounted(group, Count::kQueued, time);
  ChangeMask changed;
  changed.Add(ChangeOf(Count::kQueued));
  if (watches_counts_) Watch(group, changed, time);
}

void Engine::ForgetQueued() {
  for (std::uint32_t group = 0; group < metrics_.groups(); ++group) {
    metrics_[group].Add(Count::kQueued, -static_cast<std::int64_t>(queued(group)));
  }
}

void Engine::ExpectAllocations(std::span<const journal::Record> records) {
  for (const journal::Record& record : records) {
    if (record.resources.empty()) continue;
    const Allocation allocation = Allocation::Of(record.resources);
    if (tap_ != nullptr) tap_->OnAllocation(record.id, allocation);
    ExpectAllocation(record.id, allocation);
  }
}

void Engine::SetAllocation(double size, double end, double time) {
  SettleVirtual();
  metrics_.SetAllocation(size, end);
  rules_.OnAllocation(time);
}

void Engine::WatchFor(const Rule& rule) {
  if (rule.trigger != TriggerType::kGroupDone) return;
  if (rule.group >= busy_.size()) busy_.resize(rule.group + std::size_t{1});
  for (std::uint32_t group = rule.group; group != kNoGroup; group = BeforeOf(group)) {
    if (group >= ends_.size()) ends_.resize(group + std::size_t{1});
    std::vector<std::uint32_t>& ends = ends_[group];
    if (std::ranges::find(ends, rule.group) == ends.end()) ends.push_back(rule.group);
  }
  watches_counts_ = true;
}

void Engine::Watch(std::uint32_t group, ChangeMask changed, double time) {
  if (budgets_.Watches(changed) && !rules_.ended()) JudgeBudgets(time);
  if (group >= ends_.size()) return;
  for (const std::uint32_t watched : ends_[group]) NoteIdle(watched, watched == group);
}

// The time is that of the last change, or the one at which the budget says that it is reached.
void Engine::JudgeBudgets(double time) {
  for (const std::uint32_t index : budgets_.TakeReached(time)) {
    reached_limits_.push_back({index, time});
    rules_.OnLimit(index, limits_[index].group, time);
  }
}

bool Engine::PassBudgets(double now) {
  bool any = false;
  // Each turn reaches a budget or more.
  for (double time = budgets_.next(); time <= now && time < kNever && !rules_.ended();
       time = budgets_.next()) {
    rules_.PassTo(time);
    JudgeBudgets(time);
    any = true;
  }
  return any;
}

bool Engine::IsIdle(std::uint32_t group) const {
  if (active_in(group) > 0 || queued(group) > 0) return false;
  bool waits = false;
  awaited_.ForEachWaiting([&](std::uint32_t of, journal::JobId, FailureDigest::Number) {
    waits = waits || of == group;
  });
  const std::uint32_t before = BeforeOf(group);
  return !waits && (before == kNoGroup || IsIdle(before));
}

// The group or, unless `own`, one that it follows has changed.
void Engine::NoteIdle(std::uint32_t group, bool own) {
  if (!IsIdle(group)) {
    // A group that never had jobs is never done.
    if (own) busy_[group] = true;
  } else if (busy_[group]) {
    idle_groups_.push_back(group);
    busy_[group] = false;
  }
}

void Engine::GroupDone(std::uint32_t group, double time) {
  SettleVirtual();
  rules_.OnGroupDone(group, time);
}

void Engine::EndOfRun(double time) {
  SettleVirtual();
  rules_.OnEndOfRun(time);
}

}  // namespace flux_ensemble::engine
