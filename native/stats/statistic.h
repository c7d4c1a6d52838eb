// The statistics of a stream of numbers, with their names.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace flux_ensemble::stats {

// Every stream keeps the statistics up to kQ75; quartiles, iqr and mad are P² estimates. The others
// are kept on request. A window (window.h) takes its quartiles from its sketch too. The addon
// exports the names; src/model/metric-names.ts lists the same ones, and the loader compares both
// lists.
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
inline constexpr std::size_t kKeptStatisticCount =
    static_cast<std::size_t>(Statistic::kQ75) + 1;  // kept of every stream
inline constexpr std::size_t kStatisticCount = static_cast<std::size_t>(Statistic::kSketchMad) + 1;

// The names in plans, in the order of the enum.
inline constexpr std::array<std::string_view, kStatisticCount> kStatisticNames = {
    "mean", "variance", "min", "max",  "iqr",  "mad",      "q25",  "q50",  "q75",
    "std",  "count",    "sum", "last", "ewma", "quantile", "piqr", "pmad",
};
static_assert(!kStatisticNames.back().empty(), "a statistic has no name");

// The part of a statistic's confidence sequence (confidence.h) that a rule watches; kNone for the
// statistic itself.
enum class Bound : std::uint8_t { kNone, kLower, kUpper, kHalfwidth };
inline constexpr std::array<std::string_view, 4> kBoundNames = {"", "lower", "upper", "halfwidth"};

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
