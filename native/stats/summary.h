// The statistics of every stream of numbers, such as the durations of a job group.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "stats/mad.h"
#include "stats/p2_quartiles.h"
#include "stats/statistic.h"
#include "stats/welford.h"

namespace flux_ensemble::stats {

class Summary {
 public:
  // `x` must be finite.
  void Observe(double x) {
    welford_.Observe(x);
    quartiles_.Observe(x);
    mad_.Observe(x, quartiles_.value(1));
  }

  std::uint64_t count() const { return welford_.count(); }
  const Welford& welford() const { return welford_; }

  // kNoValue before the first observation, and for statistics that are kept elsewhere
  // (IsSummarized).
  double Get(Statistic statistic) const {
    if (count() == 0) return kNoValue;
    switch (statistic) {
      case Statistic::kMean:
        return welford_.mean();
      case Statistic::kVariance:
        return welford_.variance();
      case Statistic::kMin:
        return quartiles_.min();
      case Statistic::kMax:
        return quartiles_.max();
      case Statistic::kIqr:
        return quartiles_.value(2) - quartiles_.value(0);
      case Statistic::kMad:
        return mad_.value();
      case Statistic::kQ25:
        return quartiles_.value(0);
      case Statistic::kQ50:
        return quartiles_.value(1);
      case Statistic::kQ75:
        return quartiles_.value(2);
      case Statistic::kStd:
        return std::sqrt(welford_.variance());
      case Statistic::kCount:
        return static_cast<double>(count());
      default:
        return kNoValue;
    }
  }

  // The count and the first kKeptStatisticCount statistics, in the order of the enum.
  using Row = std::array<double, 1 + kKeptStatisticCount>;
  Row ToRow() const {
    Row row{static_cast<double>(count())};
    for (std::size_t i = 0; i < kKeptStatisticCount; ++i)
      row[i + 1] = Get(static_cast<Statistic>(i));
    return row;
  }

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(welford_, quartiles_, mad_);
  }

 private:
  Welford welford_;
  P2Quartiles<1, 2, 3> quartiles_;
  Mad mad_;
};

}  // namespace flux_ensemble::stats
