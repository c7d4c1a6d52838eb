// What metrics will be if time passes and nothing else happens: their windows, copied, move on.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "engine/metric_table.h"
#include "stats/count_window.h"
#include "stats/window.h"

namespace flux_ensemble::engine {

class Outlook {
 public:
  // From `now` on, in seconds since the epoch. The table outlives it.
  Outlook(MetricTable& table, double now) : table_(table), now_(now) {}

  // A metric that will be asked for.
  void Add(std::uint32_t metric);

  // kNoValue while it has none.
  double ValueOf(std::uint32_t metric);

  double now() const { return now_; }
  // When one of the metrics changes next; kNever when they stay as they are.
  double NextChange();
  // It is this time. False for kNever, and for a time that has passed already.
  bool PassTo(double time);

 private:
  double time() const { return now_ > table_.time() ? now_ : table_.time(); }

  MetricTable& table_;
  double now_;
  // By metric; only of those that time alone can change.
  std::unordered_map<std::uint32_t, stats::Window> windows_;
  std::unordered_map<std::uint32_t, stats::CountWindow> counts_;
};

}  // namespace flux_ensemble::engine
