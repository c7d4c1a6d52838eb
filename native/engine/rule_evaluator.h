// Evaluates the rules at events, at heartbeats and at times, in the present state of the ensemble.
// It fires the rules that are due and moves the ensemble from state to state. It has no clock: its
// owner lets the time pass.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/ensemble_states.h"
#include "engine/job_details.h"
#include "engine/job_table.h"
#include "engine/metric_table.h"
#include "engine/output.h"
#include "engine/plan.h"
#include "engine/program.h"
#include "engine/rule_index.h"
#include "engine/rule_timers.h"

namespace flux_ensemble::engine {

class RuleEvaluator {
 public:
  using AskTimes = RuleTimers::AskTimes;
  // The snapshot for a firing of a rule.
  using TakeSnapshot = std::function<std::shared_ptr<const Snapshot>(const Rule& rule)>;

  // Takes the plan's rules, states and limits. The plan's metrics and groups are in the table
  // already. The tables outlive the evaluator.
  RuleEvaluator(Plan& plan, MetricTable& metrics, const JobTable& jobs,
                const JobDetailsTable& details, TakeSnapshot take_snapshot);
  RuleEvaluator(const RuleEvaluator&) = delete;
  RuleEvaluator& operator=(const RuleEvaluator&) = delete;

  // See RuleTimers.
  void OnAskTimes(AskTimes ask) { timers_.OnAskTimes(std::move(ask)); }

  // The run begins: fires start rules, and those of the initial state.
  void Start(double now);

  // An event was applied to a job, which is active or was until now. There are millions of events,
  // and most of them make no rule due.
  void OnEvent(const Job& job, const journal::Event& event, ChangeMask changed, bool active) {
    timers_.OnEvent(job, event, changed, active);
    if (!ended_ && rules_.HasRuleOn(job.group, changed)) {
      EvaluateEvent(job, event, changed, job.group);
    }
  }
  // The same for a group that was made for a value of the job's parameters.
  void OnEventIn(std::uint32_t made, const Job& job, const journal::Event& event,
                 ChangeMask changed) {
    timers_.OnChanged(made, changed);
    if (!ended_ && rules_.HasRuleOn(made, changed)) EvaluateEvent(job, event, changed, made);
  }
  // The next event is one in which a job told numbers, those of the group's probe streams with
  // these indexes; none again afterwards.
  void ExpectTold(std::span<const std::uint32_t> told) { told_ = told; }
  // These counts and streams of a group have changed. No event makes rules due.
  void OnChanged(std::uint32_t group, ChangeMask changed) { timers_.OnChanged(group, changed); }
  // Probes have measured a job of the group: `count` numbers, from the index `first` on.
  void OnProbed(std::uint32_t group, std::uint32_t first, std::size_t count, double time);
  // A count of a group has changed, without an event.
  void OnCounted(std::uint32_t group, Count count, double time);
  // A limit of the plan was reached, a group has nothing left to do, or the run has. Rules on it
  // are evaluated.
  void OnLimit(std::uint32_t limit, std::uint32_t group, double time);
  void OnGroupDone(std::uint32_t group, double time);
  void OnEndOfRun(double time);
  // The size or the end of the allocation has changed.
  void OnAllocation(double time);
  // The result of a job that has finished is known, without another event of it, at `time`. The
  // group is the job's, or one that was made for a value of its parameters.
  void OnSettled(const Job& job, std::uint32_t group, ChangeMask changed, double time);
  // A job left without an event.
  void OnLost(const Job& job) { timers_.OnLost(job); }

  // Evaluates metric rules and heartbeat rules. Pending times include the ages of waiting jobs.
  void Heartbeat(double now);

  // The first time at which something happens without an event; kNever for no such time.
  double next() const { return ended_ ? kNever : timers_.next(); }
  // It is `now`: everything that is due by then happens, each at its own time. True for any.
  bool PassTo(double now);
  // The same, but only to the first moment at which a rule fires, or to a limit of moments. Returns
  // the time that it is then.
  double Advance(double until);

  // See RuleTimers.
  void Supply(std::uint32_t rule, const std::vector<double>& times) { timers_.Supply(rule, times); }
  void RenewCron() { timers_.RenewCron(); }

  // Returns the rule's index.
  std::uint32_t AddRule(Rule rule);
  // Adds a rule for a value of a parameter. `groups` are those that were made for the value, and
  // whose jobs' events make the rule due.
  std::uint32_t AddRuleFor(Rule rule, std::span<const std::uint32_t> groups);
  const Rule& rule(std::uint32_t index) const { return rules_.rule(index); }
  std::uint32_t size() const { return rules_.size(); }
  std::uint64_t FiredBy(std::uint32_t index) const { return rules_.state(index).fired; }

  // Goes to another state, as user code requests.
  void GoTo(std::uint32_t state);

  // No rule fires any more.
  void End() { ended_ = true; }

  bool begun() const { return timers_.begun(); }
  // Seconds since the epoch; never goes back.
  double now() const { return timers_.now(); }
  bool ended() const { return ended_; }
  // Firings of the user's rules.
  std::uint64_t fired() const { return fired_ - probing_; }
  std::vector<Firing>& firings() { return firings_; }
  bool has_no_firings() const { return firings_.empty(); }
  // The name of the state, empty for an ensemble without.
  std::string_view state() const { return states_.name(); }
  // One report for each rule, in their order.
  std::vector<RuleReport> Report() const;
  // While no job is active: whether a rule could still fire without an event.
  bool TimeCouldFire();

  // The same rules must have been added, and no firing may wait to be taken.
  template <typename Archive>
  void Persist(Archive& archive) {
    archive(rules_, timers_, states_, ended_, moment_, heartbeats_, fired_, probing_);
  }

 private:
  // The changes that make a metric rule or a rule on jobs due.
  std::vector<Watch> WatchesOf(const Rule& rule) const;
  std::uint32_t Add(Rule rule, std::vector<Watch> watches);
  RuleReport ReportOf(std::uint32_t index) const;
  Firing NewFiring(std::uint32_t group = kNoGroup) const;
  // Adds what is remembered of the firing's job.
  void DescribeJob(Firing& firing) const;
  Facts FactsOf(const journal::Event* event = nullptr, const PendingViews* views = nullptr) const;
  PendingViews ViewPending(double now);

  // Whether the present state is one of the rule's. If not, the rule counts that.
  bool IsInState(std::uint32_t index);
  // Whether the rule's state, its condition and its `for` let it fire, or its condition has stopped
  // holding. For a metric rule, `value` is set to the value of its first metric.
  enum class Verdict : std::uint8_t { kNothing, kDue, kResolved };
  Verdict Judge(std::uint32_t index, const Facts& facts, double* value);
  // Whether the rule's condition holds now. False for a rule without one, and for rules on events.
  bool HoldsNow(const Rule& rule) const;
  // The number of events, heartbeats, entries into its state or times that the rule waits for.
  std::uint64_t TimesCome(std::uint32_t index) const;

  // Whether a rule on metrics names a number that the job told.
  bool NamesTold(const Rule& rule, std::uint32_t group) const;
  void EvaluateEvent(const Job& job, const journal::Event& event, ChangeMask changed,
                     std::uint32_t group);
  template <typename IsChanged>
  void OnMetrics(std::uint32_t group, Change change, double time, IsChanged is_changed);
  // A metric rule, without an event.
  void EvaluateMetric(std::uint32_t index, const Facts& facts);
  // Rules with a trigger, without an event: those for which `is_meant` is true.
  template <typename IsMeant>
  void OnOccasion(TriggerType trigger, std::uint32_t group, double time, IsMeant is_meant);
  // The rules of the state that the ensemble has just entered.
  void EvaluateState();
  void EvaluateDue(const RuleTimers::Due& due);
  void HappenNext();
  void OnVerdict(Verdict verdict, std::uint32_t index, Firing firing);
  // The rule is due: it fires unless its cooldown, repetitions or backoff prevent it.
  void OnDue(std::uint32_t index, Firing firing);
  // The condition of a rule that has fired does not hold any more.
  void OnResolved(std::uint32_t index, Firing firing);
  // Adds a firing that leads to `go_to`.
  void Fire(std::uint32_t index, std::uint32_t go_to, bool wants_event, Firing firing);

  // Enters the requested state, and those that rules request then.
  void Settle();
  void EnterState();

  MetricTable& metrics_;
  const JobTable& jobs_;
  const JobDetailsTable& details_;
  const TakeSnapshot take_snapshot_;

  RuleIndex rules_;
  RuleTimers timers_;
  EnsembleStates states_;
  std::vector<std::uint32_t> state_dependent_;  // metric rules whose result depends on the state
  bool ended_ = false;
  std::span<const std::uint32_t> told_;  // numbers of the event that is being evaluated
  double moment_ = 0;                    // the time of firings: an event may be older than now()
  std::uint64_t heartbeats_ = 0;
  std::uint64_t fired_ = 0;
  std::uint64_t probing_ = 0;  // of these, those that call probes
  std::vector<Firing> firings_;
};

}  // namespace flux_ensemble::engine
