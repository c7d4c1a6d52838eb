// Median absolute deviation of a stream, from two P² medians: that of the values, and that of the
// distances of each value from the median as it stood when the value came.
#pragma once

#include <cmath>

#include "stats/p2_quartiles.h"

namespace flux_ensemble::stats {

class Mad {
 public:
  // `median` is the stream's own, already updated with x.
  void Observe(double x, double median) { deviation_.Observe(std::abs(x - median)); }
  double value() const { return deviation_.value(0); }

 private:
  P2Quartiles<2> deviation_;
};

}  // namespace flux_ensemble::stats
