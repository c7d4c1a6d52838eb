// A sum that keeps the low-order bits of small numbers. A. Neumaier, "Rundungsfehleranalyse einiger
// Verfahren zur Summation endlicher Summen", ZAMM 54, 1974.
#pragma once

#include <cmath>

namespace flux_ensemble::stats {

class Sum {
 public:
  void Add(double x) {
    const double sum = sum_ + x;
    lost_ += std::abs(sum_) >= std::abs(x) ? (sum_ - sum) + x : (x - sum) + sum_;
    sum_ = sum;
  }
  void Merge(const Sum& other) {
    Add(other.sum_);
    lost_ += other.lost_;
  }
  double value() const {
    const double value = sum_ + lost_;
    return std::isfinite(value) ? value : sum_;  // of an overflow, what was lost is not a number
  }

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(sum_, lost_);
  }

 private:
  double sum_ = 0;
  double lost_ = 0;  // to rounding
};

}  // namespace flux_ensemble::stats
