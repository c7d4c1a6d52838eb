#include "engine/outlook.h"

#include <algorithm>

namespace flux_ensemble::engine {

void Outlook::Add(std::uint32_t metric) {
  if (!table_.HasWindow(metric)) return;
  if (table_.metric(metric).kind == Metric::Kind::kRate) {
    counts_.try_emplace(metric, table_.CountWindowOf(metric));
  } else {
    windows_.try_emplace(metric, table_.WindowOf(metric));
  }
}

double Outlook::ValueOf(std::uint32_t metric) {
  if (const auto window = windows_.find(metric); window != windows_.end()) {
    return table_.ValueIn(metric, window->second, time());
  }
  if (const auto count = counts_.find(metric); count != counts_.end()) {
    return table_.ValueIn(metric, count->second, time());
  }
  return table_.ValueOf(metric);
}

double Outlook::NextChange() {
  double next = MetricTable::kNever;
  for (auto& [metric, window] : windows_) {
    next = std::min(next, table_.NextChangeIn(window, time()));
  }
  for (auto& [metric, count] : counts_) {
    next = std::min(next, table_.NextChangeIn(metric, count, time()));
  }
  return next;
}

bool Outlook::PassTo(double time) {
  if (!(time > now_) || time == MetricTable::kNever) return false;
  now_ = time;
  return true;
}

}  // namespace flux_ensemble::engine
