// The metrics that rules name, by index, over what is kept of every group. A rule's condition
// refers to an index; which touch changes a metric, and when time alone does, follows from its
// entry.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/metrics.h"
#include "engine/touch.h"
#include "stats/summary.h"

namespace flux_ensemble::engine {

inline constexpr std::uint32_t kNoGroup = ~std::uint32_t{0};
inline constexpr std::uint32_t kNoMetric = ~std::uint32_t{0};

// A count of a group's jobs, or a statistic of one of its variables.
struct Metric {
  enum class Kind : std::uint8_t { kCount, kStatistic };

  std::uint32_t group = 0;
  Kind kind = Kind::kStatistic;
  Count count = Count::kSubmitted;                       // kCount
  Variable variable = Variable::kDuration;               // kStatistic
  stats::Statistic statistic = stats::Statistic::kMean;  // kStatistic
};

// What an event has to touch for the metric to change.
constexpr Touch TouchOf(const Metric& metric) {
  return metric.kind == Metric::Kind::kStatistic ? TouchOf(metric.variable) : TouchOf(metric.count);
}

// Pending times as they stand at a heartbeat, the ages of waiting jobs among them: by group, for
// the groups that were asked for.
using PendingViews = std::unordered_map<std::uint32_t, stats::Summary>;

class MetricTable {
 public:
  std::uint32_t AddGroup();
  std::size_t groups() const { return groups_.size(); }
  GroupMetrics& operator[](std::uint32_t group) { return groups_[group]; }
  const GroupMetrics& operator[](std::uint32_t group) const { return groups_[group]; }

  // Adds a metric of a group that exists, and returns its index.
  std::uint32_t Add(const Metric& metric);
  std::uint32_t size() const { return static_cast<std::uint32_t>(metrics_.size()); }
  const Metric& metric(std::uint32_t index) const { return metrics_[index]; }

  // The metric's value, kNoValue while it has none; at a heartbeat with what was waiting then.
  double ValueOf(std::uint32_t index, const PendingViews* views = nullptr) const;

  // A metric that only an event can change never changes by time alone.
  static constexpr double kNever = std::numeric_limits<double>::infinity();

  // Whether the metric is one that time alone can change.
  bool ChangesByTime(std::uint32_t index) const;

  // The first time, in seconds since the epoch, at which the metric changes though nothing happens.
  double NextChange(std::uint32_t index) const;

  // Adds a group's pending times to the views if the metric is one of theirs.
  void AddView(std::uint32_t index, PendingViews& views) const;

 private:
  std::vector<GroupMetrics> groups_;
  std::vector<Metric> metrics_;
};

}  // namespace flux_ensemble::engine
