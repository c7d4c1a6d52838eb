// Pilots are started while jobs wait, and ended when none do. Their allocations have an end.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <utility>

#include "tree/tree_source.h"
#include "tree/wall_time.h"

namespace flux_ensemble::tree {

namespace {

// Cores of a node, before the first pilot is up.
constexpr std::uint64_t kGuessedCores = 16;

std::string SizeText(std::uint64_t nodes, std::uint64_t cores, std::uint64_t gpus) {
  const auto counted = [](std::uint64_t count, const char* noun) {
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
  };
  std::string text = counted(nodes, "node") + " with " + counted(cores, "core");
  if (nodes > 1) text.append(" each");
  if (gpus > 0) text.append(" and ").append(counted(gpus, "GPU")).append(" in all");
  return text;
}

}  // namespace

// The sub-instances that are to run or to be on their way.
std::uint32_t TreeSource::wanted() const {
  if (!options_.pilots) return target_;
  if (orders_.waiting() == 0) return 0;
  const std::uint64_t cores_of_node = options_.cores > 0 ? options_.cores : kGuessedCores;
  const std::uint64_t of_one = shape_ && shape_->cores > 0
                                   ? shape_->cores
                                   : std::max(options_.nodes, std::uint64_t{1}) * cores_of_node;
  // The others are full: their windows hold what they start soon.
  const auto coming = static_cast<std::uint64_t>(std::ranges::count_if(
      children_, [](const Child& child) { return child.state < Child::State::kUp; }));
  const std::uint64_t all = orders_.waiting_cores(of_one * (target_ + coming));
  const std::uint64_t missing = (all + of_one - 1) / of_one;
  const std::uint64_t more = missing - std::min(missing, coming);
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(target_, live() + more));
}

void TreeSource::FollowTimes() {
  if (!options_.pilots) return;
  for (Child& child : children_) FollowTime(child);
}

// The time before its end at which the next one is requested. It is late when the workload manager
// lets it wait for longer than the last one.
TreeSource::Clock::duration TreeSource::LeadOf(const Child& child) const {
  return std::min<Clock::duration>(options_.pilots->margin + last_start_, child.time / 2);
}

// A pilot whose time is nearly over gets no more jobs.
void TreeSource::FollowTime(Child& child) {
  if (!child.expires || child.state >= Child::State::kDraining) return;
  const Clock::duration left = *child.expires - Clock::now();
  child.closing = child.closing || left <= LeadOf(child);
  if (left > options_.pilots->margin) return;
  child.closing = true;
  CountUseless(child, "its time was nearly over before it had done a job");
  child.state = Child::State::kDraining;
  if (LoadOf(child) == 0) Retire(child, "its time is nearly over");
}

// When jobs wait, a pilot that did none must not be followed by such pilots for ever.
void TreeSource::CountUseless(const Child& child, const char* reason) {
  if (child.ended > 0 || LoadOf(child) > 0 || orders_.waiting() == 0) return;
  ++failures_;
  last_reason_ = reason;
}

void TreeSource::EndIdle() {
  if (!options_.pilots || !sentinel_passed_ || shutting_down_) return;
  const Clock::time_point now = Clock::now();
  for (Child& child : children_) {
    if (child.state >= Child::State::kDraining) continue;
    // Jobs that wait do not fit into one that is up and has no job.
    const bool awaited = child.state < Child::State::kUp && orders_.waiting() > 0;
    if (LoadOf(child) > 0 || awaited) {
      child.idle_since.reset();
    } else if (!child.idle_since) {
      child.idle_since = now;
    } else if (now - *child.idle_since >= options_.pilots->idle) {
      CountUseless(child, "the jobs that wait need more time than it had left");
      Retire(child, "it had no jobs");
    }
  }
}

// The next time at which something is to be done about a pilot.
std::optional<TreeSource::Clock::time_point> TreeSource::NextTime(const Child& child) const {
  if (child.state >= Child::State::kDraining) return std::nullopt;
  std::optional<Clock::time_point> next;
  const auto no_later_than = [&next](Clock::time_point time) {
    if (!next || time < *next) next = time;
  };
  if (child.idle_since) no_later_than(*child.idle_since + options_.pilots->idle);
  if (child.expires) no_later_than(*child.expires - options_.pilots->margin);
  if (child.expires && !child.closing) no_later_than(*child.expires - LeadOf(child));
  return next;
}

// The most jobs with this need that end before the time of a pilot is over, if they get it now.
// The jobs before them may take as long.
std::uint64_t TreeSource::RoomInTime(const Child& child, const Need& need) const {
  constexpr std::uint64_t kAny = std::numeric_limits<std::uint64_t>::max();
  constexpr double kManyTurns = 1e6;
  if (!child.expires || need.duration <= 0 || !options_.pilots) return kAny;
  const std::chrono::duration<double> left =
      *child.expires - Clock::now() - options_.pilots->margin;
  const double turns = std::floor(left.count() / need.duration);
  if (turns < 1) return 0;
  if (turns > kManyTurns) return kAny;
  const std::uint64_t at_once = child.slots() / std::max(need.cores, std::uint64_t{1});
  const std::uint64_t all = static_cast<std::uint64_t>(turns) * std::max(at_once, std::uint64_t{1});
  return all - std::min(all, LoadOf(child));
}

// The parent runs no jobs.
void TreeSource::RefuseLarge(const runner::SubmitOrder& part) {
  const Need need = NeedOf(part.portion.jobspec->head);
  const Shape size = shape_.value_or(Shape());
  runner::SubmitReport refusal;
  refusal.number = part.number;
  refusal.refused = 1;
  refusal.dropped = part.portion.count - 1;
  refusal.reason = "a job needs " +
                   SizeText(std::max(need.nodes, std::uint64_t{1}),
                            std::max(need.cores_of_node, std::uint64_t{1}), need.gpus) +
                   ", and a pilot has " + SizeText(size.nodes, size.cores_of_node, size.gpus);
  OrderBook::Reports reports;
  orders_.OnSubmitted(refusal, reports);
  Report(reports);
}

}  // namespace flux_ensemble::tree
