// The timers that make rules due without an event: intervals, cron times, windows that move on,
// stalled jobs, the ends of `for` and of cooldowns and, in virtual time, heartbeats. The class
// keeps the time of the run and has no clock: its owner lets the time pass.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "engine/job_table.h"
#include "engine/metric_table.h"
#include "engine/plan.h"
#include "engine/rule_index.h"
#include "engine/stall_detector.h"
#include "engine/timer_queue.h"

namespace flux_ensemble::engine {

class RuleTimers {
 public:
  // Requests the next times of a cron rule after a time, in order. Nothing when they follow later
  // by Supply(). An empty list means that no time is left.
  using AskTimes =
      std::function<std::optional<std::vector<double>>(std::uint32_t rule, double after)>;

  // The times of one rule. Only rules that need them have some.
  struct Timing {
    double since = stats::kNoValue;  // its condition holds, or its state lasts
    double ready = -kNever;          // the end of its cooldown
    bool held_back = false;          // it was due during its cooldown
    double count = 0;                // of its intervals, or of its cron times that have come
    std::deque<double> times;        // the next cron times
    bool requested = false;          // more cron times are requested
    bool outdated = false;           // the requested cron times are not wanted any more
    bool no_more = false;            // no cron time is left

    template <typename Archive>
    void Persist(Archive& archive) {
      archive(since, ready, held_back, count, times, requested, outdated, no_more);
    }
  };

  // A rule to evaluate. `stall` and `group` are those of a stalled job.
  struct Due {
    std::uint32_t rule = 0;
    std::optional<StallDetector::Stall> stall;
    std::uint32_t group = kNoGroup;
  };

  // The timers of one time: a heartbeat, or rules that are due, metric rules first.
  struct Moment {
    double time = 0;
    bool is_heartbeat = false;
    std::vector<Due> due;
  };

  // Uses the plan's heartbeat and limits of stalled jobs. The index and the table outlive it.
  RuleTimers(const Plan& plan, RuleIndex& rules, MetricTable& metrics);

  void OnAskTimes(AskTimes ask) { ask_times_ = std::move(ask); }

  // The rule has been added to the index.
  void Add(std::uint32_t index);
  // The run begins.
  void Start(double now);

  bool begun() const { return begun_; }
  // Seconds since the epoch; never goes back.
  double now() const { return now_; }
  bool has_heartbeats() const { return heartbeat_ > 0; }

  // The first time at which something happens without an event; kNever for no such time.
  double next() const;
  // It is `now`, or later already.
  void Reach(double now);
  // Time is about to pass to `until`. After a long gap, moments that are too many to be replayed
  // are left out.
  void SetTarget(double until);
  void SkipHeartbeats();
  // Reaches next() and takes what happens then.
  Moment Take();

  // An event was applied to a job, which is active or was until now.
  void OnEvent(const Job& job, const journal::Event& event, ChangeMask changed, bool active) {
    if (!stall_watches_.empty() || !windows_.empty()) Listen(job, event, changed, active);
  }
  // These counts and streams of a group have changed.
  void OnChanged(std::uint32_t group, ChangeMask changed);
  // Metrics of the group have changed: those by index for which `has_changed` is true.
  template <typename HasChanged>
  void OnMetrics(std::uint32_t group, HasChanged has_changed) {
    const auto windows = group_windows_.find(group);
    if (windows == group_windows_.end()) return;
    for (const std::uint32_t metric : windows->second) {
      if (has_changed(metric)) Expect(windows_[metric]);
    }
  }
  // A job left without an event.
  void OnLost(const Job& job);

  // Whether the condition of a rule with `for` has held for long enough.
  bool HasHeld(std::uint32_t index, bool holds);
  // The state of a rule with `for` was entered.
  void OnStateEntered(std::uint32_t index);
  // Whether that state has lasted for long enough.
  bool HasStateLasted(std::uint32_t index) const;
  // Whether the rule is due during its cooldown. A metric rule is evaluated again at the end of it.
  bool IsCoolingDown(std::uint32_t index);
  // The rule has fired.
  void StartCooldown(std::uint32_t index);

  // Times of a cron rule, in order, that follow those that it has.
  void Supply(std::uint32_t rule, const std::vector<double>& times);
  // The time of day was set, so cron times are requested again.
  void RenewCron();

  // The number of intervals or cron times of the rule that have come.
  std::uint64_t TimesCome(std::uint32_t index) const;
  // Whether the condition or the state of a rule with `for` lasts, but not for long enough.
  bool IsPending(std::uint32_t index) const;
  // When time alone evaluates the rule next; kNoValue for no such time.
  double NextOf(std::uint32_t index) const;
  // Null for a rule without times.
  const Timing* Find(std::uint32_t index) const;

  // The same rules must have been added.
  template <typename Archive>
  void Persist(Archive& archive) {
    archive(begun_, begun_at_, now_, target_, heartbeats_, queue_, timings_, windows_,
            group_windows_);
    // Groups that were added later have watches of their own.
    auto watches = std::move(stall_watches_);
    archive(watches);
    if constexpr (Archive::kReads) watches.merge(stall_watches_);
    stall_watches_ = std::move(watches);
    if constexpr (Archive::kReads) {
      if (!HasOnlyKnown()) archive.Invalidate();
    }
  }

 private:
  struct Window {
    std::uint32_t metric = kNoMetric;
    bool expected = false;  // its next change has a timer
    std::vector<std::uint32_t> rules;

    template <typename Archive>
    void Persist(Archive& archive) {
      archive(metric, expected, rules);
    }
  };
  struct StallWatch {
    explicit StallWatch(double limit = 0) : detector(limit) {}
    StallDetector detector;
    bool expected = false;  // its next stall has a timer

    template <typename Archive>
    void Persist(Archive& archive) {
      archive(detector, expected);
    }
  };

  // From the beginning of the run on or, if that is later, from when the rule was added.
  void Begin(std::uint32_t index);
  double NextHeartbeat() const;
  bool HasOnlyKnown() const;
  void Gather(const Timer& timer, std::vector<Due>& due);
  void GatherRule(std::uint32_t index, std::vector<Due>& due);
  void NextInterval(std::uint32_t index);
  void NextCron(std::uint32_t index);
  void Listen(const Job& job, const journal::Event& event, ChangeMask changed, bool active);
  void Expect(Window& window);
  void Expect(StallWatch& watch, std::uint32_t group);

  RuleIndex& rules_;
  MetricTable& metrics_;
  AskTimes ask_times_;

  const bool virtual_time_;
  const double heartbeat_;  // seconds, 0 for none
  bool begun_ = false;
  double begun_at_ = 0;
  double now_ = 0;
  double target_ = 0;      // that time is passing to
  double heartbeats_ = 0;  // so far, in virtual time

  TimerQueue queue_;
  std::unordered_map<std::uint32_t, Timing> timings_;  // by rule
  std::unordered_map<std::uint32_t, Window> windows_;  // by metric
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> group_windows_;
  std::unordered_map<std::uint32_t, StallWatch> stall_watches_;  // by group
};

}  // namespace flux_ensemble::engine
