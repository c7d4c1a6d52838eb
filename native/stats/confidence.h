// Confidence sequences: intervals that hold at all times at once. A study that looks at them after
// every observation, and stops when it likes, is wrong no more often than their level says. The
// usual interval of a fixed number of observations holds for a single look only.
//
// They are pure functions of counts, moments and sketches that are there anyway. Nothing is kept
// for them, so a resumed run has the same ones.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>

#include "stats/aggregate.h"
#include "stats/statistic.h"

namespace flux_ensemble::stats {

// Both ends are infinite until there is an interval.
struct Interval {
  double lower = -std::numeric_limits<double>::infinity();
  double upper = std::numeric_limits<double>::infinity();

  double Get(Bound side) const {
    if (side == Bound::kHalfwidth) return (upper - lower) / 2;
    return side == Bound::kLower ? lower : upper;
  }
};

// The inverse variance of the distribution that MeanInterval mixes over. The interval is narrowest
// at some hundreds of numbers; before there are about 25, its ends are infinite, because few
// numbers of a skewed distribution mislead.
inline constexpr double kPrior = 64;

// The mean of numbers whose distribution is about normal, of unknown variance. The test martingale
// is that of H. Wang and A. Ramdas, "Anytime-valid t-tests and confidence sequences for Gaussian
// means with unknown variance", Sequential Analysis 44(1), 2025: the likelihood ratio, mixed over
// standardized means with a normal distribution. It is below 1 / (1 - level) for the values of the
// interval.
inline Interval MeanInterval(const Welford& numbers, double level) {
  if (numbers.count() < 2) return {};
  const auto n = static_cast<double>(numbers.count());
  const double growth = std::expm1(2 / n * (0.5 * std::log(n / kPrior + 1) - std::log1p(-level)));
  // With few observations, even a mean far away has not been refuted.
  const double rest = n - kPrior * growth;
  if (rest <= 0) return {};
  const double half = std::sqrt(numbers.squares() / n * (n + kPrior) * growth / rest);
  return {numbers.mean() - half, numbers.mean() + half};
}

// The natural logarithm of the likelihood of these successes among the trials, in a given order,
// mixed over all probabilities with the Beta(1/2, 1/2) distribution.
inline double LogMixture(double successes, double trials) {
  static const double kLogPi = std::log(std::numbers::pi);
  return std::lgamma(successes + 0.5) + std::lgamma(trials - successes + 0.5) -
         std::lgamma(trials + 1) - kLogPi;
}

// The probability of a success, exact for any number of independent trials: H. Robbins,
// "Statistical methods related to the law of the iterated logarithm", Annals of Mathematical
// Statistics 41(5), 1970.
class ShareInterval {
 public:
  static Interval Of(std::uint64_t successes, std::uint64_t trials, double level) {
    if (trials == 0 || successes > trials) return {};
    const auto k = static_cast<double>(successes);
    const auto n = static_cast<double>(trials);
    const double least = LogMixture(k, n) + std::log1p(-level);
    return {Lowest(k, n, least), 1 - Lowest(n - k, n, least)};
  }

 private:
  // The least probability for which the logarithm of the likelihood reaches `least`. It is a
  // concave function of the logarithm of the probability, so Newton's method comes nearer from
  // below.
  static double Lowest(double k, double n, double least) {
    if (k == 0) return 0;
    if (k == n) return std::exp(least / k);
    const double share = k / n;
    const double top = k * std::log(share) + (n - k) * std::log1p(-share) - least;
    double log_share = std::max(least / k, std::log(share) - std::sqrt(2 * top * (1 - share) / k));
    for (int step = 0; step < 50; ++step) {
      const double p = std::exp(log_share);
      const double value = k * log_share + (n - k) * std::log1p(-p) - least;
      const double change = -value / (k - (n - k) * p / (1 - p));
      log_share += change;
      if (std::abs(change) <= 1e-12) break;
    }
    return std::exp(log_share);
  }
};

// A quantile of any distribution, from the ranks of the numbers, in a sketch: the numbers up to the
// quantile are successes with the probability q. As by S. R. Howard and A. Ramdas, "Sequential
// estimation of quantiles with applications to A/B testing and best-arm identification", Bernoulli
// 28(3), 2022, with the mixture above.
class QuantileInterval {
 public:
  QuantileInterval(double q, double level) : q_(q), most_(-std::log1p(-level)) {}

  // The interval includes the error of the sketch.
  Interval Of(const Aggregate& numbers) {
    const std::uint64_t count = numbers.moments.welford.count();
    Interval interval;
    if (count == 0) return interval;
    FindRanks(count);
    const double error = numbers.sketch.relative_error();
    const auto at = [&](std::uint64_t rank, double sign) {
      const double value = numbers.sketch.ValueAt(rank, numbers.moments.min, numbers.moments.max);
      return value + sign * std::abs(value) * error;
    };
    if (from_below_ > 0) interval.lower = at(from_below_ - 1, -1);
    if (from_above_ > 0) interval.upper = at(count - from_above_, 1);
    return interval;
  }

 private:
  // Sets the ranks, counted from 1 at either end; 0 for none. Both grow with the count, so those of
  // a smaller one give a wider interval. They are found for counts of 8 significant bits only.
  void FindRanks(std::uint64_t count) {
    const int digits = std::bit_width(count);
    const int shift = std::max(0, digits - 8);
    const std::uint64_t rounded = count >> shift << shift;
    if (rounded == rounded_) return;
    rounded_ = rounded;
    from_below_ = FindRank(rounded, q_);
    from_above_ = FindRank(rounded, 1 - q_);
  }

  // The least number of successes among the trials that does not refute the probability.
  std::uint64_t FindRank(std::uint64_t trials, double probability) const {
    const auto n = static_cast<double>(trials);
    const auto refuted = [&](std::uint64_t successes) {
      const auto k = static_cast<double>(successes);
      return LogMixture(k, n) - k * std::log(probability) - (n - k) * std::log1p(-probability) >=
             most_;
    };
    std::uint64_t low = 0;
    auto high = static_cast<std::uint64_t>(n * probability);
    while (low < high) {
      const std::uint64_t middle = low + (high - low) / 2;
      if (refuted(middle))
        low = middle + 1;
      else
        high = middle;
    }
    return low;
  }

  double q_;
  double most_;
  std::uint64_t rounded_ = 0;
  std::uint64_t from_below_ = 0;
  std::uint64_t from_above_ = 0;
};

}  // namespace flux_ensemble::stats
