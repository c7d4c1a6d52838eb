#include "engine/metric_table.h"

namespace flux_ensemble::engine {

std::uint32_t MetricTable::AddGroup() {
  GroupMetrics& group = groups_.emplace_back();
  if (sketches_) {
    for (const Variable variable : {Variable::kDuration, Variable::kPending}) {
      group.stream(variable).Keep(stats::Statistic::kQuantile);
    }
  }
  return static_cast<std::uint32_t>(groups_.size() - 1);
}

std::uint32_t MetricTable::Add(const Metric& metric) {
  Entry entry{.metric = metric};
  if (metric.kind == Metric::Kind::kRate) {
    entry.window = KeepCount(metric);
    if (begun_) entry.ready_at = time_ + metric.window;
  } else if (metric.kind == Metric::Kind::kStatistic && metric.window > 0) {
    entry.window = StreamOf(metric).KeepWindow(metric.window);
  } else if (metric.kind == Metric::Kind::kStatistic) {
    StreamOf(metric).Keep(metric.statistic);
  }
  entries_.push_back(entry);
  return size() - 1;
}

std::size_t MetricTable::KeepCount(const Metric& metric) {
  if (metric.group >= count_windows_.size()) count_windows_.resize(metric.group + 1);
  std::vector<CountInWindow>& windows = count_windows_[metric.group];
  for (std::size_t i = 0; i < windows.size(); ++i) {
    if (windows[i].count == metric.count && windows[i].window.length() == metric.window) return i;
  }
  windows.push_back({metric.count, stats::CountWindow(metric.window)});
  return windows.size() - 1;
}

void MetricTable::Begin(double now) {
  Pass(now);
  begun_ = true;
  for (Entry& entry : entries_) {
    if (entry.metric.kind == Metric::Kind::kRate) entry.ready_at = now + entry.metric.window;
  }
}

double MetricTable::ValueOf(std::uint32_t index, const PendingViews* views) {
  const Entry& entry = entries_[index];
  const Metric& metric = entry.metric;
  if (metric.kind == Metric::Kind::kRate) return RateOf(entry);
  if (metric.kind == Metric::Kind::kCount) {
    const GroupMetrics& group = groups_[metric.group];
    const bool known = metric.from_zero || group.seen(metric.count);
    return known ? static_cast<double>(group.count(metric.count)) : stats::kNoValue;
  }
  if (views != nullptr && IsOfPendingTimes(metric)) {
    const stats::StreamView& view = views->at(metric.group);
    return metric.window > 0 ? view.window(entry.window).Get(metric.statistic, metric.quantile)
                             : view.Get(metric.statistic, metric.quantile);
  }
  stats::Stream& stream = StreamOf(metric);
  if (metric.window <= 0) return stream.Get(metric.statistic, metric.quantile);
  stats::Window& window = stream.window(entry.window);
  window.Advance(time_);
  return window.Total().Get(metric.statistic, metric.quantile);
}

double MetricTable::RateOf(const Entry& entry) {
  if (time_ < entry.ready_at) return stats::kNoValue;
  stats::CountWindow& window = count_windows_[entry.metric.group][entry.window].window;
  window.Advance(time_);
  return static_cast<double>(window.total()) / window.length();
}

bool MetricTable::ChangesByTime(std::uint32_t index) const {
  return entries_[index].metric.window > 0;
}

double MetricTable::NextChange(std::uint32_t index) {
  const Entry& entry = entries_[index];
  const Metric& metric = entry.metric;
  if (metric.kind == Metric::Kind::kRate) {
    // Before it is ready, it has no value that could change.
    if (time_ < entry.ready_at) return entry.ready_at;
    stats::CountWindow& window = count_windows_[metric.group][entry.window].window;
    window.Advance(time_);
    return window.NextChange();
  }
  if (metric.kind == Metric::Kind::kCount || metric.window <= 0) return kNever;
  stats::Window& window = StreamOf(metric).window(entry.window);
  window.Advance(time_);
  return window.NextChange();
}

void MetricTable::AddView(std::uint32_t index, PendingViews& views) {
  const Metric& metric = entries_[index].metric;
  if (IsOfPendingTimes(metric)) views.try_emplace(metric.group, StreamOf(metric), time_);
}

}  // namespace flux_ensemble::engine
