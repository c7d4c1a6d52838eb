// The panes of a sliding window: 60 intervals of equal width, the newest of which holds the
// present. Observations leave the window at an age between 59/60 of its length and its length.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace flux_ensemble::stats {

class Panes {
 public:
  static constexpr std::int64_t kCount = 60;

  // `window` is in seconds, more than 0.
  explicit Panes(double window) : width_(window / static_cast<double>(kCount)) {}

  // The pane of a time in seconds since the epoch. Timestamps beyond the representable range go
  // into the last pane.
  std::int64_t IndexOf(double time) const {
    constexpr auto kLast = static_cast<double>(kEnd);
    return static_cast<std::int64_t>(std::clamp(std::floor(time / width_), -kLast, kLast));
  }

  // The first time in the pane or a later one; kNever when no such time exists.
  double BeginOf(std::int64_t index) const {
    if (index >= kEnd) return kNever;
    double time = static_cast<double>(index) * width_;
    // The product and the quotient are rounded.
    while (IndexOf(time) < index) time = std::nextafter(time, kNever);
    return time;
  }

  // The ring's place of a pane.
  static std::size_t PlaceOf(std::int64_t index) {
    return static_cast<std::size_t>((index % kCount + kCount) % kCount);
  }

  // No pane has begun.
  static constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::min() / 2;
  static constexpr double kNever = std::numeric_limits<double>::infinity();

 private:
  static constexpr std::int64_t kEnd = std::int64_t{1} << 53;

  double width_;
};

}  // namespace flux_ensemble::stats
