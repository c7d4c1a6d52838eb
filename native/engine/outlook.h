// Future values of metrics if time passes without events. It advances copies of their windows.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "engine/metric_table.h"
#include "stats/count_window.h"
#include "stats/window.h"

namespace flux_ensemble::engine {

class Outlook {
 public:
  // Begins at `now`, in seconds since the epoch. The table outlives the outlook.
  Outlook(MetricTable& table, double now) : table_(table), now_(now) {}

  // Adds a metric whose values will be requested.
  void Add(std::uint32_t metric);

  // kNoValue while the metric is unknown.
  double ValueOf(std::uint32_t metric);

  double now() const { return now_; }
  // The time at which a metric changes next; kNever when none changes.
  double NextChange();
  // Moves on to this time. False for kNever, and for a time that has passed already.
  bool PassTo(double time);

 private:
  double time() const { return now_ > table_.time() ? now_ : table_.time(); }

  MetricTable& table_;
  double now_;
  // By metric, for metrics that time alone can change.
  std::unordered_map<std::uint32_t, stats::Window> windows_;
  std::unordered_map<std::uint32_t, stats::CountWindow> counts_;
};

}  // namespace flux_ensemble::engine
