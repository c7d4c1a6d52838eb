#include "stats/p2_quantile.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace flux_ensemble::stats {

P2Quantile::P2Quantile(double quantile)
    : quantile_(quantile), desired_{1 + 2 * quantile, 1 + 4 * quantile, 3 + 2 * quantile} {}

void P2Quantile::Observe(double x) {
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

void P2Quantile::Move(std::size_t i) {
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

double P2Quantile::value() const {
  if (count_ > heights_.size()) return heights_[2];
  if (count_ == 0) return 0;
  const auto rank = static_cast<std::uint64_t>(static_cast<double>(count_) * quantile_);
  return heights_[std::min(count_ - 1, rank)];
}

}  // namespace flux_ensemble::stats
