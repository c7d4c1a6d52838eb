// What the judge would do if nothing happened any more but that time passes: whether a run is over
// when its last job is.
#include <algorithm>
#include <cmath>

#include "engine/judge.h"

namespace flux_ensemble::engine {

// No event will come, so metrics stay as they are but for windows that move on, and the state stays
// as it is until a rule fires.
bool Judge::TimeCouldFire() {
  if (ended_) return false;
  const auto any = [this](TriggerType trigger, auto could) {
    const std::vector<std::uint32_t>& rules = book_.Living(trigger);
    return std::any_of(rules.begin(), rules.end(), could);
  };
  const auto will_hold = [this](std::uint32_t index) { return WillHold(book_.rule(index)); };
  const auto has_times = [this](std::uint32_t index) {
    const Timing& timing = timings_[index];
    return !(timing.no_more && timing.times.empty()) && WillHold(book_.rule(index));
  };
  return (heartbeat_ > 0 && any(TriggerType::kHeartbeat, will_hold)) ||
         any(TriggerType::kInterval, will_hold) || any(TriggerType::kCron, has_times) ||
         any(TriggerType::kMetric,
             [this](std::uint32_t index) { return MetricCouldFire(index); }) ||
         any(TriggerType::kState, [this](std::uint32_t index) { return StateCouldFire(index); });
}

Outlook Judge::OutlookOf(const Rule& rule) const {
  Outlook outlook(metrics_, now_);
  rule.ForEachMetric([&](std::uint32_t metric) { outlook.Add(metric); });
  return outlook;
}

bool Judge::WillHold(const Rule& rule) {
  if (!InState(rule)) return false;
  Outlook outlook = OutlookOf(rule);
  Facts facts = FactsOf();
  facts.outlook = &outlook;
  double value = stats::kNoValue;
  do {
    if (Holds(rule, facts, &value)) return true;
  } while (outlook.PassTo(outlook.NextChange()));
  return false;
}

// Goes from one time to the next at which the rule would be judged.
bool Judge::MetricCouldFire(std::uint32_t index) {
  const Rule& rule = book_.rule(index);
  if (!InState(rule)) return false;
  // At heartbeats it is judged without end, so it is enough that it holds.
  if (heartbeat_ > 0 && WillHold(rule)) return true;
  const auto found = timings_.find(index);
  const Timing timing = found == timings_.end() ? Timing() : found->second;
  double since = timing.since;
  bool held_back = timing.held_back;
  std::uint64_t passing = rule.passing;
  Outlook outlook = OutlookOf(rule);
  Facts facts = FactsOf();
  facts.outlook = &outlook;
  for (;;) {
    double next = outlook.NextChange();
    if (held_back) next = std::min(next, timing.ready);
    if (since + rule.hold_duration > outlook.now())
      next = std::min(next, since + rule.hold_duration);
    if (!outlook.PassTo(next)) return false;
    const double now = outlook.now();
    if (now >= timing.ready) held_back = false;
    double value = stats::kNoValue;
    if (!Holds(rule, facts, &value)) {
      since = stats::kNoValue;
      continue;
    }
    if (std::isnan(since)) since = now;
    if (now < since + rule.hold_duration) continue;
    held_back = now < timing.ready;
    if (held_back) continue;
    if (passing == 0) return true;
    --passing;
  }
}

// With `for`, it is judged once: when the state has lasted for so long.
bool Judge::StateCouldFire(std::uint32_t index) {
  const Rule& rule = book_.rule(index);
  if (rule.state != state_ || rule.hold_duration <= 0 || rule.passing > 0 || !InState(rule))
    return false;
  const Timing& timing = timings_[index];
  const double due = timing.since + rule.hold_duration;
  if (!(due > now_) || due < timing.ready) return false;
  Outlook outlook = OutlookOf(rule);
  outlook.PassTo(due);
  Facts facts = FactsOf();
  facts.outlook = &outlook;
  double value = stats::kNoValue;
  return Holds(rule, facts, &value);
}

}  // namespace flux_ensemble::engine
