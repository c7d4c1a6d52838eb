// The state of an engine as bytes.
#include "base/archive.h"
#include "engine/engine.h"

namespace flux_ensemble::engine {

namespace {

// Stored in front of a state, for a change of its layout.
constexpr std::uint32_t kStateVersion = 1;

}  // namespace

template <typename Archive>
void Engine::Persist(Archive& archive) {
  std::vector<std::string> names = GroupNames();
  std::string described = Description();
  archive(names, described);
  if constexpr (Archive::kReads) {
    const std::vector<std::string> planned = GroupNames();
    if (described != Description()) return archive.Invalidate();
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (i < planned.size() ? names[i] != planned[i] : !track_all_) return archive.Invalidate();
      if (i < planned.size()) continue;
      new_groups_.push_back(names[i]);
      AddGroup(names[i]);
    }
  }
  if (!subsets_.empty()) archive(subsets_);
  archive(backlog_over_, resuming_, stream_ahead_, keep_unknown_, wanted_, wanted_before_,
          seen_until_, totals_, jobs_, unvalidated_, details_, retries_, metrics_, awaited_,
          others_cancel_, own_cancels_, rules_, budgets_, reached_limits_);
  if constexpr (Archive::kReads) {
    jobs_.ForEach([&](const Job& job) {
      if (job.group >= metrics_.groups()) return archive.Invalidate();
      if (!subsets_.Divides(job.group)) return;
      JobDetails* const details = details_.Find(job.id);
      if (details == nullptr || details->parameters == nullptr) return;
      details->made_groups = subsets_.KnownGroups(job.group, *details->parameters);
    });
  }
}

std::vector<std::string> Engine::GroupNames() const {
  std::vector<std::string> names(metrics_.groups());
  for (const auto& [name, index] : group_index_) names[index] = name;
  return names;
}

std::string Engine::Description() {
  StateWriter writer;
  for (std::uint32_t i = 0; i < metrics_.size(); ++i) {
    Metric metric = metrics_.metric(i);
    writer(metric.group, metric.kind, metric.count, metric.variable, metric.statistic,
           metric.quantile, metric.window, metric.from_zero, metric.probe);
    if (metric.bound != stats::Bound::kNone) writer(metric.bound, metric.level);
    if (metric.split != kNoSplit) writer(metric.split);
  }
  for (Limit limit : limits_) writer(limit.kind, limit.group, limit.amount);
  for (std::uint32_t i = 0; i < rules_.size(); ++i) {
    const Rule& rule = rules_.rule(i);
    std::vector<std::uint32_t> limits = rule.limits;
    writer(rule.trigger, rule.group, rule.change, rule.in, rule.hold_duration, rule.cooldown,
           rule.go_to, rule.state, rule.interval, limits, rule.repetitions, rule.terminal,
           rule.probing);
    if (rule.resolve) {
      Resolution resolve = *rule.resolve;
      writer(resolve.go_to, resolve.terminal);
    }
    std::uint32_t split = rule.split;
    if (split != kNoSplit) writer(split);
  }
  subsets_.Describe(writer);
  return writer.Take();
}

std::string Engine::Save() {
  StateWriter writer;
  std::uint32_t version = kStateVersion;
  writer(version);
  Persist(writer);
  return writer.Take();
}

bool Engine::Load(std::string_view state) {
  StateReader reader(state);
  std::uint32_t version = 0;
  reader(version);
  if (version != kStateVersion) return false;
  Persist(reader);
  return reader.valid() && reader.at_end();
}

}  // namespace flux_ensemble::engine
