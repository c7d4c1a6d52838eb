// Confidence sequences: their ends by definition, and how often they are wrong when a study looks
// after every observation.
#include "stats/confidence.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "engine/engine.h"
#include "test/conditions.h"
#include "test/journals.h"

namespace flux_ensemble::stats {

namespace {

using engine::Count;
using engine::Metric;
using test::Event;
using test::Finish;
using test::Submit;
using test::TestEngine;

constexpr double kLevel = 0.95;

bool Holds(const Interval& interval, double value) {
  return interval.lower <= value && value <= interval.upper;
}

// The logarithm of the mixed likelihood ratio for a mean, from the numbers themselves.
double LogRatioOf(const std::vector<double>& numbers, double mean) {
  const auto n = static_cast<double>(numbers.size());
  double sum = 0;
  double squares = 0;
  for (const double x : numbers) {
    sum += x - mean;
    squares += (x - mean) * (x - mean);
  }
  return 0.5 * std::log(kPrior / (n + kPrior)) +
         n / 2 * std::log((n + kPrior) * squares / ((n + kPrior) * squares - sum * sum));
}

// The shares of the studies that were wrong at any look.
struct Wrong {
  double mean = 0;
  double fixed = 0;  // the interval of 1.96 standard errors
  double median = 0;
  double share = 0;
};

Wrong Simulate(int studies, int jobs) {
  std::mt19937_64 generator(29);
  Wrong wrong;
  const double one = 1.0 / studies;
  for (int study = 0; study < studies; ++study) {
    std::normal_distribution<double> normal(5, 2);
    Aggregate numbers;
    QuantileInterval median(0.5, kLevel);
    std::uint64_t successes = 0;
    bool mean_missed = false;
    bool fixed_missed = false;
    bool median_missed = false;
    bool share_missed = false;
    for (int job = 1; job <= jobs; ++job) {
      const double x = normal(generator);
      numbers.Observe(x);
      successes += x < 2.4369 ? 1 : 0;  // one in ten
      const Welford& moments = numbers.moments.welford;
      mean_missed |= !Holds(MeanInterval(moments, kLevel), 5);
      const double error = 1.96 * std::sqrt(moments.variance() / job);
      fixed_missed |= job >= 10 && std::abs(moments.mean() - 5) > error;
      median_missed |= !Holds(median.Of(numbers), 5);
      share_missed |= job % 10 == 0 && !Holds(ShareInterval::Of(successes, job, kLevel), 0.1);
    }
    wrong.mean += mean_missed ? one : 0;
    wrong.fixed += fixed_missed ? one : 0;
    wrong.median += median_missed ? one : 0;
    wrong.share += share_missed ? one : 0;
  }
  return wrong;
}

Metric Bounded(Bound bound, Metric metric = {}) {
  metric.bound = bound;
  metric.level = kLevel;
  return metric;
}

std::string Ran(journal::JobId id, double duration, int status) {
  const double end = 1000 + static_cast<double>(id);
  return Submit(id, end - duration - 1, "g") + Event(id, end - duration, "start") +
         Finish(id, end, status) + Event(id, end, "clean");
}

}  // namespace

TEST_CASE("the ends of a mean's interval are where the ratio reaches the level") {
  std::vector<double> numbers;
  Welford moments;
  std::mt19937_64 generator(3);
  std::uniform_real_distribution<double> uniform(-3, 4);
  for (int i = 0; i < 500; ++i) {
    numbers.push_back(uniform(generator));
    moments.Observe(numbers.back());
    const Interval interval = MeanInterval(moments, kLevel);
    if (i < 10) CHECK(std::isinf(interval.Get(Bound::kHalfwidth)));
    if (i < 40) continue;
    CHECK(LogRatioOf(numbers, interval.lower) == doctest::Approx(std::log(20)));
    CHECK(LogRatioOf(numbers, interval.upper) == doctest::Approx(std::log(20)));
    CHECK(interval.Get(Bound::kHalfwidth) ==
          doctest::Approx((interval.upper - interval.lower) / 2));
  }
}

TEST_CASE("the ends of a share's interval are where the likelihood reaches the level") {
  for (const std::uint64_t trials : {1u, 2u, 7u, 100u, 12'345u, 1'000'000u}) {
    for (const std::uint64_t successes :
         {std::uint64_t{0}, std::uint64_t{1}, trials / 10, trials / 2, trials - 1, trials}) {
      const auto [lower, upper] = ShareInterval::Of(successes, trials, kLevel);
      const auto k = static_cast<double>(successes);
      const auto n = static_cast<double>(trials);
      const auto likelihood = [&](double p) {
        return (k == 0 ? 0 : k * std::log(p)) + (k == n ? 0 : (n - k) * std::log1p(-p));
      };
      const double least = LogMixture(k, n) + std::log(0.05);
      CAPTURE(successes);
      CAPTURE(trials);
      if (successes == 0)
        CHECK(lower == 0);
      else
        CHECK(likelihood(lower) - least == doctest::Approx(0).epsilon(1e-6));
      if (successes == trials)
        CHECK(upper == 1);
      else
        CHECK(likelihood(upper) - least == doctest::Approx(0).epsilon(1e-6));
      CHECK(lower <= k / n);
      CHECK(upper >= k / n);
    }
  }
}

TEST_CASE("looking after every job, studies are wrong no more often than the level says") {
  const Wrong wrong = Simulate(1000, 300);
  CHECK(wrong.mean < 0.05);
  CHECK(wrong.median < 0.05);
  CHECK(wrong.share < 0.05);
  // The interval of a fixed number of jobs is wrong in a third of such studies.
  CHECK(wrong.fixed > 0.3);
}

TEST_CASE("a quantile's interval grows narrower, and holds the quantile of the numbers") {
  Aggregate numbers;
  QuantileInterval p90(0.9, kLevel);
  double before = 1e9;
  for (int i = 0; i < 20'000; ++i) {
    numbers.Observe(1 + (i * 7919 % 10'007) / 100.0);
    const Interval interval = p90.Of(numbers);
    const double width = interval.Get(Bound::kHalfwidth);
    CHECK(Holds(interval, numbers.Get(Statistic::kQuantile, 0.9)));
    if (i % 5000 != 4999) continue;
    CHECK(width <= before);
    before = width;
  }
  CHECK(before < 1.5);
  // The same numbers in another object: it depends on nothing else.
  QuantileInterval other(0.9, kLevel);
  CHECK(other.Of(numbers).lower == p90.Of(numbers).lower);
  CHECK(other.Of(numbers).upper == p90.Of(numbers).upper);
}

TEST_CASE("rules follow the bounds of means, quantiles and shares") {
  engine::Plan plan;
  plan.groups = {"g"};
  plan.metrics = {
      Bounded(Bound::kLower),
      Bounded(Bound::kHalfwidth, {.statistic = Statistic::kQuantile, .quantile = 0.5}),
      Bounded(Bound::kUpper, {.kind = Metric::Kind::kShare, .count = Count::kFailed}),
  };
  engine::Rule rule;
  rule.trigger = engine::TriggerType::kMetric;
  rule.program = test::Comparing(2, engine::Op::kLess, 0.1);
  plan.rules = {rule};
  TestEngine engine(plan);
  const auto value = [&](std::uint32_t metric) {
    return engine.engine.GetSnapshot().metrics[metric];
  };
  CHECK(std::isinf(value(0)));
  CHECK(std::isinf(value(1)));
  CHECK(std::isinf(value(2)));
  Welford durations;
  for (journal::JobId id = 1; id <= 60; ++id) {
    const double duration = 10 + static_cast<double>(id % 7);
    durations.Observe(duration);
    engine.Feed(Ran(id, duration, id == 5 ? 256 : 0));
    CHECK(value(2) == ShareInterval::Of(id < 5 ? 0 : 1, id, kLevel).upper);
  }
  CHECK(value(0) == MeanInterval(durations, kLevel).lower);
  CHECK(value(1) > 0);
  CHECK(value(1) < 5);
  // A success makes the share of failures less, too.
  CHECK(engine.Fired().empty());
  for (journal::JobId id = 61; id <= 200; ++id) engine.Feed(Ran(id, 10, 0));
  CHECK(engine.Fired().size() == 1);
}

}  // namespace flux_ensemble::stats
