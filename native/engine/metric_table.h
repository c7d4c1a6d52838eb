// The metrics that rules name, by index, over the statistics of all groups. A rule's condition
// refers to an index. The metric's entry determines which change of a group changes it, and whether
// time alone does. A sketch or window of a metric begins when the metric is added.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "engine/change.h"
#include "engine/hours.h"
#include "engine/indexed.h"
#include "engine/metrics.h"
#include "stats/confidence.h"
#include "stats/count_window.h"
#include "stats/stream.h"

namespace flux_ensemble::engine {

inline constexpr std::uint32_t kNoGroup = ~std::uint32_t{0};
inline constexpr std::uint32_t kNoMetric = ~std::uint32_t{0};
inline constexpr std::uint32_t kNoProbe = ~std::uint32_t{0};
inline constexpr std::uint32_t kNoSplit = ~std::uint32_t{0};

// A count of a group's jobs, how fast it grows, a statistic of one of the group's variables, the
// hours for which its jobs have held nodes or cores, or a fact about the run's allocation.
struct Metric {
  enum class Kind : std::uint8_t {
    kCount,
    kRate,
    kStatistic,
    kShare,  // of the jobs that succeeded or failed
    kNodeHours,
    kCoreHours,
    kSize,      // nodes or slots
    kTimeLeft,  // seconds until the allocation ends
  };

  std::uint32_t group = 0;  // kNoGroup for kSize and kTimeLeft
  Kind kind = Kind::kStatistic;
  // kCount, kRate and kShare; a rate needs a count that only grows, a share one of settled jobs.
  Count count = Count::kSubmitted;
  Variable variable = Variable::kDuration;               // kStatistic
  stats::Statistic statistic = stats::Statistic::kMean;  // kStatistic
  double quantile = 0.5;                                 // of stats::Statistic::kQuantile
  double window = 0;  // kRate and kStatistic: seconds; 0 for everything since the beginning
  // A count that has never changed is 0, not unknown, and so is the number of observations.
  bool from_zero = false;
  // kStatistic: index of what the group's probes measure, instead of `variable`.
  std::uint32_t probe = kNoProbe;
  // kShare, and kStatistic for means and sketched quantiles without a window: what is watched of
  // the confidence sequence, and its level, above 0 and below 1.
  stats::Bound bound = stats::Bound::kNone;
  double level = 0;
  // Index of the parameter by which the metric is divided, see Split. The metric itself has no
  // value then: each value of the parameter has a metric of its own.
  std::uint32_t split = kNoSplit;
};

// A share is one of the jobs that succeeded or failed. A timeout is a failure.
constexpr bool IsShared(Count count) {
  return count == Count::kSuccess || count == Count::kFailed || count == Count::kTimeout;
}

constexpr bool IsOfHours(const Metric& metric) {
  return metric.kind == Metric::Kind::kNodeHours || metric.kind == Metric::Kind::kCoreHours;
}

// Calls with each change of its group that changes the metric.
template <typename Call>
constexpr void ForEachChangeOf(const Metric& metric, Call call) {
  if (metric.kind == Metric::Kind::kShare) {
    call(ChangeOf(Count::kSuccess));
    call(ChangeOf(Count::kFailed));
  } else if (metric.probe != kNoProbe) {
    call(Change::kProbeStreams);
  } else if (IsOfHours(metric)) {
    // Jobs begin and end to hold nodes as they begin and end to run.
    call(ChangeOf(Count::kRunning));
  } else {
    call(metric.kind == Metric::Kind::kStatistic ? ChangeOf(metric.variable)
                                                 : ChangeOf(metric.count));
  }
}

constexpr ChangeMask ChangesOf(const Metric& metric) {
  ChangeMask changes;
  ForEachChangeOf(metric, [&](Change change) { changes.Add(change); });
  return changes;
}

constexpr bool IsOfPendingTimes(const Metric& metric) {
  return metric.kind == Metric::Kind::kStatistic && metric.probe == kNoProbe &&
         metric.variable == Variable::kPending;
}

// Pending times at a heartbeat, with the ages of waiting jobs, by group, for the requested groups.
using PendingViews = std::unordered_map<std::uint32_t, stats::StreamView>;

class MetricTable {
 public:
  // With `sketches`, every stream has a sketch.
  explicit MetricTable(bool sketches = false) : sketches_(sketches) {}

  // Adds a group of the plan or, `made`, one for the jobs of a group with a value of a parameter.
  // Returns its index.
  std::uint32_t AddGroup(bool made = false);
  // Groups of the plan.
  std::size_t groups() const { return groups_.planned.size(); }
  GroupMetrics& operator[](std::uint32_t group) { return groups_[group]; }
  const GroupMetrics& operator[](std::uint32_t group) const { return groups_[group]; }

  // Adds streams for the numbers that a group's probes measure.
  void AddProbes(std::uint32_t group, std::size_t variables) {
    probes_.Grow(group).resize(variables);
  }
  std::span<stats::Stream> probes(std::uint32_t group) {
    return probes_.Has(group) ? std::span(probes_[group]) : std::span<stats::Stream>();
  }

  // The nodes and cores that jobs hold, where a metric or a budget needs them.
  Hours& hours() { return hours_; }
  const Hours& hours() const { return hours_; }
  bool tracks_hours() const { return tracks_hours_; }
  void TrackHours() { tracks_hours_ = true; }

  // The run's allocation: its size, and its end in seconds since the epoch, both kNoValue while
  // they are unknown.
  void SetAllocation(double size, double end) {
    size_ = size;
    end_ = end;
  }

  // Adds a metric of a group that exists, and returns its index.
  std::uint32_t Add(const Metric& metric);
  // Metrics of the plan, and of rules that were added to it.
  std::uint32_t size() const { return static_cast<std::uint32_t>(entries_.planned.size()); }
  bool Has(std::uint32_t index) const { return entries_.Has(index); }
  const Metric& metric(std::uint32_t index) const { return entries_[index].metric; }

  // The run begins; rates are watched from now on.
  void Begin(double now);
  // It is this time, in seconds since the epoch, or later. Windows end at the latest time given
  // here.
  void Pass(double time) { time_ = std::max(time_, time); }
  double time() const { return time_; }
  // An event of this time has changed these counts of a group, each by one.
  void CountInWindows(std::uint32_t group, ChangeMask changed, double time) {
    if (!count_windows_.Has(group)) return;
    for (auto& [count, window] : count_windows_[group]) {
      if (changed.Has(ChangeOf(count))) window.Add(time);
    }
  }

  // A count of this time is taken back.
  void TakeFromWindows(std::uint32_t group, Count counted, double time) {
    if (!count_windows_.Has(group)) return;
    for (auto& [count, window] : count_windows_[group]) {
      if (count == counted) window.Remove(time);
    }
  }

  // The metric's value now, kNoValue while it is unknown. A rate is unknown until its window has
  // passed once. `views` replaces the recorded pending times at a heartbeat.
  double ValueOf(std::uint32_t index, const PendingViews* views = nullptr);
  // The interval of a metric with a bound; the values as they are recorded.
  stats::Interval IntervalOf(std::uint32_t index);

  // Whether the metric is one that time alone can change.
  bool ChangesByTime(std::uint32_t index) const;
  bool HasWindow(std::uint32_t index) const { return entries_[index].metric.window > 0; }

  // The first time, in seconds since the epoch, at which the metric changes without an event,
  // because an observation leaves its window. kNever for metrics that only events change.
  double NextChange(std::uint32_t index);
  static constexpr double kNever = std::numeric_limits<double>::infinity();

  // The window of a metric that changes by time; the metric's value in such a window at `now`, and
  // the time of its next change.
  stats::Window& WindowOf(std::uint32_t index) {
    const Entry& entry = entries_[index];
    return StreamOf(entry.metric).window(entry.window);
  }
  stats::CountWindow& CountWindowOf(std::uint32_t index) {
    const Entry& entry = entries_[index];
    return count_windows_[entry.metric.group][entry.window].window;
  }
  double ValueIn(std::uint32_t index, stats::Window& window, double now) const;
  double ValueIn(std::uint32_t index, stats::CountWindow& window, double now) const;
  static double NextChangeIn(stats::Window& window, double now);
  double NextChangeIn(std::uint32_t index, stats::CountWindow& window, double now) const;

  // Adds a group's pending times, as they are now, to the views if the metric is one of theirs.
  void AddView(std::uint32_t index, PendingViews& views);

  // The same groups, probes and metrics must have been added. Groups that were added later follow
  // those that are stored.
  template <typename Archive>
  void Persist(Archive& archive) {
    archive(begun_, time_, hours_, size_, end_);
    PersistPrefix(archive, groups_.planned);
    PersistPrefix(archive, probes_.planned);
    PersistPrefix(archive, count_windows_.planned);
    PersistPrefix(archive, entries_.planned);
    if (groups_.made.empty()) return;
    PersistPrefix(archive, groups_.made);
    PersistPrefix(archive, probes_.made);
    PersistPrefix(archive, count_windows_.made);
    PersistPrefix(archive, entries_.made);
  }

 private:
  struct Entry {
    Metric metric;
    std::size_t window = 0;    // its place among those of the stream or the group's counts
    double ready_at = kNever;  // for a rate: when it will have been watched for long enough
    std::optional<stats::QuantileInterval> quantile;  // of a bound of a quantile; not stored

    template <typename Archive>
    void Persist(Archive& archive) {
      archive(ready_at);
    }
  };
  struct CountInWindow {
    Count count = Count::kSubmitted;
    stats::CountWindow window;

    template <typename Archive>
    void Persist(Archive& archive) {
      archive(count, window);
    }
  };

  // Restores the first elements of a list, as many as are stored.
  template <typename Archive, typename T>
  static void PersistPrefix(Archive& archive, std::vector<T>& list) {
    auto size = static_cast<std::uint64_t>(list.size());
    archive(size);
    if (size > list.size()) {
      if constexpr (Archive::kReads) archive.Invalidate();
      return;
    }
    for (std::size_t i = 0; i < size; ++i) archive(list[i]);
  }

  std::size_t KeepCount(const Metric& metric);
  stats::Stream& StreamOf(const Metric& metric) {
    if (metric.probe != kNoProbe) return probes_[metric.group][metric.probe];
    return groups_[metric.group].stream(metric.variable);
  }

  const bool sketches_;
  bool tracks_hours_ = false;
  Hours hours_;
  double size_ = stats::kNoValue;
  double end_ = stats::kNoValue;
  bool begun_ = false;
  double time_ = 0;
  Indexed<GroupMetrics> groups_;
  Indexed<std::vector<stats::Stream>> probes_;  // by group, as far as there are any
  Indexed<Entry> entries_;
  Indexed<std::vector<CountInWindow>> count_windows_;  // by group, as far as there are any
};

}  // namespace flux_ensemble::engine
