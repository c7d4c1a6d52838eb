// Quartiles of a stream in constant memory: the P-square algorithm. R. Jain and I. Chlamtac, "The
// P² algorithm for dynamic calculation of quantiles and histograms without storing observations",
// CACM 28(10), 1985. Bit for bit equal to the `river` library: the order of operations below is
// part of the contract, and this header must be compiled without floating-point contraction.
//
// Each estimator has five markers, but the lowest is the minimum and the highest the maximum for
// all of them, so estimators of one stream share these two. Where the three in between should be
// follows from the count alone: their steps are multiples of 1/8, so no sum of them is ever
// rounded.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace flux_ensemble::stats {

// Estimators of the given quarters (1, 2 or 3) of one stream.
template <unsigned... quarters>
class P2Quartiles {
 public:
  static_assert(((quarters >= 1 && quarters <= 3) && ...));
  static constexpr std::size_t kEstimators = sizeof...(quarters);

  void Observe(double x) {
    if (count_ < kMarkers) return ObserveFirst(x);
    ++count_;
    if (x < heights_[kLowest]) heights_[kLowest] = x;
    if (x > heights_[kHighest]) heights_[kHighest] = x;
    positions_[kHighest] = static_cast<double>(count_);
    // Heights are sorted, so these are the markers above the cell that x falls into.
    for (std::size_t k = 0; k < kInner; ++k) positions_[k] += x < heights_[k] ? 1.0 : 0.0;
    const auto steps = static_cast<double>(count_ - kMarkers);
    std::array<double, kInner> off;
    for (std::size_t k = 0; k < kInner; ++k) off[k] = kFirst[k] + steps * kStep[k] - positions_[k];
    // Few markers are off by one or more. The branch is hard to predict, so all are tested at once.
    std::uint32_t astray = 0;
    for (std::size_t k = 0; k < kInner; ++k) {
      astray |= static_cast<std::uint32_t>(std::abs(off[k]) >= 1) << k;
    }
    for (; astray != 0; astray &= astray - 1) {
      const auto k = static_cast<std::size_t>(std::countr_zero(astray));
      Move(k, std::copysign(1.0, off[k]));
    }
  }

  std::uint64_t count() const { return count_; }

  // The estimate of an estimator: exact up to five observations, then the middle marker's height. 0
  // before the first one.
  double value(std::size_t estimator) const {
    if (count_ > kMarkers) return heights_[3 * estimator + 1];
    if (count_ == 0) return 0;
    return First(std::min(count_ - 1, count_ * kQuarters[estimator] / 4));
  }

  // The smallest and the largest observation; 0 before the first one.
  double min() const { return heights_[kLowest]; }
  double max() const {
    return count_ < kMarkers && count_ > 0 ? First(count_ - 1) : heights_[kHighest];
  }

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(count_, heights_, positions_);
  }

 private:
  static constexpr std::uint64_t kMarkers = 5;
  static constexpr std::size_t kInner = 3 * kEstimators;
  static constexpr std::array<std::uint64_t, kEstimators> kQuarters = {quarters...};

  // After the inner markers, the two markers that all estimators share.
  static constexpr std::size_t kLowest = kInner;
  static constexpr std::size_t kHighest = kInner + 1;
  using Inner = std::array<double, kInner>;
  using All = std::array<double, kInner + 2>;
  using Neighbours = std::array<std::uint8_t, kInner>;

  static constexpr Neighbours kBelow = [] {
    Neighbours below{};
    for (std::size_t k = 0; k < kInner; ++k) {
      below[k] = static_cast<std::uint8_t>(k % 3 == 0 ? kLowest : k - 1);
    }
    return below;
  }();
  static constexpr Neighbours kAbove = [] {
    Neighbours above{};
    for (std::size_t k = 0; k < kInner; ++k) {
      above[k] = static_cast<std::uint8_t>(k % 3 == 2 ? kHighest : k + 1);
    }
    return above;
  }();

  // For the inner markers: the desired positions after five observations, and their increments.
  static constexpr Inner kFirst = [] {
    Inner first{};
    for (std::size_t e = 0; e < kEstimators; ++e) {
      const double q = static_cast<double>(kQuarters[e]) / 4;
      first[3 * e] = 1 + 2 * q;
      first[3 * e + 1] = 1 + 4 * q;
      first[3 * e + 2] = 3 + 2 * q;
    }
    return first;
  }();
  static constexpr Inner kStep = [] {
    Inner step{};
    for (std::size_t e = 0; e < kEstimators; ++e) {
      const double q = static_cast<double>(kQuarters[e]) / 4;
      step[3 * e] = q / 2;
      step[3 * e + 1] = q;
      step[3 * e + 2] = (1 + q) / 2;
    }
    return step;
  }();
  static constexpr All kStart = [] {
    All start{};
    for (std::size_t k = 0; k < kInner; ++k) start[k] = static_cast<double>(2 + k % 3);
    start[kLowest] = 1;
    start[kHighest] = kMarkers;
    return start;
  }();

  // The first five observations, sorted, are the markers of the first estimator.
  double& First(std::uint64_t i) { return heights_[PlaceOfFirst(i)]; }
  double First(std::uint64_t i) const { return heights_[PlaceOfFirst(i)]; }
  static std::size_t PlaceOfFirst(std::uint64_t i) {
    return i == 0 ? kLowest : i == 4 ? kHighest : i - 1;
  }

  void ObserveFirst(double x) {
    std::uint64_t place = count_++;
    for (; place > 0 && x < First(place - 1); --place) First(place) = First(place - 1);
    First(place) = x;
    if (count_ < kMarkers) return;
    for (std::size_t k = 3; k < kInner; ++k) heights_[k] = heights_[k % 3];
  }

  // Moves a marker by one (d is 1 or -1) when there is room. The marker and its direction are
  // unpredictable, so its neighbours are looked up without a branch.
  void Move(std::size_t k, double d) {
    const std::size_t next = d > 0 ? kAbove[k] : kBelow[k];
    const double here = positions_[k];
    if (!(d * (positions_[next] - here) > 1)) return;
    const double below = positions_[kBelow[k]];
    const double above = positions_[kAbove[k]];
    const double q = heights_[k];
    const double q_below = heights_[kBelow[k]];
    const double q_above = heights_[kAbove[k]];
    const double parabolic =
        q + (d / (above - below)) * ((here - below + d) * (q_above - q) / (above - here) +
                                     (above - here - d) * (q - q_below) / (here - below));
    if (q_below < parabolic && parabolic < q_above) {
      heights_[k] = parabolic;
    } else {
      heights_[k] = q + d * (heights_[next] - q) / (positions_[next] - here);
    }
    positions_[k] = here + d;
  }

  std::uint64_t count_ = 0;
  All heights_{};
  All positions_ = kStart;
};

}  // namespace flux_ensemble::stats
