// Rules that time alone makes due: beats, intervals, cron times, windows that move on, stalls,
// and the ends of `for` and of cooldowns.
#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/judge.h"

namespace flux_ensemble::engine {

namespace {

// Moments of virtual time that one event may bring from one source, and the last that can be
// counted by ones.
constexpr double kMaxAtOnce = 100'000;
constexpr double kLastCount = 0x1p52;

// After a gap in virtual time, cron times are replayed for so many seconds: a hundred days.
constexpr double kMaxCatchUp = 8'640'000;

// Infinite times are clamped to it, so that time can pass to them.
constexpr double kLastTime = std::numeric_limits<double>::max();

// Cron times left when more are asked for.
constexpr std::size_t kFewTimes = 16;

// Moments at regular distances from `begin` on that have come by `now`.
double Passed(double begin, double distance, double now) {
  return std::min(std::floor((now - begin) / distance), kLastCount);
}

}  // namespace

double Judge::NextBeat() const {
  if (!virtual_time_ || !begun_ || heartbeat_ <= 0 || beats_ >= kLastCount) return kNever;
  return begun_at_ + (beats_ + 1) * heartbeat_;
}

// After a very long gap, or an infinite timestamp, only the last kMaxAtOnce beats are replayed.
void Judge::SkipBeats() {
  if (NextBeat() == kNever) return;
  beats_ = std::max(beats_, Passed(begun_at_, heartbeat_, target_) - kMaxAtOnce);
}

double Judge::next() const {
  return ended_ ? kNever : std::min(timers_.next(), NextBeat());
}

bool Judge::PassTo(double now) {
  now = std::min(now, kLastTime);
  target_ = std::max(target_, now);
  SkipBeats();
  const bool any = next() <= now;
  while (next() <= now) HappenNext();
  Reach(now);
  return any;
}

double Judge::Advance(double until) {
  until = std::min(until, kLastTime);
  if (!begun_) return until;
  const std::uint64_t fired = fired_;
  for (double moments = 0; moments < kMaxAtOnce && next() <= until; ++moments) {
    const double now = next();
    target_ = std::max(target_, now);
    HappenNext();
    if (fired_ != fired) return now;
  }
  Reach(std::min(until, next()));
  return now_;
}

// Everything of one time is judged in one state, as with an event.
void Judge::HappenNext() {
  const double now = next();
  Reach(now);
  moment_ = now;
  if (timers_.next() > now) {
    ++beats_;
    return Heartbeat(now);
  }
  std::vector<Due> due;
  while (timers_.next() <= now) Gather(timers_.Take(), due);
  const auto is_metric = [this](const Due& one) {
    return book_.rule(one.rule).trigger == TriggerType::kMetric;
  };
  std::stable_sort(due.begin(), due.end(), [&](const Due& a, const Due& b) {
    return is_metric(a) != is_metric(b) ? is_metric(a) : a.rule < b.rule;
  });
  const auto same = [](const Due& a, const Due& b) {
    return a.rule == b.rule && !a.stall && !b.stall;
  };
  due.erase(std::unique(due.begin(), due.end(), same), due.end());
  for (const Due& one : due) JudgeDue(one);
  Settle();
}

void Judge::Gather(const Timer& timer, std::vector<Due>& due) {
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
        for (const std::uint32_t rule : book_.RulesOn(group, changed)) {
          due.push_back({rule, stall, group});
        }
      }
      watch.expected = false;
      Expect(watch, group);
      return;
    }
  }
}

void Judge::GatherRule(std::uint32_t index, std::vector<Due>& due) {
  const Rule& rule = book_.rule(index);
  if (rule.repetitions == 0) return;
  if (rule.trigger == TriggerType::kInterval) NextInterval(index);
  if (rule.trigger == TriggerType::kMetric && rule.cooldown > 0) {
    Timing& timing = timings_[index];
    if (now_ >= timing.ready) timing.held_back = false;
  }
  if (rule.trigger == TriggerType::kCron) {
    // Its times may be others since.
    Timing& timing = timings_[index];
    if (timing.times.empty() || timing.times.front() > now_) return;
    ++timing.count;
    NextCron(index);
  }
  if (rule.trigger == TriggerType::kState) {
    // It may have been left, and entered anew, since.
    const Timing& timing = timings_[index];
    if (rule.state != state_ || now_ < timing.since + rule.hold_duration) return;
  }
  due.push_back({index, {}, kNoGroup});
}

void Judge::JudgeDue(const Due& due) {
  const Rule& rule = book_.rule(due.rule);
  if (rule.trigger == TriggerType::kMetric) return JudgeMetric(due.rule, FactsOf());
  Firing firing = NewFiring(due.group);
  journal::Event last;
  Facts facts = FactsOf();
  if (due.stall) {
    // What it was is known; what it told is not any more.
    last.timestamp = due.stall->since;
    last.name = journal::NameOf(due.stall->last);
    facts.event = &last;
    facts.details = &details_;
    facts.job = due.stall->job;
    firing.job = due.stall->job;
    firing.event = last.name;
    if (rule.wants_event) DescribeJob(firing);
  }
  double value = stats::kNoValue;
  if (IsJudged(due.rule) && Holds(rule, facts, &value)) Occasion(due.rule, std::move(firing));
}

// From the beginning of the run on, or from when the rule was added: a number of intervals, so that
// nothing adds up.
void Judge::NextInterval(std::uint32_t index) {
  const double interval = book_.rule(index).interval;
  Timing& timing = timings_[index];
  if (std::isnan(timing.since)) timing.since = now_;
  ++timing.count;
  // In real time, missed intervals are skipped. In virtual time they are replayed, after a very
  // long gap only the last kMaxAtOnce.
  const double passed = Passed(timing.since, interval, std::max(target_, now_));
  timing.count = std::max(timing.count, virtual_time_ ? passed - kMaxAtOnce : passed + 1);
  const double next = timing.since + timing.count * interval;
  if (timing.count < kLastCount && next > now_) {
    timers_.Add(next, Timer::Kind::kRule, index);
  }
}

void Judge::NextCron(std::uint32_t index) {
  Timing& timing = timings_[index];
  while (!timing.times.empty() && timing.times.front() <= now_) timing.times.pop_front();
  if (timing.times.size() < (virtual_time_ ? 1 : kFewTimes) && !timing.asked && !timing.no_more &&
      ask_times_) {
    timing.asked = true;
    // After a very long gap only the last part is replayed.
    const double now = virtual_time_ ? std::max(now_, target_ - kMaxCatchUp) : now_;
    const double after = timing.times.empty() ? now : timing.times.back();
    if (const auto times = ask_times_(index, after)) return Supply(index, *times);
  }
  if (!timing.times.empty()) {
    timers_.Add(timing.times.front(), Timer::Kind::kRule, index);
  }
}

void Judge::RenewCron() {
  const std::vector<std::uint32_t> rules = book_.Living(TriggerType::kCron);
  for (const std::uint32_t index : rules) {
    Timing& timing = timings_[index];
    timing.times.clear();
    timing.no_more = false;
    timing.outdated = timing.asked;
    if (begun_) NextCron(index);
  }
}

void Judge::Supply(std::uint32_t rule, const std::vector<double>& times) {
  const auto found = timings_.find(rule);
  if (found == timings_.end()) return;
  Timing& timing = found->second;
  timing.asked = false;
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
    timers_.Add(timing.times.front(), Timer::Kind::kRule, rule);
  }
}

void Judge::Expect(Window& window) {
  if (window.expected) return;
  const double next = metrics_.NextChange(window.metric);
  // What changes now is being judged; only a later time can be waited for.
  window.expected = next > now_ && next < kNever;
  if (window.expected) timers_.Add(next, Timer::Kind::kMetric, window.metric);
}

void Judge::Expect(StallWatch& watch, std::uint32_t group) {
  if (watch.expected) return;
  const double next = watch.detector.next();
  watch.expected = next < kNever;
  timers_.Add(next, Timer::Kind::kStall, group);
}

}  // namespace flux_ensemble::engine
