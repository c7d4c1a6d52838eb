// The statistics of a stream of numbers.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace flux_ensemble::stats {

// Every stream keeps the statistics up to kQ75; quartiles, iqr and mad are P² estimates. The others
// are kept on request. A window (window.h) takes its quartiles from its sketch too.
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

// Whether a Summary keeps the statistic.
constexpr bool IsSummarized(Statistic statistic) {
  return statistic <= Statistic::kCount;
}

}  // namespace flux_ensemble::stats
