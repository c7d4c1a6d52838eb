#include "engine/rule_timers.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace flux_ensemble::engine {

namespace {

// Moments of virtual time that are replayed of one source after a long gap.
constexpr double kMaxAtOnce = 100'000;
// The last number that doubles count by ones.
constexpr double kLastCount = 0x1p52;

// After a gap in virtual time, cron times are replayed for at most this many seconds (100 days).
constexpr double kMaxCatchUp = 8'640'000;

// Cron times left when more are requested.
constexpr std::size_t kFewTimes = 16;

// Moments at regular distances from `begin` on that have come by `now`.
double Passed(double begin, double distance, double now) {
  return std::min(std::floor((now - begin) / distance), kLastCount);
}

bool HasTiming(const Rule& rule) {
  return rule.hold_duration > 0 || rule.cooldown > 0 || rule.trigger == TriggerType::kInterval ||
         rule.trigger == TriggerType::kCron;
}

}  // namespace

RuleTimers::RuleTimers(const Plan& plan, RuleIndex& rules, MetricTable& metrics)
    : rules_(rules),
      metrics_(metrics),
      virtual_time_(plan.virtual_time),
      heartbeat_(plan.heartbeat) {
  for (std::uint32_t group = 0; group < plan.stalled.size(); ++group) {
    if (plan.stalled[group] > 0) stall_watches_.try_emplace(group, plan.stalled[group]);
  }
}

void RuleTimers::Add(std::uint32_t index) {
  const Rule& rule = rules_.rule(index);
  if (HasTiming(rule)) timings_.try_emplace(index);
  if (rule.trigger == TriggerType::kMetric) {
    rule.ForEachMetric([this, index](std::uint32_t metric) {
      if (!metrics_.ChangesByTime(metric)) return;
      const auto [found, added] = windows_.try_emplace(metric);
      Window& window = found->second;
      window.metric = metric;
      if (added) group_windows_[metrics_.metric(metric).group].push_back(metric);
      if (window.rules.empty() || window.rules.back() != index) window.rules.push_back(index);
      Expect(window);
    });
  }
  if (begun_) Begin(index);
}

void RuleTimers::Start(double now) {
  begun_ = true;
  Reach(now);
  begun_at_ = now;
  metrics_.Begin(now);
  for (auto& [metric, window] : windows_) Expect(window);
  for (std::uint32_t index = 0; index < rules_.size(); ++index) Begin(index);
}

void RuleTimers::Begin(std::uint32_t index) {
  if (!rules_.IsActive(index)) return;
  const TriggerType trigger = rules_.rule(index).trigger;
  if (trigger == TriggerType::kInterval) NextInterval(index);
  if (trigger == TriggerType::kCron) NextCron(index);
}

// Whether all rules, metrics and groups that are named exist.
bool RuleTimers::HasOnlyKnown() const {
  const auto is_rule = [this](std::uint32_t index) { return rules_.Has(index); };
  const auto is_known = [&](const Timer& timer) {
    switch (timer.kind) {
      case Timer::Kind::kRule:
        return is_rule(timer.index);
      case Timer::Kind::kMetric:
        return windows_.contains(timer.index);
      case Timer::Kind::kStall:
        return stall_watches_.contains(timer.index);
    }
    return false;
  };
  const auto is_of_rules = [&](const auto& entry) {
    return metrics_.Has(entry.second.metric) && std::ranges::all_of(entry.second.rules, is_rule);
  };
  const auto has_windows = [&](const auto& entry) {
    return std::ranges::all_of(entry.second,
                               [this](std::uint32_t metric) { return windows_.contains(metric); });
  };
  return queue_.All(is_known) && std::ranges::all_of(windows_, is_of_rules) &&
         std::ranges::all_of(group_windows_, has_windows);
}

void RuleTimers::Reach(double now) {
  now_ = std::max(now_, now);
  metrics_.Pass(now_);
}

double RuleTimers::NextHeartbeat() const {
  if (!virtual_time_ || !begun_ || heartbeat_ <= 0 || heartbeats_ >= kLastCount) return kNever;
  return begun_at_ + (heartbeats_ + 1) * heartbeat_;
}

double RuleTimers::next() const {
  return std::min(queue_.next(), NextHeartbeat());
}

void RuleTimers::SetTarget(double until) {
  target_ = std::max(target_, until);
}

// After a very long gap, or an infinite timestamp, only the last kMaxAtOnce are replayed.
void RuleTimers::SkipHeartbeats() {
  if (NextHeartbeat() == kNever) return;
  heartbeats_ = std::max(heartbeats_, Passed(begun_at_, heartbeat_, target_) - kMaxAtOnce);
}

RuleTimers::Moment RuleTimers::Take() {
  Moment moment;
  moment.time = next();
  Reach(moment.time);
  if (queue_.next() > moment.time) {
    ++heartbeats_;
    moment.is_heartbeat = true;
    return moment;
  }
  std::vector<Due>& due = moment.due;
  while (queue_.next() <= moment.time) Gather(queue_.Take(), due);
  const auto is_metric = [this](const Due& one) {
    return rules_.rule(one.rule).trigger == TriggerType::kMetric;
  };
  std::stable_sort(due.begin(), due.end(), [&](const Due& a, const Due& b) {
    return is_metric(a) != is_metric(b) ? is_metric(a) : a.rule < b.rule;
  });
  const auto same = [](const Due& a, const Due& b) {
    return a.rule == b.rule && !a.stall && !b.stall;
  };
  due.erase(std::unique(due.begin(), due.end(), same), due.end());
  return moment;
}

void RuleTimers::Gather(const Timer& timer, std::vector<Due>& due) {
  switch (timer.kind) {
    case Timer::Kind::kRule:
      return GatherRule(timer.index, due);
    case Timer::Kind::kMetric: {
      Window& window = windows_[timer.index];
      window.expected = false;
      Expect(window);
      for (const std::uint32_t rule : window.rules) due.push_back({rule, {}, kNoGroup});
      return;
    }
    case Timer::Kind::kStall: {
      const std::uint32_t group = timer.index;
      StallWatch& watch = stall_watches_.at(group);
      ChangeMask changed;
      changed.Add(Change::kStalled);
      while (const std::optional<StallDetector::Stall> stall = watch.detector.Take(now_)) {
        for (const std::uint32_t rule : rules_.RulesOn(group, changed)) {
          due.push_back({rule, stall, group});
        }
      }
      watch.expected = false;
      Expect(watch, group);
      return;
    }
  }
}

void RuleTimers::GatherRule(std::uint32_t index, std::vector<Due>& due) {
  const Rule& rule = rules_.rule(index);
  if (!rules_.IsActive(index)) return;
  if (rule.trigger == TriggerType::kInterval) NextInterval(index);
  if (rule.trigger == TriggerType::kMetric && rule.cooldown > 0) {
    Timing& timing = timings_[index];
    if (now_ >= timing.ready) timing.held_back = false;
  }
  if (rule.trigger == TriggerType::kCron) {
    // The times may have been replaced after this timer was set.
    Timing& timing = timings_[index];
    if (timing.times.empty() || timing.times.front() > now_) return;
    ++timing.count;
    NextCron(index);
  }
  due.push_back({index, {}, kNoGroup});
}

// Times are multiples of the interval, so that rounding errors do not add up.
void RuleTimers::NextInterval(std::uint32_t index) {
  const double interval = rules_.rule(index).interval;
  Timing& timing = timings_[index];
  if (std::isnan(timing.since)) timing.since = now_;
  ++timing.count;
  // In real time, missed intervals are skipped. In virtual time they are replayed, after a very
  // long gap only the last kMaxAtOnce.
  const double passed = Passed(timing.since, interval, std::max(target_, now_));
  timing.count = std::max(timing.count, virtual_time_ ? passed - kMaxAtOnce : passed + 1);
  const double next = timing.since + timing.count * interval;
  if (timing.count < kLastCount && next > now_) {
    queue_.Add(next, Timer::Kind::kRule, index);
  }
}

void RuleTimers::NextCron(std::uint32_t index) {
  Timing& timing = timings_[index];
  while (!timing.times.empty() && timing.times.front() <= now_) timing.times.pop_front();
  if (timing.times.size() < (virtual_time_ ? 1 : kFewTimes) && !timing.requested &&
      !timing.no_more && ask_times_) {
    timing.requested = true;
    // After a very long gap only the last part is replayed.
    const double now = virtual_time_ ? std::max(now_, target_ - kMaxCatchUp) : now_;
    const double after = timing.times.empty() ? now : timing.times.back();
    if (const auto times = ask_times_(index, after)) return Supply(index, *times);
  }
  if (!timing.times.empty()) {
    queue_.Add(timing.times.front(), Timer::Kind::kRule, index);
  }
}

void RuleTimers::RenewCron() {
  const std::vector<std::uint32_t> rules = rules_.Active(TriggerType::kCron);
  for (const std::uint32_t index : rules) {
    Timing& timing = timings_[index];
    timing.times.clear();
    timing.no_more = false;
    timing.outdated = timing.requested;
    if (begun_) NextCron(index);
  }
}

void RuleTimers::Supply(std::uint32_t rule, const std::vector<double>& times) {
  const auto found = timings_.find(rule);
  if (found == timings_.end()) return;
  Timing& timing = found->second;
  timing.requested = false;
  if (std::exchange(timing.outdated, false)) return NextCron(rule);
  timing.no_more = times.empty();
  const bool waiting = timing.times.empty();
  double last = waiting ? now_ : timing.times.back();
  for (const double time : times) {
    if (!(time > last) || time == kNever) continue;
    timing.times.push_back(time);
    last = time;
  }
  if (waiting && !timing.times.empty()) {
    queue_.Add(timing.times.front(), Timer::Kind::kRule, rule);
  }
}

// Stall detectors and windows need every event, also those that make no rule due.
void RuleTimers::Listen(const Job& job, const journal::Event& event, ChangeMask changed,
                        bool active) {
  const auto watch = stall_watches_.find(job.group);
  if (watch != stall_watches_.end()) {
    if (active) {
      watch->second.detector.OnEvent(job.id, event.kind, now_);
    } else {
      watch->second.detector.Forget(job.id);
    }
    Expect(watch->second, job.group);
  }
  OnChanged(job.group, changed);
}

void RuleTimers::OnChanged(std::uint32_t group, ChangeMask changed) {
  OnMetrics(group, [&](std::uint32_t metric) {
    return changed.Meets(ChangesOf(metrics_.metric(metric)));
  });
}

void RuleTimers::OnLost(const Job& job) {
  const auto watch = stall_watches_.find(job.group);
  if (watch != stall_watches_.end()) watch->second.detector.Forget(job.id);
}

void RuleTimers::Expect(Window& window) {
  if (window.expected) return;
  const double next = metrics_.NextChange(window.metric);
  // A change at this time is being evaluated already, so the timer is for a later one.
  window.expected = next > now_ && next < kNever;
  if (window.expected) queue_.Add(next, Timer::Kind::kMetric, window.metric);
}

void RuleTimers::Expect(StallWatch& watch, std::uint32_t group) {
  if (watch.expected) return;
  const double next = watch.detector.next();
  watch.expected = next < kNever;
  queue_.Add(next, Timer::Kind::kStall, group);
}

bool RuleTimers::HasHeld(std::uint32_t index, bool holds) {
  Timing& timing = timings_[index];
  const double hold_duration = rules_.rule(index).hold_duration;
  if (!holds) {
    if (now_ < timing.since + hold_duration) ++rules_.state(index).too_short;
    timing.since = stats::kNoValue;
    return false;
  }
  if (std::isnan(timing.since)) {
    timing.since = now_;
    queue_.Add(now_ + hold_duration, Timer::Kind::kRule, index);
  }
  return now_ >= timing.since + hold_duration;
}

void RuleTimers::OnStateEntered(std::uint32_t index) {
  timings_[index].since = now_;
  queue_.Add(now_ + rules_.rule(index).hold_duration, Timer::Kind::kRule, index);
}

bool RuleTimers::HasStateLasted(std::uint32_t index) const {
  const Timing* const timing = Find(index);
  return timing != nullptr && now_ >= timing->since + rules_.rule(index).hold_duration;
}

bool RuleTimers::IsCoolingDown(std::uint32_t index) {
  const Rule& rule = rules_.rule(index);
  if (rule.cooldown <= 0) return false;
  Timing& timing = timings_[index];
  if (now_ >= timing.ready) {
    timing.held_back = false;
    return false;
  }
  ++rules_.state(index).in_cooldown;
  // Metrics can be evaluated again later. An event is over.
  if (rule.trigger == TriggerType::kMetric && !timing.held_back) {
    timing.held_back = true;
    queue_.Add(timing.ready, Timer::Kind::kRule, index);
  }
  return true;
}

void RuleTimers::StartCooldown(std::uint32_t index) {
  const double cooldown = rules_.rule(index).cooldown;
  if (cooldown > 0) timings_[index].ready = now_ + cooldown;
}

std::uint64_t RuleTimers::TimesCome(std::uint32_t index) const {
  const Rule& rule = rules_.rule(index);
  const Timing* const timing = Find(index);
  if (timing == nullptr) return 0;
  if (rule.trigger == TriggerType::kCron) return static_cast<std::uint64_t>(timing->count);
  if (rule.trigger != TriggerType::kInterval || std::isnan(timing->since)) return 0;
  return static_cast<std::uint64_t>(std::min((now_ - timing->since) / rule.interval, kLastCount));
}

bool RuleTimers::IsPending(std::uint32_t index) const {
  const double hold_duration = rules_.rule(index).hold_duration;
  const Timing* const timing = Find(index);
  return hold_duration > 0 && timing != nullptr && now_ < timing->since + hold_duration;
}

double RuleTimers::NextOf(std::uint32_t index) const {
  const Rule& rule = rules_.rule(index);
  const Timing* const timing = Find(index);
  if (timing == nullptr || !rules_.IsActive(index)) return stats::kNoValue;
  if (rule.trigger == TriggerType::kInterval) return timing->since + timing->count * rule.interval;
  if (rule.trigger == TriggerType::kCron) {
    return timing->times.empty() ? stats::kNoValue : timing->times.front();
  }
  if (IsPending(index)) return timing->since + rule.hold_duration;
  return timing->held_back && now_ < timing->ready ? timing->ready : stats::kNoValue;
}

const RuleTimers::Timing* RuleTimers::Find(std::uint32_t index) const {
  const auto found = timings_.find(index);
  return found == timings_.end() ? nullptr : &found->second;
}

}  // namespace flux_ensemble::engine
