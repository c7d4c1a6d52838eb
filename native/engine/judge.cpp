#include "engine/judge.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace flux_ensemble::engine {

namespace {

constexpr std::uint64_t Bit(std::uint32_t state) {
  return std::uint64_t{1} << state;
}

// The event that has ended a job, as the job remembers it.
struct Finish {
  Finish(std::uint16_t status, double time)
      : context(R"({"status":)" + std::to_string(status) + "}") {
    event.timestamp = time;
    event.kind = journal::EventKind::kFinish;
    event.name = journal::NameOf(event.kind);
    event.status = status;
    event.context = context;
  }

  std::string context;
  journal::Event event;
};

bool HasTiming(const Rule& rule) {
  return rule.hold_duration > 0 || rule.cooldown > 0 || rule.trigger == TriggerType::kInterval ||
         rule.trigger == TriggerType::kCron;
}

}  // namespace

Judge::Judge(Plan& plan, MetricTable& metrics, const JobTable& jobs, const JobDetailsTable& details,
             TakeSnapshot take_snapshot)
    : metrics_(metrics),
      jobs_(jobs),
      details_(details),
      take_snapshot_(std::move(take_snapshot)),
      virtual_time_(plan.virtual_time),
      heartbeat_(plan.heartbeat),
      states_(std::move(plan.states)),
      state_(states_.empty() ? kNoState : 0) {
  visits_.resize(states_.size());
  for (std::uint32_t group = 0; group < plan.stalled.size(); ++group) {
    if (plan.stalled[group] > 0) stall_watches_.try_emplace(group, plan.stalled[group]);
  }
  for (Rule& rule : plan.rules) AddRule(std::move(rule));
}

void Judge::Reach(double now) {
  now_ = std::max(now_, now);
  metrics_.Pass(now_);
}

std::uint32_t Judge::AddRule(Rule rule) {
  if (rule.trigger == TriggerType::kMetric) Watch(rule);
  const std::uint32_t index = book_.Add(std::move(rule));
  Prepare(index);
  book_.tally(index).came_before = TimesCome(index);
  if (begun_) Begin(index);
  return index;
}

// Whatever changes a metric that its condition names makes a metric rule due.
void Judge::Watch(Rule& rule) {
  rule.ForEachMetric([&](std::uint32_t index) {
    const Metric& metric = metrics_.metric(index);
    const engine::Watch watch{metric.group, ChangeOf(metric)};
    if (rule.change == Change::kNone) {
      rule.group = watch.group;
      rule.change = watch.change;
    } else if (watch != engine::Watch{rule.group, rule.change} &&
               std::find(rule.also.begin(), rule.also.end(), watch) == rule.also.end()) {
      rule.also.push_back(watch);
    }
  });
}

// What has to be known of a rule besides what the book knows.
void Judge::Prepare(std::uint32_t index) {
  const Rule& rule = book_.rule(index);
  if (HasTiming(rule)) timings_.try_emplace(index);
  if (rule.trigger != TriggerType::kMetric) return;
  if (rule.in != 0 || (rule.program && rule.program->names_state())) aware_.push_back(index);
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

// What a rule does from the beginning of the run on or, if that is later, from when it was added.
void Judge::Begin(std::uint32_t index) {
  const Rule& rule = book_.rule(index);
  if (rule.repetitions == 0) return;
  if (rule.trigger == TriggerType::kInterval) NextInterval(index);
  if (rule.trigger == TriggerType::kCron) NextCron(index);
}

void Judge::Start(double now) {
  begun_ = true;
  Reach(now);
  begun_at_ = now;
  metrics_.Begin(now);
  for (auto& [metric, window] : windows_) Expect(window);
  moment_ = now;
  for (std::uint32_t index = 0; index < book_.size(); ++index) Begin(index);
  const std::vector<std::uint32_t> rules = book_.Living(TriggerType::kStart);
  for (const std::uint32_t index : rules) {
    if (InState(book_.rule(index))) Occasion(index, NewFiring());
  }
  if (state_ != kNoState) {
    ++visits_[state_];
    JudgeState();
  }
  Settle();
}

void Judge::JudgeEvent(const Job& job, const journal::Event& event, ChangeMask changed) {
  moment_ = event.timestamp;
  Facts facts = FactsOf(&event);
  facts.details = &details_;
  facts.job = job.id;
  std::optional<Finish> finish;
  for (const std::uint32_t index : book_.RulesOn(job.group, changed)) {
    const Rule& rule = book_.rule(index);
    // What ends the run must not keep the job from being measured.
    if (ended_ && !rule.probing) continue;
    // A result that is known at last is still that of the job's finish.
    const bool late = event.kind == journal::EventKind::kClean && job.has_finish;
    if (late && IsOutcome(rule.change) && !finish) finish.emplace(job.status, event.timestamp);
    facts.event = late && IsOutcome(rule.change) ? &finish->event : &event;
    double value = stats::kNoValue;
    if (!IsDue(index, facts, &value)) continue;
    Firing firing = NewFiring(job.group);
    firing.job = job.id;
    firing.value = value;
    firing.event = facts.event->name;
    if (rule.wants_event) {
      firing.context = facts.event->context;
      DescribeJob(firing);
    }
    Occasion(index, std::move(firing));
  }
  Settle();
}

void Judge::DescribeJob(Firing& firing) const {
  const JobDetails* const details = details_.Find(*firing.job);
  if (details == nullptr) return;
  firing.parameters = details->parameters;
  firing.entry = details->entry;
  firing.origin = details->origin;
}

void Judge::OnProbed(std::uint32_t group, std::uint32_t first, std::size_t count, double time) {
  metrics_.Pass(time);
  const auto is_measured = [&](std::uint32_t index) {
    const Metric& metric = metrics_.metric(index);
    return metric.group == group && metric.probe >= first && metric.probe - first < count;
  };
  ExpectWindows(group, is_measured);
  if (ended_) return;
  moment_ = time;
  ChangeMask changed;
  changed.Add(Change::kProbeStreams);
  const std::vector<std::uint32_t> rules = book_.RulesOn(group, changed);
  const Facts facts = FactsOf();
  for (const std::uint32_t index : rules) {
    bool concerned = false;
    book_.rule(index).ForEachMetric(
        [&](std::uint32_t metric) { concerned |= is_measured(metric); });
    if (concerned) JudgeMetric(index, facts);
  }
  Settle();
}

// For stall detectors and windows, which need every event, also where no rule waits for it.
void Judge::Listen(const Job& job, const journal::Event& event, ChangeMask changed, bool active) {
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

void Judge::OnChanged(std::uint32_t group, ChangeMask changed) {
  ExpectWindows(
      group, [&](std::uint32_t metric) { return changed.Has(ChangeOf(metrics_.metric(metric))); });
}

void Judge::OnSettled(const Job& job, ChangeMask changed, double time) {
  OnChanged(job.group, changed);
  if (ended_ || !book_.HasRuleOn(job.group, changed)) return;
  const Finish finish(job.status, time);
  JudgeEvent(job, finish.event, changed);
}

void Judge::OnLost(const Job& job) {
  const auto watch = stall_watches_.find(job.group);
  if (watch != stall_watches_.end()) watch->second.detector.Forget(job.id);
}

Firing Judge::NewFiring(std::uint32_t group) const {
  Firing firing;
  firing.timestamp = moment_;
  firing.group = group;
  return firing;
}

bool Judge::InState(const Rule& rule) const {
  return rule.in == 0 || (state_ != kNoState && (rule.in & Bit(state_)) != 0);
}

bool Judge::IsJudged(std::uint32_t index) {
  if (InState(book_.rule(index))) return true;
  ++book_.tally(index).in_other_state;
  return false;
}

std::string_view Judge::state() const {
  return state_ == kNoState ? std::string_view() : std::string_view(states_[state_]);
}

Facts Judge::FactsOf(const journal::Event* event, const PendingViews* views) const {
  return {.state = state(), .event = event, .views = views};
}

bool Judge::Holds(const Rule& rule, const Facts& facts, double* value) const {
  if (!rule.program) return true;
  const bool has_value = rule.trigger == TriggerType::kMetric;
  return rule.program->Holds(facts, metrics_, has_value ? value : nullptr);
}

bool Judge::IsDue(std::uint32_t index, const Facts& facts, double* value) {
  const Rule& rule = book_.rule(index);
  const bool holds = IsJudged(index) && Holds(rule, facts, value);
  return rule.hold_duration > 0 ? HasLasted(index, holds) : holds;
}

bool Judge::HasLasted(std::uint32_t index, bool holds) {
  Timing& timing = timings_[index];
  const double hold_duration = book_.rule(index).hold_duration;
  if (!holds) {
    if (now_ < timing.since + hold_duration) ++book_.tally(index).too_short;
    timing.since = stats::kNoValue;
    return false;
  }
  if (std::isnan(timing.since)) {
    timing.since = now_;
    timers_.Add(now_ + hold_duration, Timer::Kind::kRule, index);
  }
  return now_ >= timing.since + hold_duration;
}

void Judge::JudgeMetric(std::uint32_t index, const Facts& facts) {
  double value = stats::kNoValue;
  if (!IsDue(index, facts, &value)) return;
  Firing firing = NewFiring(book_.rule(index).group);
  firing.value = value;
  Occasion(index, std::move(firing));
}

void Judge::Occasion(std::uint32_t index, Firing firing) {
  const Rule& rule = book_.rule(index);
  if (ended_ && !rule.probing) return;
  if (rule.cooldown > 0) {
    Timing& timing = timings_[index];
    if (now_ < timing.ready) {
      ++book_.tally(index).in_cooldown;
      // What is judged by its metrics can be judged again; an event has passed.
      if (rule.trigger == TriggerType::kMetric && !timing.held_back) {
        timing.held_back = true;
        timers_.Add(timing.ready, Timer::Kind::kRule, index);
      }
      return;
    }
    timing.held_back = false;
  }
  if (!book_.Take(index)) return;
  if (rule.repetitions == 0) book_.tally(index).came_by_last = TimesCome(index);
  if (rule.cooldown > 0) timings_[index].ready = now_ + rule.cooldown;
  firing.number = fired_++;
  if (rule.probing) ++probing_;
  firing.rule = index;
  firing.state = state_;
  if (rule.go_to != kNoState && next_state_ == kNoState && rule.go_to != state_ &&
      (entered_ & Bit(rule.go_to)) == 0) {
    next_state_ = rule.go_to;
    firing.go_to = rule.go_to;
  }
  if (rule.wants_event) firing.snapshot = take_snapshot_();
  firings_.push_back(std::move(firing));
  if (rule.terminal) ended_ = true;
}

void Judge::GoTo(std::uint32_t state) {
  if (ended_ || state >= states_.size() || state == state_) return;
  next_state_ = state;
  moment_ = now_;
  Settle();
}

// At one moment no state is entered twice, so rules that lead in a circle come to an end.
void Judge::Settle() {
  while (next_state_ != kNoState && !ended_) Enter(std::exchange(next_state_, kNoState));
  entered_ = 0;
}

void Judge::Enter(std::uint32_t state) {
  const std::uint32_t before = std::exchange(state_, state);
  entered_ |= Bit(state);
  ++visits_[state];
  const Facts facts = FactsOf();
  for (const std::uint32_t index : aware_) {
    const Rule& rule = book_.rule(index);
    if (rule.repetitions == 0) continue;
    const bool was_in = rule.in == 0 || (rule.in & Bit(before)) != 0;
    if (!InState(rule)) {
      if (was_in && rule.hold_duration > 0) HasLasted(index, false);
    } else if (!was_in || (rule.program && rule.program->names_state())) {
      JudgeMetric(index, facts);
    }
  }
  JudgeState();
}

// The rules of the state that the ensemble has just entered.
void Judge::JudgeState() {
  const std::vector<std::uint32_t> rules = book_.Living(TriggerType::kState);
  for (const std::uint32_t index : rules) {
    const Rule& rule = book_.rule(index);
    if (rule.state != state_) continue;
    double value = stats::kNoValue;
    if (rule.hold_duration > 0) {
      timings_[index].since = now_;
      timers_.Add(now_ + rule.hold_duration, Timer::Kind::kRule, index);
    } else if (IsJudged(index) && Holds(rule, FactsOf(), &value)) {
      Occasion(index, NewFiring());
    }
  }
}

// The pending-time statistics of every group that a living rule asks for, with the ages of the jobs
// that have not started yet added to a copy of what was recorded.
PendingViews Judge::ViewPending(double now) {
  PendingViews views;
  const auto add = [&](std::uint32_t metric) { metrics_.AddView(metric, views); };
  for (const std::uint32_t index : book_.Living(TriggerType::kMetric)) {
    book_.rule(index).ForEachMetric(add);
  }
  for (const std::uint32_t index : book_.Living(TriggerType::kHeartbeat)) {
    book_.rule(index).ForEachMetric(add);
  }
  if (views.empty()) return views;
  jobs_.ForEach([&](const Job& job) {
    if (job.has_start || !job.has_submit || job.state >= JobState::kCleanup) return;
    const auto view = views.find(job.group);
    if (view != views.end() && now >= job.since) view->second.Observe(now - job.since);
  });
  return views;
}

void Judge::Heartbeat(double now) {
  Reach(now);
  moment_ = now;
  ++heartbeats_;
  if (ended_) return;
  const PendingViews views = ViewPending(now);
  const Facts facts = FactsOf(nullptr, &views);
  const std::vector<std::uint32_t> metric_rules = book_.Living(TriggerType::kMetric);
  for (const std::uint32_t index : metric_rules) {
    double value = stats::kNoValue;
    if (!IsDue(index, facts, &value)) continue;
    Firing firing = NewFiring(book_.rule(index).group);
    firing.value = value;
    Occasion(index, std::move(firing));
  }
  const std::vector<std::uint32_t> heartbeat_rules = book_.Living(TriggerType::kHeartbeat);
  for (const std::uint32_t index : heartbeat_rules) {
    double value = stats::kNoValue;
    if (IsDue(index, facts, &value)) Occasion(index, NewFiring());
  }
  Settle();
}

}  // namespace flux_ensemble::engine
