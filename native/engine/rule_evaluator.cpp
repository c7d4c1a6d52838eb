#include "engine/rule_evaluator.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "engine/rule_forecast.h"

namespace flux_ensemble::engine {

namespace {

// Moments of virtual time that Advance() passes at most.
constexpr double kMaxMoments = 100'000;

// Infinite times are clamped to it, so that time can pass to them.
constexpr double kLastTime = std::numeric_limits<double>::max();

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

}  // namespace

RuleEvaluator::RuleEvaluator(Plan& plan, MetricTable& metrics, const JobTable& jobs,
                             const JobDetailsTable& details, TakeSnapshot take_snapshot)
    : metrics_(metrics),
      jobs_(jobs),
      details_(details),
      take_snapshot_(std::move(take_snapshot)),
      timers_(plan, rules_, metrics),
      states_(std::move(plan.states)) {
  for (Rule& rule : plan.rules) AddRule(std::move(rule));
}

std::uint32_t RuleEvaluator::AddRule(Rule rule) {
  if (rule.split != kNoSplit) return rules_.Add(std::move(rule), {});
  std::vector<Watch> watches = WatchesOf(rule);
  return Add(std::move(rule), std::move(watches));
}

std::uint32_t RuleEvaluator::AddRuleFor(Rule rule, std::span<const std::uint32_t> groups) {
  std::vector<Watch> watches;
  if (rule.trigger == TriggerType::kMetric) watches = WatchesOf(rule);
  for (const std::uint32_t group : groups) watches.push_back({group, rule.change});
  return Add(std::move(rule), std::move(watches));
}

std::uint32_t RuleEvaluator::Add(Rule rule, std::vector<Watch> watches) {
  const bool depends_on_state = rule.in != 0 || (rule.program && rule.program->names_state());
  const bool is_metric = rule.trigger == TriggerType::kMetric;
  const std::uint32_t index = rules_.Add(std::move(rule), std::move(watches));
  if (is_metric && depends_on_state) state_dependent_.push_back(index);
  timers_.Add(index);
  rules_.state(index).came_before = TimesCome(index);
  return index;
}

std::vector<Watch> RuleEvaluator::WatchesOf(const Rule& rule) const {
  std::vector<Watch> watches;
  if (rule.trigger == TriggerType::kJob && rule.change != Change::kNone)
    watches.push_back({rule.group, rule.change});
  if (rule.trigger != TriggerType::kMetric) return watches;
  rule.ForEachMetric([&](std::uint32_t index) {
    const Metric& metric = metrics_.metric(index);
    // A rule for a value of a parameter is not due at every event of the others.
    const bool is_of_value = rule.original == kNoRule || IsMade(metric.group);
    if (metric.group == kNoGroup || !is_of_value) return;
    ForEachChangeOf(metric, [&](Change change) {
      const Watch watch{metric.group, change};
      if (std::find(watches.begin(), watches.end(), watch) == watches.end()) {
        watches.push_back(watch);
      }
    });
  });
  return watches;
}

void RuleEvaluator::Start(double now) {
  timers_.Start(now);
  moment_ = now;
  const std::vector<std::uint32_t> rules = rules_.Active(TriggerType::kStart);
  for (const std::uint32_t index : rules) {
    if (states_.IsIn(rules_.rule(index).in)) OnDue(index, NewFiring());
  }
  if (states_.Begin()) EvaluateState();
  Settle();
}

void RuleEvaluator::EvaluateEvent(const Job& job, const journal::Event& event, ChangeMask changed,
                                  std::uint32_t group) {
  moment_ = event.timestamp;
  Facts facts = FactsOf(&event);
  facts.details = &details_;
  facts.job = job.id;
  std::optional<Finish> finish;
  for (const std::uint32_t index : rules_.RulesOn(group, changed)) {
    const Rule& rule = rules_.rule(index);
    // A rule that ends the run must not prevent the probes of the same event.
    if (ended_ && !rule.probing) continue;
    if (!told_.empty() && rule.trigger == TriggerType::kMetric && !NamesTold(rule, group)) {
      continue;
    }
    // A result that becomes known only at the end of a job is still a result of its finish.
    const bool late = event.kind == journal::EventKind::kClean && job.has_finish;
    if (late && IsOutcome(rule.change) && !finish) finish.emplace(job.status, event.timestamp);
    facts.event = late && IsOutcome(rule.change) ? &finish->event : &event;
    double value = stats::kNoValue;
    const Verdict verdict = Judge(index, facts, &value);
    if (verdict == Verdict::kNothing) continue;
    Firing firing = NewFiring(job.group);
    firing.job = job.id;
    firing.value = value;
    firing.event = facts.event->name;
    if (verdict == Verdict::kDue ? rule.wants_event : rule.resolve->wants_event) {
      firing.context = facts.event->context;
      DescribeJob(firing);
    }
    OnVerdict(verdict, index, std::move(firing));
  }
  Settle();
}

bool RuleEvaluator::NamesTold(const Rule& rule, std::uint32_t group) const {
  return rule.NamesAny([&](std::uint32_t index) {
    const Metric& metric = metrics_.metric(index);
    return metric.group == group && std::ranges::find(told_, metric.probe) != told_.end();
  });
}

void RuleEvaluator::DescribeJob(Firing& firing) const {
  const JobDetails* const details = details_.Find(*firing.job);
  if (details == nullptr) return;
  firing.parameters = details->parameters;
  firing.entry = details->entry;
  firing.origin = details->origin;
}

void RuleEvaluator::OnProbed(std::uint32_t group, std::uint32_t first, std::size_t count,
                             double time) {
  OnMetrics(group, Change::kProbeStreams, time, [&](const Metric& metric) {
    return metric.probe >= first && metric.probe - first < count;
  });
}

void RuleEvaluator::OnCounted(std::uint32_t group, Count count, double time) {
  const Change change = ChangeOf(count);
  OnMetrics(group, change, time,
            [&](const Metric& metric) { return ChangesOf(metric).Has(change); });
}

// Metrics of a group have changed, without an event: those that `is_changed` selects.
template <typename IsChanged>
void RuleEvaluator::OnMetrics(std::uint32_t group, Change change, double time,
                              IsChanged is_changed) {
  metrics_.Pass(time);
  const auto has_changed = [&](std::uint32_t index) {
    const Metric& metric = metrics_.metric(index);
    return metric.group == group && is_changed(metric);
  };
  timers_.OnMetrics(group, has_changed);
  if (ended_) return;
  moment_ = time;
  ChangeMask changed;
  changed.Add(change);
  const std::vector<std::uint32_t> rules = rules_.RulesOn(group, changed);
  const Facts facts = FactsOf();
  for (const std::uint32_t index : rules) {
    if (rules_.rule(index).NamesAny(has_changed)) EvaluateMetric(index, facts);
  }
  Settle();
}

template <typename IsMeant>
void RuleEvaluator::OnOccasion(TriggerType trigger, std::uint32_t group, double time,
                               IsMeant is_meant) {
  moment_ = time;
  const std::vector<std::uint32_t> rules = rules_.Active(trigger);
  for (const std::uint32_t index : rules) {
    const Rule& rule = rules_.rule(index);
    if (!is_meant(rule)) continue;
    ++rules_.state(index).came;
    if (IsInState(index) && rule.Holds(FactsOf(), metrics_)) OnDue(index, NewFiring(group));
  }
  Settle();
}

void RuleEvaluator::OnLimit(std::uint32_t limit, std::uint32_t group, double time) {
  OnOccasion(TriggerType::kLimit, group, time, [limit](const Rule& rule) {
    return std::ranges::find(rule.limits, limit) != rule.limits.end();
  });
}

void RuleEvaluator::OnGroupDone(std::uint32_t group, double time) {
  OnOccasion(TriggerType::kGroupDone, group, time,
             [group](const Rule& rule) { return rule.group == group; });
}

void RuleEvaluator::OnEndOfRun(double time) {
  OnOccasion(TriggerType::kEnd, kNoGroup, time, [](const Rule&) { return true; });
}

void RuleEvaluator::OnAllocation(double time) {
  const auto is_meant = [this](std::uint32_t index) {
    return metrics_.metric(index).group == kNoGroup;
  };
  timers_.OnMetrics(kNoGroup, is_meant);
  if (ended_) return;
  moment_ = time;
  const std::vector<std::uint32_t> rules = rules_.Active(TriggerType::kMetric);
  const Facts facts = FactsOf();
  for (const std::uint32_t index : rules) {
    if (rules_.rule(index).NamesAny(is_meant)) EvaluateMetric(index, facts);
  }
  Settle();
}

void RuleEvaluator::OnSettled(const Job& job, std::uint32_t group, ChangeMask changed,
                              double time) {
  OnChanged(group, changed);
  if (ended_ || !rules_.HasRuleOn(group, changed)) return;
  const Finish finish(job.status, time);
  EvaluateEvent(job, finish.event, changed, group);
}

bool RuleEvaluator::PassTo(double now) {
  now = std::min(now, kLastTime);
  timers_.SetTarget(now);
  timers_.SkipHeartbeats();
  const bool any = next() <= now;
  while (next() <= now) HappenNext();
  timers_.Reach(now);
  return any;
}

double RuleEvaluator::Advance(double until) {
  until = std::min(until, kLastTime);
  if (!begun()) return until;
  const std::uint64_t fired = fired_;
  for (double moments = 0; moments < kMaxMoments && next() <= until; ++moments) {
    timers_.SetTarget(next());
    HappenNext();
    if (fired_ != fired) return moment_;
  }
  timers_.Reach(std::min(until, next()));
  return now();
}

// Rules that are due at the same time are evaluated in one state, as at an event.
void RuleEvaluator::HappenNext() {
  const RuleTimers::Moment moment = timers_.Take();
  moment_ = moment.time;
  if (moment.is_heartbeat) return Heartbeat(moment.time);
  for (const RuleTimers::Due& due : moment.due) EvaluateDue(due);
  Settle();
}

void RuleEvaluator::EvaluateDue(const RuleTimers::Due& due) {
  const Rule& rule = rules_.rule(due.rule);
  if (rule.trigger == TriggerType::kMetric) return EvaluateMetric(due.rule, FactsOf());
  // The state may have been left, and entered again, after the timer was set.
  if (rule.trigger == TriggerType::kState &&
      (rule.state != states_.current() || !timers_.HasStateLasted(due.rule))) {
    return;
  }
  Firing firing = NewFiring(due.group);
  journal::Event last;
  Facts facts = FactsOf();
  if (due.stall) {
    // The kind and the time of the last event are known; its context is not kept.
    last.timestamp = due.stall->since;
    last.name = journal::NameOf(due.stall->last);
    facts.event = &last;
    facts.details = &details_;
    facts.job = due.stall->job;
    firing.job = due.stall->job;
    firing.event = last.name;
    if (rule.wants_event) DescribeJob(firing);
  }
  if (IsInState(due.rule) && rule.Holds(facts, metrics_)) OnDue(due.rule, std::move(firing));
}

Firing RuleEvaluator::NewFiring(std::uint32_t group) const {
  Firing firing;
  firing.timestamp = moment_;
  firing.group = group;
  return firing;
}

bool RuleEvaluator::IsInState(std::uint32_t index) {
  if (states_.IsIn(rules_.rule(index).in)) return true;
  ++rules_.state(index).in_other_state;
  return false;
}

Facts RuleEvaluator::FactsOf(const journal::Event* event, const PendingViews* views) const {
  return {.state = state(), .event = event, .views = views};
}

RuleEvaluator::Verdict RuleEvaluator::Judge(std::uint32_t index, const Facts& facts,
                                            double* value) {
  const Rule& rule = rules_.rule(index);
  const bool is_in_state = IsInState(index);
  const bool holds = is_in_state && rule.Holds(facts, metrics_, value);
  const bool due = rule.hold_duration > 0 ? timers_.HasHeld(index, holds) : holds;
  if (due) return Verdict::kDue;
  // In another state the rule is not evaluated.
  const bool resolved = is_in_state && !holds && rules_.state(index).raised;
  return resolved ? Verdict::kResolved : Verdict::kNothing;
}

void RuleEvaluator::EvaluateMetric(std::uint32_t index, const Facts& facts) {
  double value = stats::kNoValue;
  const Verdict verdict = Judge(index, facts, &value);
  if (verdict == Verdict::kNothing) return;
  Firing firing = NewFiring(rules_.GroupOf(index));
  firing.value = value;
  OnVerdict(verdict, index, std::move(firing));
}

void RuleEvaluator::OnVerdict(Verdict verdict, std::uint32_t index, Firing firing) {
  if (verdict == Verdict::kDue) return OnDue(index, std::move(firing));
  if (verdict == Verdict::kResolved) OnResolved(index, std::move(firing));
}

void RuleEvaluator::OnDue(std::uint32_t index, Firing firing) {
  const Rule& rule = rules_.rule(index);
  // The rules on the end of a run follow the one that ended it.
  if (ended_ && !rule.probing && rule.trigger != TriggerType::kEnd) return;
  // A rule without repetitions is evaluated only until its condition stops holding.
  if (rule.resolve && !rules_.HasRepetitions(index)) return;
  if (timers_.IsCoolingDown(index) || !rules_.Consume(index)) return;
  if (!rules_.HasRepetitions(index)) rules_.state(index).came_by_last = TimesCome(index);
  timers_.StartCooldown(index);
  if (rule.probing) ++probing_;
  Fire(index, rule.go_to, rule.wants_event, std::move(firing));
  if (rule.terminal) ended_ = true;
}

void RuleEvaluator::OnResolved(std::uint32_t index, Firing firing) {
  if (ended_) return;
  const Resolution resolve = *rules_.rule(index).resolve;
  rules_.Resolve(index);
  firing.resolved = true;
  Fire(index, resolve.go_to, resolve.wants_event, std::move(firing));
  if (resolve.terminal) ended_ = true;
}

void RuleEvaluator::Fire(std::uint32_t index, std::uint32_t go_to, bool wants_event,
                         Firing firing) {
  firing.number = fired_++;
  const Rule& rule = rules_.rule(index);
  firing.rule = rule.original == kNoRule ? index : rule.original;
  firing.by = rule.value;
  firing.state = states_.current();
  if (states_.Request(go_to)) firing.go_to = go_to;
  if (wants_event) firing.snapshot = take_snapshot_(rule);
  firings_.push_back(std::move(firing));
}

void RuleEvaluator::GoTo(std::uint32_t state) {
  if (ended_ || !states_.Request(state)) return;
  moment_ = now();
  Settle();
}

void RuleEvaluator::Settle() {
  while (states_.is_requested() && !ended_) EnterState();
  states_.EndMoment();
}

void RuleEvaluator::EnterState() {
  const std::uint32_t before = states_.Enter();
  const Facts facts = FactsOf();
  for (const std::uint32_t index : state_dependent_) {
    const Rule& rule = rules_.rule(index);
    if (!rules_.IsActive(index)) continue;
    const bool was_in = EnsembleStates::Has(rule.in, before);
    if (!states_.IsIn(rule.in)) {
      if (was_in && rule.hold_duration > 0) timers_.HasHeld(index, false);
    } else if (!was_in || (rule.program && rule.program->names_state())) {
      EvaluateMetric(index, facts);
    }
  }
  EvaluateState();
}

void RuleEvaluator::EvaluateState() {
  const std::vector<std::uint32_t> rules = rules_.Active(TriggerType::kState);
  for (const std::uint32_t index : rules) {
    const Rule& rule = rules_.rule(index);
    if (rule.state != states_.current()) continue;
    if (rule.hold_duration > 0) {
      timers_.OnStateEntered(index);
    } else if (IsInState(index) && rule.Holds(FactsOf(), metrics_)) {
      OnDue(index, NewFiring());
    }
  }
}

// The pending-time statistics that active rules name: copies, to which the ages of the jobs that
// have not started yet are added.
PendingViews RuleEvaluator::ViewPending(double now) {
  PendingViews views;
  const auto add = [&](std::uint32_t metric) { metrics_.AddView(metric, views); };
  for (const TriggerType trigger : {TriggerType::kMetric, TriggerType::kHeartbeat}) {
    for (const std::uint32_t index : rules_.Active(trigger)) rules_.rule(index).ForEachMetric(add);
  }
  if (views.empty()) return views;
  const bool has_made =
      std::ranges::any_of(views, [](const auto& view) { return IsMade(view.first); });
  jobs_.ForEach([&](const Job& job) {
    if (job.has_start || !job.has_submit || job.state >= JobState::kCleanup) return;
    const auto add_age = [&](std::uint32_t group) {
      const auto view = views.find(group);
      if (view != views.end() && now >= job.since) view->second.Observe(now - job.since);
    };
    add_age(job.group);
    if (!has_made) return;
    const JobDetails* const details = details_.Find(job.id);
    if (details != nullptr) std::ranges::for_each(details->made_groups, add_age);
  });
  return views;
}

void RuleEvaluator::Heartbeat(double now) {
  timers_.Reach(now);
  moment_ = now;
  ++heartbeats_;
  if (ended_) return;
  const PendingViews views = ViewPending(now);
  const Facts facts = FactsOf(nullptr, &views);
  const std::vector<std::uint32_t> metric_rules = rules_.Active(TriggerType::kMetric);
  for (const std::uint32_t index : metric_rules) EvaluateMetric(index, facts);
  const std::vector<std::uint32_t> heartbeat_rules = rules_.Active(TriggerType::kHeartbeat);
  for (const std::uint32_t index : heartbeat_rules) {
    double value = stats::kNoValue;
    if (Judge(index, facts, &value) == Verdict::kDue) OnDue(index, NewFiring());
  }
  Settle();
}

std::uint64_t RuleEvaluator::TimesCome(std::uint32_t index) const {
  const Rule& rule = rules_.rule(index);
  switch (rule.trigger) {
    case TriggerType::kStart:
      return begun() ? 1 : 0;
    case TriggerType::kHeartbeat:
      return heartbeats_;
    case TriggerType::kState:
      return states_.entries(rule.state);
    case TriggerType::kInterval:
    case TriggerType::kCron:
      return timers_.TimesCome(index);
    case TriggerType::kMetric:
    case TriggerType::kJob:
      return rules_.TimesChanged(index);
    case TriggerType::kLimit:
    case TriggerType::kGroupDone:
    case TriggerType::kEnd:
      return rules_.state(index).came;
  }
  return 0;
}

bool RuleEvaluator::HoldsNow(const Rule& rule) const {
  if (rule.trigger == TriggerType::kJob || !states_.IsIn(rule.in)) return false;
  const bool is_state = rule.trigger == TriggerType::kState;
  if (is_state ? rule.state != states_.current() : !rule.program) return false;
  return rule.Holds(FactsOf(), metrics_);
}

std::vector<RuleReport> RuleEvaluator::Report() const {
  std::vector<RuleReport> reports;
  reports.reserve(rules_.size());
  for (std::uint32_t index = 0; index < rules_.size(); ++index) {
    reports.push_back(ReportOf(index));
  }
  rules_.ForEachMade(
      [&](std::uint32_t index) { reports[rules_.rule(index).original].Add(ReportOf(index)); });
  return reports;
}

RuleReport RuleEvaluator::ReportOf(std::uint32_t index) const {
  const Rule& rule = rules_.rule(index);
  const std::uint64_t come = TimesCome(index);
  RuleReport report;
  report.state = rules_.state(index);
  report.came = come - report.state.came_before;
  if (report.state.fired > 0 && !rules_.HasRepetitions(index)) {
    report.came_after = come - report.state.came_by_last;
  }
  report.probing = rule.probing;
  report.holds = rule.split == kNoSplit && HoldsNow(rule);
  report.pending = timers_.IsPending(index) &&
                   (rule.trigger != TriggerType::kState || rule.state == states_.current());
  if (const RuleTimers::Timing* const timing = timers_.Find(index)) {
    if (report.pending) report.since = timing->since;
    if (timing->ready > timers_.now()) report.ready = timing->ready;
    // The `for` of a state that was left does not end.
    const bool waits = rule.trigger != TriggerType::kState || report.pending;
    if (waits) report.next = timers_.NextOf(index);
  }
  return report;
}

bool RuleEvaluator::TimeCouldFire() {
  return !ended_ && RuleForecast(rules_, timers_, metrics_, states_).CouldFire();
}

}  // namespace flux_ensemble::engine
