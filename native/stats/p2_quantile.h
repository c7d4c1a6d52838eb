// One quantile of a stream in constant memory: the P-square algorithm. R. Jain and I. Chlamtac,
// "The P² algorithm for dynamic calculation of quantiles and histograms without storing
// observations", CACM 28(10), 1985. Bit for bit equal to the `river` library: the order of
// operations below is part of the contract, and this header must be compiled without floating-point
// contraction.
#pragma once

#include <array>
#include <cstdint>

namespace flux_ensemble::stats {

class P2Quantile {
 public:
  // `quantile` lies between 0 and 1.
  explicit P2Quantile(double quantile);

  void Observe(double x);

  std::uint64_t count() const { return count_; }

  // The estimate: exact up to five observations, then the middle marker's height. 0 before the
  // first one.
  double value() const;

 private:
  void Move(std::size_t marker);

  double quantile_;
  std::uint64_t count_ = 0;
  std::array<double, 5> heights_{};  // sorted
  std::array<double, 5> positions_{1, 2, 3, 4, 5};
  std::array<double, 3> desired_;  // positions wanted for markers 1 to 3
};

}  // namespace flux_ensemble::stats
