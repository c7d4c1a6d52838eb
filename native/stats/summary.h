// Every statistic that is kept of one stream of numbers, such as a job group's durations.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "stats/mad.h"
#include "stats/p2_quantile.h"
#include "stats/welford.h"

namespace flux_ensemble::stats {

enum class Statistic : std::uint8_t { kMean, kVariance, kMin, kMax, kIqr, kMad, kQ25, kQ50, kQ75 };
inline constexpr std::size_t kStatisticCount = 9;

inline constexpr double kNoValue = std::numeric_limits<double>::quiet_NaN();

class Summary {
 public:
  // `x` must be finite.
  void Observe(double x) {
    welford_.Observe(x);
    min_ = std::min(min_, x);
    max_ = std::max(max_, x);
    q25_.Observe(x);
    q50_.Observe(x);
    q75_.Observe(x);
    mad_.Observe(x, q50_);
  }

  std::uint64_t count() const { return welford_.count(); }

  // kNoValue before the first observation.
  double Get(Statistic statistic) const {
    if (count() == 0) return kNoValue;
    switch (statistic) {
      case Statistic::kMean:
        return welford_.mean();
      case Statistic::kVariance:
        return welford_.variance();
      case Statistic::kMin:
        return min_;
      case Statistic::kMax:
        return max_;
      case Statistic::kIqr:
        return q75_.value() - q25_.value();
      case Statistic::kMad:
        return mad_.value();
      case Statistic::kQ25:
        return q25_.value();
      case Statistic::kQ50:
        return q50_.value();
      case Statistic::kQ75:
        return q75_.value();
    }
    return kNoValue;
  }

  // The count and every statistic, in the order of the enum.
  using Row = std::array<double, 1 + kStatisticCount>;
  Row ToRow() const {
    Row row{static_cast<double>(count())};
    for (std::size_t i = 0; i < kStatisticCount; ++i) row[i + 1] = Get(static_cast<Statistic>(i));
    return row;
  }

 private:
  Welford welford_;
  double min_ = std::numeric_limits<double>::infinity();
  double max_ = -std::numeric_limits<double>::infinity();
  P2Quantile q25_{0.25};
  P2Quantile q50_{0.5};
  P2Quantile q75_{0.75};
  Mad mad_;
};

}  // namespace flux_ensemble::stats
