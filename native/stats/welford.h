// Mean and variance of a stream in one pass. B. P. Welford, "Note on a method for calculating
// corrected sums of squares and products", Technometrics 4(3), 1962.
#pragma once

#include <cstdint>

namespace flux_ensemble::stats {

class Welford {
 public:
  void Observe(double x) {
    ++count_;
    const double before = mean_;
    mean_ += (1.0 / static_cast<double>(count_)) * (x - mean_);
    squares_ += (x - before) * (x - mean_);
  }

  std::uint64_t count() const { return count_; }
  double mean() const { return mean_; }

  // Sample variance (ddof 1); 0 for a single observation.
  double variance() const { return count_ < 2 ? 0.0 : squares_ / static_cast<double>(count_ - 1); }

 private:
  std::uint64_t count_ = 0;
  double mean_ = 0;
  double squares_ = 0;  // sum of squared differences from the mean
};

}  // namespace flux_ensemble::stats
