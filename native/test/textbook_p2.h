// The P-square algorithm for one quantile as in the paper (see stats/p2_quartiles.h), without
// shared markers. Tests and benches compare the engine's with it.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace flux_ensemble::test {

class TextbookP2 {
 public:
  // `quantile` lies between 0 and 1.
  explicit TextbookP2(double quantile);

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

inline TextbookP2::TextbookP2(double quantile)
    : quantile_(quantile), desired_{1 + 2 * quantile, 1 + 4 * quantile, 3 + 2 * quantile} {}

inline void TextbookP2::Observe(double x) {
  if (count_ < heights_.size()) {
    auto* const end = heights_.begin() + count_;
    auto* const place = std::upper_bound(heights_.begin(), end, x);
    std::move_backward(place, end, end + 1);
    *place = x;
    ++count_;
    return;
  }
  ++count_;

  // Markers above the cell that x falls into move up by one.
  std::size_t above = 1;
  if (x < heights_[0]) {
    heights_[0] = x;
  } else if (x > heights_[4]) {
    heights_[4] = x;
    above = 4;
  } else {
    while (above < 4 && x >= heights_[above]) ++above;
  }
  for (std::size_t i = above; i < positions_.size(); ++i) positions_[i] += 1;

  desired_[0] += quantile_ / 2;
  desired_[1] += quantile_;
  desired_[2] += (1 + quantile_) / 2;

  for (std::size_t i = 1; i <= 3; ++i) Move(i);
}

inline void TextbookP2::Move(std::size_t i) {
  const double here = positions_[i];
  const double below = positions_[i - 1];
  const double above = positions_[i + 1];
  const double off = desired_[i - 1] - here;
  if (!((off >= 1 && above - here > 1) || (off <= -1 && below - here < -1))) return;
  const double d = std::copysign(1.0, off);

  const double q = heights_[i];
  const double q_below = heights_[i - 1];
  const double q_above = heights_[i + 1];
  const double parabolic =
      q + (d / (above - below)) * ((here - below + d) * (q_above - q) / (above - here) +
                                   (above - here - d) * (q - q_below) / (here - below));
  if (q_below < parabolic && parabolic < q_above) {
    heights_[i] = parabolic;
  } else {
    const std::size_t toward = d > 0 ? i + 1 : i - 1;
    heights_[i] = q + d * (heights_[toward] - q) / (positions_[toward] - here);
  }
  positions_[i] += d;
}

inline double TextbookP2::value() const {
  if (count_ > heights_.size()) return heights_[2];
  if (count_ == 0) return 0;
  const auto rank = static_cast<std::uint64_t>(static_cast<double>(count_) * quantile_);
  return heights_[std::min(count_ - 1, rank)];
}

}  // namespace flux_ensemble::test
