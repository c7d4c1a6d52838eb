// Median absolute deviation of a stream, from two P² medians: that of the values, and that of the
// distances of each value from the median as it stood when the value came.
#pragma once

#include <cmath>

#include "stats/p2_quantile.h"

namespace flux_ensemble::stats {

class Mad {
 public:
  // `median` is the stream's own median estimator, already updated with x.
  void Observe(double x, const P2Quantile& median) {
    deviation_.Observe(std::abs(x - median.value()));
  }
  double value() const { return deviation_.value(); }

 private:
  P2Quantile deviation_{0.5};
};

}  // namespace flux_ensemble::stats
