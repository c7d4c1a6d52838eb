// A mergeable part of a stream: exact moments and extremes, and a sketch for the quantiles.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "stats/ddsketch.h"
#include "stats/statistic.h"
#include "stats/sum.h"
#include "stats/welford.h"

namespace flux_ensemble::stats {

struct Moments {
  Welford welford;
  Sum sum;
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();
  double last = 0;

  void Observe(double x) {
    welford.Observe(x);
    sum.Add(x);
    min = std::min(min, x);
    max = std::max(max, x);
    last = x;
  }

  // As if the other's observations had come after those here.
  void Merge(const Moments& later) {
    if (later.welford.count() == 0) return;
    welford.Merge(later.welford);
    sum.Merge(later.sum);
    min = std::min(min, later.min);
    max = std::max(max, later.max);
    last = later.last;
  }

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(welford, sum, min, max, last);
  }
};

// A quantile of a sketch, or a statistic computed from quantiles. min and max bound the numbers.
inline double SketchValue(const DdSketch& sketch, Statistic statistic, double q, double min,
                          double max) {
  const auto quantile = [&](double at) { return sketch.Quantile(at, min, max); };
  switch (statistic) {
    case Statistic::kQuantile:
      return quantile(q);
    case Statistic::kQ25:
      return quantile(0.25);
    case Statistic::kQ50:
      return quantile(0.5);
    case Statistic::kQ75:
      return quantile(0.75);
    case Statistic::kIqr:
    case Statistic::kSketchIqr:
      return quantile(0.75) - quantile(0.25);
    case Statistic::kMad:
    case Statistic::kSketchMad:
      return sketch.Mad(min, max);
    default:
      return kNoValue;
  }
}

struct Aggregate {
  Moments moments;
  DdSketch sketch;

  void Observe(double x) {
    moments.Observe(x);
    sketch.Observe(x);
  }

  // Keeps the memory.
  void Clear() {
    moments = Moments();
    sketch.Clear();
  }

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(moments, sketch);
  }

  // kNoValue without an observation, and for statistics that a part can't have.
  double Get(Statistic statistic, double q) const {
    if (moments.welford.count() == 0) return kNoValue;
    switch (statistic) {
      case Statistic::kMean:
        return moments.welford.mean();
      case Statistic::kVariance:
        return moments.welford.variance();
      case Statistic::kStd:
        return std::sqrt(moments.welford.variance());
      case Statistic::kCount:
        return static_cast<double>(moments.welford.count());
      case Statistic::kMin:
        return moments.min;
      case Statistic::kMax:
        return moments.max;
      case Statistic::kSum:
        return moments.sum.value();
      case Statistic::kLast:
        return moments.last;
      default:
        return SketchValue(sketch, statistic, q, moments.min, moments.max);
    }
  }
};

}  // namespace flux_ensemble::stats
