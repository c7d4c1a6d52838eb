// What can be asked of a stream of numbers.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace flux_ensemble::stats {

// Up to kQ75, what is kept of every stream: the quartiles and what is made of them are P²
// estimates. Behind these, what is kept where somebody asks for it; of a window (window.h)
// quartiles come from its sketch too.
enum class Statistic : std::uint8_t {
  kMean,
  kVariance,
  kMin,
  kMax,
  kIqr,
  kMad,
  kQ25,
  kQ50,
  kQ75,
  kStd,
  kCount,
  kSum,
  kLast,
  kEwma,
  kQuantile,  // by the sketch, as are the next two
  kSketchIqr,
  kSketchMad,
};
inline constexpr std::size_t kStatisticCount = 9;  // kept of every stream

inline constexpr double kNoValue = std::numeric_limits<double>::quiet_NaN();

// Whether the statistic is read from a sketch.
constexpr bool IsSketched(Statistic statistic) {
  return statistic >= Statistic::kQuantile;
}

// Whether a Summary has it.
constexpr bool IsSummarized(Statistic statistic) {
  return statistic <= Statistic::kCount;
}

}  // namespace flux_ensemble::stats
