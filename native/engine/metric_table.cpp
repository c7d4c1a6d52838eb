#include "engine/metric_table.h"

#include <cmath>
#include <utility>

namespace flux_ensemble::engine {

namespace {

// Seconds between two looks at a metric that grows all the time.
constexpr double kLook = 1;

// A number of observations begins at 0 where the metric says so.
double OrZero(const Metric& metric, double value) {
  const bool counts = metric.from_zero && metric.statistic == stats::Statistic::kCount;
  return counts && std::isnan(value) ? 0 : value;
}

}  // namespace

std::uint32_t MetricTable::AddGroup(bool made) {
  GroupMetrics group;
  if (sketches_ && !made) {
    for (const Variable variable : {Variable::kDuration, Variable::kPending}) {
      group.stream(variable).Keep(stats::Statistic::kQuantile);
    }
  }
  return groups_.Add(std::move(group), made);
}

std::uint32_t MetricTable::Add(const Metric& metric) {
  Entry entry;
  entry.metric = metric;
  if (metric.split != kNoSplit) return entries_.Add(std::move(entry), false);
  if (IsOfHours(metric)) TrackHours();
  if (metric.kind == Metric::Kind::kRate) {
    entry.window = KeepCount(metric);
    if (begun_) entry.ready_at = time_ + metric.window;
  } else if (metric.kind == Metric::Kind::kStatistic && metric.window > 0) {
    entry.window = StreamOf(metric).KeepWindow(metric.window);
  } else if (metric.kind == Metric::Kind::kStatistic) {
    StreamOf(metric).Keep(metric.statistic);
    if (metric.bound != stats::Bound::kNone && IsSketched(metric.statistic)) {
      entry.quantile.emplace(metric.quantile, metric.level);
    }
  }
  return entries_.Add(std::move(entry), IsMade(metric.group));
}

std::size_t MetricTable::KeepCount(const Metric& metric) {
  std::vector<CountInWindow>& windows = count_windows_.Grow(metric.group);
  for (std::size_t i = 0; i < windows.size(); ++i) {
    if (windows[i].count == metric.count && windows[i].window.length() == metric.window) return i;
  }
  windows.push_back({metric.count, stats::CountWindow(metric.window)});
  return windows.size() - 1;
}

void MetricTable::Begin(double now) {
  Pass(now);
  begun_ = true;
  for (std::vector<Entry>* const list : {&entries_.planned, &entries_.made}) {
    for (Entry& entry : *list) {
      if (entry.metric.kind == Metric::Kind::kRate) entry.ready_at = now + entry.metric.window;
    }
  }
}

double MetricTable::ValueOf(std::uint32_t index, const PendingViews* views) {
  const Entry& entry = entries_[index];
  const Metric& metric = entry.metric;
  if (metric.split != kNoSplit) return stats::kNoValue;
  if (metric.kind == Metric::Kind::kRate) return ValueIn(index, CountWindowOf(index), time_);
  if (metric.kind == Metric::Kind::kNodeHours) return hours_.nodes(metric.group, time_);
  if (metric.kind == Metric::Kind::kCoreHours) return hours_.cores(metric.group, time_);
  if (metric.kind == Metric::Kind::kSize) return size_;
  if (metric.kind == Metric::Kind::kTimeLeft)
    return std::isnan(end_) ? end_ : std::max(0.0, end_ - time_);
  if (metric.bound != stats::Bound::kNone) return IntervalOf(index).Get(metric.bound);
  if (metric.kind == Metric::Kind::kCount) {
    const GroupMetrics& group = groups_[metric.group];
    const bool known = metric.from_zero || group.seen(metric.count);
    return known ? static_cast<double>(group.count(metric.count)) : stats::kNoValue;
  }
  if (views != nullptr && IsOfPendingTimes(metric)) {
    const stats::StreamView& view = views->at(metric.group);
    return OrZero(metric, metric.window > 0
                              ? view.window(entry.window).Get(metric.statistic, metric.quantile)
                              : view.Get(metric.statistic, metric.quantile));
  }
  if (metric.window > 0) return ValueIn(index, WindowOf(index), time_);
  return OrZero(metric, StreamOf(metric).Get(metric.statistic, metric.quantile));
}

stats::Interval MetricTable::IntervalOf(std::uint32_t index) {
  Entry& entry = entries_[index];
  const Metric& metric = entry.metric;
  if (metric.kind == Metric::Kind::kShare) {
    const GroupMetrics& group = groups_[metric.group];
    const auto count = [&](Count of) {
      return static_cast<std::uint64_t>(std::max<std::int64_t>(0, group.count(of)));
    };
    return stats::ShareInterval::Of(count(metric.count),
                                    count(Count::kSuccess) + count(Count::kFailed), metric.level);
  }
  const stats::Stream& stream = StreamOf(metric);
  if (!entry.quantile) {
    return stats::MeanInterval(stream.summary().welford(), metric.level);
  }
  const stats::Aggregate* const numbers = stream.sketched();
  return numbers == nullptr ? stats::Interval() : entry.quantile->Of(*numbers);
}

double MetricTable::ValueIn(std::uint32_t index, stats::Window& window, double now) const {
  const Metric& metric = entries_[index].metric;
  window.Advance(now);
  return OrZero(metric, window.Total().Get(metric.statistic, metric.quantile));
}

double MetricTable::ValueIn(std::uint32_t index, stats::CountWindow& window, double now) const {
  if (now < entries_[index].ready_at) return stats::kNoValue;
  window.Advance(now);
  return static_cast<double>(window.total()) / window.length();
}

bool MetricTable::ChangesByTime(std::uint32_t index) const {
  const Metric& metric = entries_[index].metric;
  if (metric.split != kNoSplit) return false;
  return HasWindow(index) || IsOfHours(metric) || metric.kind == Metric::Kind::kTimeLeft;
}

double MetricTable::NextChange(std::uint32_t index) {
  if (!ChangesByTime(index)) return kNever;
  const Metric& metric = entries_[index].metric;
  if (IsOfHours(metric)) return hours_.grow(metric.group) ? time_ + kLook : kNever;
  if (metric.kind == Metric::Kind::kTimeLeft) return end_ > time_ ? time_ + kLook : kNever;
  return entries_[index].metric.kind == Metric::Kind::kRate
             ? NextChangeIn(index, CountWindowOf(index), time_)
             : NextChangeIn(WindowOf(index), time_);
}

double MetricTable::NextChangeIn(stats::Window& window, double now) {
  window.Advance(now);
  return window.NextChange();
}

// Before it is ready, it has no value that could change.
double MetricTable::NextChangeIn(std::uint32_t index, stats::CountWindow& window,
                                 double now) const {
  if (now < entries_[index].ready_at) return entries_[index].ready_at;
  window.Advance(now);
  return window.NextChange();
}

void MetricTable::AddView(std::uint32_t index, PendingViews& views) {
  const Metric& metric = entries_[index].metric;
  if (metric.split == kNoSplit && IsOfPendingTimes(metric))
    views.try_emplace(metric.group, StreamOf(metric), time_);
}

}  // namespace flux_ensemble::engine
