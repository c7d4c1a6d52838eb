#include "engine/rule_forecast.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace flux_ensemble::engine {

bool RuleForecast::CouldFire() const {
  const auto any = [this](TriggerType trigger, auto could) {
    const std::vector<std::uint32_t>& rules = rules_.Active(trigger);
    return std::any_of(rules.begin(), rules.end(), could);
  };
  const auto will_hold = [this](std::uint32_t index) { return WillHold(rules_.rule(index)); };
  const auto cron = [this](std::uint32_t index) { return CronCouldFire(index); };
  const auto metric = [this](std::uint32_t index) { return MetricCouldFire(index); };
  const auto state = [this](std::uint32_t index) { return StateCouldFire(index); };
  return (timers_.has_heartbeats() && any(TriggerType::kHeartbeat, will_hold)) ||
         any(TriggerType::kInterval, will_hold) || any(TriggerType::kCron, cron) ||
         any(TriggerType::kMetric, metric) || any(TriggerType::kState, state);
}

Outlook RuleForecast::OutlookOf(const Rule& rule) const {
  Outlook outlook(metrics_, timers_.now());
  rule.ForEachMetric([&](std::uint32_t metric) { outlook.Add(metric); });
  return outlook;
}

bool RuleForecast::WillHold(const Rule& rule) const {
  if (!states_.IsIn(rule.in)) return false;
  Outlook outlook = OutlookOf(rule);
  const Facts facts = FactsIn(outlook);
  do {
    if (rule.Holds(facts, metrics_)) return true;
  } while (outlook.PassTo(outlook.NextChange()));
  return false;
}

bool RuleForecast::CronCouldFire(std::uint32_t index) const {
  const RuleTimers::Timing* const timing = timers_.Find(index);
  const bool has_times = timing != nullptr && !(timing->no_more && timing->times.empty());
  return has_times && WillHold(rules_.rule(index));
}

// Passes from one time at which the rule would be evaluated to the next.
bool RuleForecast::MetricCouldFire(std::uint32_t index) const {
  const Rule& rule = rules_.rule(index);
  // A run does not wait for a condition to stop holding.
  if (!states_.IsIn(rule.in) || !rules_.HasRepetitions(index)) return false;
  // Heartbeats do not end, so it is enough that the condition holds.
  if (timers_.has_heartbeats() && WillHold(rule)) return true;
  const RuleTimers::Timing* const found = timers_.Find(index);
  const RuleTimers::Timing timing = found == nullptr ? RuleTimers::Timing() : *found;
  double since = timing.since;
  bool held_back = timing.held_back;
  std::uint64_t backoff_left = rules_.state(index).backoff_left;
  Outlook outlook = OutlookOf(rule);
  const Facts facts = FactsIn(outlook);
  for (;;) {
    double next = outlook.NextChange();
    if (held_back) next = std::min(next, timing.ready);
    const double held = since + rule.hold_duration;
    if (held > outlook.now()) next = std::min(next, held);
    if (!outlook.PassTo(next)) return false;
    const double now = outlook.now();
    if (now >= timing.ready) held_back = false;
    if (!rule.Holds(facts, metrics_)) {
      since = stats::kNoValue;
      continue;
    }
    if (std::isnan(since)) since = now;
    if (now < since + rule.hold_duration) continue;
    held_back = now < timing.ready;
    if (held_back) continue;
    if (backoff_left == 0) return true;
    --backoff_left;
  }
}

// A rule with `for` is evaluated once: when the state has lasted for that time.
bool RuleForecast::StateCouldFire(std::uint32_t index) const {
  const Rule& rule = rules_.rule(index);
  if (rule.state != states_.current() || rule.hold_duration <= 0 ||
      rules_.state(index).backoff_left > 0 || !states_.IsIn(rule.in)) {
    return false;
  }
  const RuleTimers::Timing* const timing = timers_.Find(index);
  if (timing == nullptr) return false;
  const double due = timing->since + rule.hold_duration;
  if (!(due > timers_.now()) || due < timing->ready) return false;
  Outlook outlook = OutlookOf(rule);
  outlook.PassTo(due);
  return rule.Holds(FactsIn(outlook), metrics_);
}

}  // namespace flux_ensemble::engine
