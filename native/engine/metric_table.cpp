#include "engine/metric_table.h"

namespace flux_ensemble::engine {

std::uint32_t MetricTable::AddGroup() {
  groups_.emplace_back();
  return static_cast<std::uint32_t>(groups_.size() - 1);
}

std::uint32_t MetricTable::Add(const Metric& metric) {
  metrics_.push_back(metric);
  return size() - 1;
}

double MetricTable::ValueOf(std::uint32_t index, const PendingViews* views) const {
  const Metric& metric = metrics_[index];
  const GroupMetrics& group = groups_[metric.group];
  if (metric.kind == Metric::Kind::kCount) {
    if (!group.seen(metric.count)) return stats::kNoValue;
    return static_cast<double>(group.count(metric.count));
  }
  if (views != nullptr && metric.variable == Variable::kPending) {
    return views->at(metric.group).Get(metric.statistic);
  }
  return group.stream(metric.variable).Get(metric.statistic);
}

bool MetricTable::ChangesByTime(std::uint32_t) const {
  return false;
}

double MetricTable::NextChange(std::uint32_t) const {
  return kNever;
}

void MetricTable::AddView(std::uint32_t index, PendingViews& views) const {
  const Metric& metric = metrics_[index];
  if (metric.kind != Metric::Kind::kStatistic || metric.variable != Variable::kPending) return;
  views.try_emplace(metric.group, groups_[metric.group].stream(Variable::kPending));
}

}  // namespace flux_ensemble::engine
