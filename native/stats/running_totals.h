// Running totals of a stream: sum, latest number, and exponentially weighted mean.
#pragma once

#include "stats/sum.h"

namespace flux_ensemble::stats {

// The weight of the newest observation in the exponentially weighted mean. The last 7 observations
// have half of the weight, the last 22 nine tenths.
inline constexpr double kEwmaWeight = 0.1;

struct RunningTotals {
  Sum sum;
  double last = 0;
  double ewma = 0;  // begins at the first observation
  bool any = false;

  void Observe(double x) {
    sum.Add(x);
    last = x;
    ewma = any ? ewma + kEwmaWeight * (x - ewma) : x;
    any = true;
  }

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(sum, last, ewma, any);
  }
};

}  // namespace flux_ensemble::stats
