// Median absolute deviation of a stream, from two P² medians: the median of the values, and the
// median of the distances. A distance is that of a value from the median at its time.
#pragma once

#include <cmath>

#include "stats/p2_quartiles.h"

namespace flux_ensemble::stats {

class Mad {
 public:
  // `median` is the stream's own, already updated with x.
  void Observe(double x, double median) { deviation_.Observe(std::abs(x - median)); }
  double value() const { return deviation_.value(0); }

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(deviation_);
  }

 private:
  P2Quartiles<2> deviation_;
};

}  // namespace flux_ensemble::stats
