#include "engine/output.h"

#include <algorithm>
#include <cmath>

namespace flux_ensemble::engine {

void RuleReport::Add(const RuleReport& other) {
  const auto earlier = [](double a, double b) {
    return std::isnan(a) ? b : std::isnan(b) ? a : std::min(a, b);
  };
  // Before the first value, a rule may fire as often as its repetitions say.
  const std::uint64_t left = values++ == 0 ? 0 : state.repetitions_left;
  state.repetitions_left = std::max(left, other.state.repetitions_left);
  state.backoff_left = std::max(state.backoff_left, other.state.backoff_left);
  state.fired += other.state.fired;
  state.in_backoff += other.state.in_backoff;
  state.in_cooldown += other.state.in_cooldown;
  state.too_short += other.state.too_short;
  state.in_other_state += other.state.in_other_state;
  state.raised = state.raised || other.state.raised;
  state.resolved += other.state.resolved;
  came += other.came;
  came_after += other.came_after;
  pending = pending || other.pending;
  holds = holds || other.holds;
  since = earlier(since, other.since);
  ready = earlier(ready, other.ready);
  next = earlier(next, other.next);
}

void StreamStates::Add(const stats::Aggregate& stream) {
  const auto& [moments, sketch] = stream;
  const bool any = moments.welford.count() > 0;
  heads.insert(heads.end(),
               {static_cast<double>(moments.welford.count()), moments.welford.mean(),
                moments.welford.squares(), any ? moments.min : 0, any ? moments.max : 0,
                moments.sum.value(), static_cast<double>(sketch.zeros()),
                static_cast<double>(sketch.scale()), static_cast<double>(sketch.buckets().first()),
                static_cast<double>(sketch.buckets().size())});
  for (const std::uint64_t count : sketch.buckets().counts()) {
    buckets.push_back(static_cast<double>(count));
  }
}

}  // namespace flux_ensemble::engine
