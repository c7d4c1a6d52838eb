// Judges the rules: at events, at heartbeats and at times, in the state in which each finds the
// ensemble; fires those that are due, and moves the ensemble from state to state. It has no clock:
// it is told what time it is.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/job_details.h"
#include "engine/job_table.h"
#include "engine/metric_table.h"
#include "engine/output.h"
#include "engine/plan.h"
#include "engine/program.h"
#include "engine/rule_book.h"
#include "engine/stall_detector.h"
#include "engine/timer_queue.h"

namespace flux_ensemble::engine {

class Judge {
 public:
  // Asked for the next times of a cron rule behind a time, in order; `nothing` when they come
  // later, by Supply(). No times mean that there are no more.
  using AskTimes =
      std::function<std::optional<std::vector<double>>(std::uint32_t rule, double after)>;
  using TakeSnapshot = std::function<std::shared_ptr<const Snapshot>()>;

  // Takes the plan's rules, states and limits; its metrics and groups are in the table already, and
  // the tables outlive the judge.
  Judge(Plan& plan, MetricTable& metrics, const JobTable& jobs, const JobDetailsTable& details,
        TakeSnapshot take_snapshot);
  Judge(const Judge&) = delete;
  Judge& operator=(const Judge&) = delete;

  void OnAskTimes(AskTimes ask) { ask_times_ = std::move(ask); }

  // The run begins: start rules, and those of the initial state.
  void Start(double now);

  // An event was applied to a job, which is active or was until now. Most make no rule due, and
  // there are millions of them.
  void OnEvent(const Job& job, const journal::Event& event, ChangeMask changed, bool active) {
    if (!stall_watches_.empty() || !windows_.empty()) Listen(job, event, changed, active);
    if (!ended_ && book_.HasRuleOn(job.group, changed)) JudgeEvent(job, event, changed);
  }
  // These counts and streams of a group have changed, also without an event to judge.
  void OnChanged(std::uint32_t group, ChangeMask changed);
  // Probes have measured a job of the group: so many numbers, from the index `first` on.
  void OnProbed(std::uint32_t group, std::uint32_t first, std::size_t count, double time);
  // The result of a job that has finished is known, without another event of it, at `time`.
  void OnSettled(const Job& job, ChangeMask changed, double time);
  // A job left without an event.
  void OnLost(const Job& job);

  // Metric rules and heartbeat rules, pending times counting the waiting jobs' ages.
  void Heartbeat(double now);

  // When something happens by time alone: the first time at which it does, kNever when nothing
  // will.
  double next() const;
  // It is `now`: what was due by then happens, each thing at its own time. True if anything was.
  bool PassTo(double now);
  // The same, but no further than to the first moment at which a rule fires or a great many moments
  // have passed. Returns the time that it is then.
  double Advance(double until);

  // Times of a cron rule, in order, behind those it had.
  void Supply(std::uint32_t rule, const std::vector<double>& times);
  // The times that cron rules have are wrong: the time of day is another one. Asks for others.
  void RenewCron();

  // Returns the rule's index.
  std::uint32_t AddRule(Rule rule);
  const Rule& rule(std::uint32_t index) const { return book_.rule(index); }

  // Goes to another state, as an action of the user's own code asks.
  void GoTo(std::uint32_t state);

  // No rule fires any more.
  void End() { ended_ = true; }

  bool begun() const { return begun_; }
  // Seconds since the epoch; never goes back.
  double now() const { return now_; }
  bool ended() const { return ended_; }
  // Firings of the user's rules.
  std::uint64_t fired() const { return fired_ - probing_; }
  std::vector<Firing>& firings() { return firings_; }
  bool has_no_firings() const { return firings_.empty(); }
  // The name of the state, empty for an ensemble without.
  std::string_view state() const;
  // What became of each rule, in their order.
  std::vector<RuleReport> Report() const;
  // While no job is active: whether a rule could still be due by time alone.
  bool TimeCouldFire();

 private:
  // What a rule remembers of times; only rules that have to.
  struct Timing {
    double since = stats::kNoValue;  // its condition holds, or its state lasts
    double ready = -kNever;          // the end of its cooldown
    bool held_back = false;          // it was due during its cooldown
    double count = 0;                // of its intervals, or of its cron times that have come
    std::deque<double> times;        // cron's
    bool asked = false;              // for more of them
    bool outdated = false;           // what was asked for is not wanted any more
    bool no_more = false;
  };
  struct Window {
    std::uint32_t metric = kNoMetric;
    bool expected = false;  // its next change has a timer
    std::vector<std::uint32_t> rules;
  };
  struct StallWatch {
    explicit StallWatch(double limit) : detector(limit) {}
    StallDetector detector;
    bool expected = false;  // its next stall has a timer
  };
  // A rule to evaluate, for a stalled job or by itself.
  struct Due {
    std::uint32_t rule = 0;
    std::optional<StallDetector::Stall> stall;
    std::uint32_t group = kNoGroup;
  };

  Firing NewFiring(std::uint32_t group = kNoGroup) const;
  // Adds what is remembered of the firing's job.
  void DescribeJob(Firing& firing) const;
  bool InState(const Rule& rule) const;
  // The same of a rule that is to be judged; counts those that are not.
  bool IsJudged(std::uint32_t index);
  // Whether the rule's condition holds. For a metric rule, `value` becomes that of the first
  // metric.
  bool Holds(const Rule& rule, const Facts& facts, double* value) const;
  Outlook OutlookOf(const Rule& rule) const;
  // Whether it holds now, or will when windows have moved on, in the state that this is.
  bool WillHold(const Rule& rule);
  // Whether the rule would be due at some time if nothing happened but that time passes.
  bool MetricCouldFire(std::uint32_t index);
  bool StateCouldFire(std::uint32_t index);
  Facts FactsOf(const journal::Event* event = nullptr, const PendingViews* views = nullptr) const;

  // Whether the rule is due, now that something happened to it: state, condition, `for`.
  bool IsDue(std::uint32_t index, const Facts& facts, double* value);
  bool HasLasted(std::uint32_t index, bool holds);
  // A metric rule, without an event.
  void JudgeMetric(std::uint32_t index, const Facts& facts);
  void JudgeState();
  // Whether its condition holds at this moment, without an event.
  bool HoldsNow(const Rule& rule) const;
  // How often what the rule waits for has come: an event, a heartbeat, its state, its time.
  std::uint64_t TimesCome(std::uint32_t index) const;
  // The rule is due: fires it unless cooldown, repetitions or backoff say otherwise.
  void Occasion(std::uint32_t index, Firing firing);

  // Goes where the first rule that fired with a goto leads, and on from there.
  void Settle();
  void Enter(std::uint32_t state);

  // Time never goes back.
  void Reach(double now);
  void Watch(Rule& rule);
  void Prepare(std::uint32_t index);
  void Begin(std::uint32_t index);
  // Sees to it that windows of the group are looked at when they change next, if they have changed.
  template <typename HasChanged>
  void ExpectWindows(std::uint32_t group, HasChanged has_changed) {
    const auto windows = group_windows_.find(group);
    if (windows == group_windows_.end()) return;
    for (const std::uint32_t metric : windows->second) {
      if (has_changed(metric)) Expect(windows_[metric]);
    }
  }
  void Listen(const Job& job, const journal::Event& event, ChangeMask changed, bool active);
  void JudgeEvent(const Job& job, const journal::Event& event, ChangeMask changed);
  void HappenNext();
  void Gather(const Timer& timer, std::vector<Due>& due);
  void GatherRule(std::uint32_t index, std::vector<Due>& due);
  void JudgeDue(const Due& due);
  double NextBeat() const;
  void SkipBeats();
  void NextInterval(std::uint32_t index);
  void NextCron(std::uint32_t index);
  void Expect(Window& window);
  void Expect(StallWatch& watch, std::uint32_t group);
  PendingViews ViewPending(double now);

  MetricTable& metrics_;
  const JobTable& jobs_;
  const JobDetailsTable& details_;
  const TakeSnapshot take_snapshot_;
  AskTimes ask_times_;

  const bool virtual_time_;
  const double heartbeat_;  // seconds, 0 for none
  const std::vector<std::string> states_;
  bool begun_ = false;
  bool ended_ = false;
  double begun_at_ = 0;
  double now_ = 0;     // never goes back
  double moment_ = 0;  // of what is judged: an event may be older than `now_`
  double target_ = 0;  // that time is passing to
  double beats_ = 0;   // so far, in virtual time

  RuleBook book_;
  std::uint32_t state_ = kNoState;
  std::uint32_t next_state_ = kNoState;
  std::uint64_t entered_ = 0;          // states, at this moment
  std::vector<std::uint64_t> visits_;  // by state
  std::uint64_t heartbeats_ = 0;
  std::vector<std::uint32_t> aware_;  // metric rules that care which state it is

  TimerQueue timers_;
  std::unordered_map<std::uint32_t, Timing> timings_;  // by rule
  std::unordered_map<std::uint32_t, Window> windows_;  // by metric
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> group_windows_;
  std::unordered_map<std::uint32_t, StallWatch> stall_watches_;  // by group

  std::uint64_t fired_ = 0;
  std::uint64_t probing_ = 0;  // of these, those that call probes
  std::vector<Firing> firings_;
};

}  // namespace flux_ensemble::engine
