// The sketch compared with exact quantiles: within 1 % for any numbers in any parts.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "stats/aggregate.h"
#include "stats/ddsketch.h"
#include "stats/log_buckets.h"
#include "test/exact.h"

namespace flux_ensemble::stats {

namespace {

using test::Numbers;

Aggregate Of(const Numbers& numbers) {
  Aggregate aggregate;
  for (const double x : numbers) aggregate.Observe(x);
  return aggregate;
}

bool SameRow(const BucketRow& a, const BucketRow& b) {
  return (a.size() == 0 || a.first() == b.first()) && a.counts() == b.counts();
}

bool SameSketch(const DdSketch& a, const DdSketch& b) {
  return a.count() == b.count() && a.zeros() == b.zeros() && SameRow(a.buckets(), b.buckets()) &&
         SameRow(a.negative(), b.negative());
}

// Whether `rest` has the same in its buckets as `wide`, which has more of them.
bool SameCounts(const BucketRow& wide, const BucketRow& rest) {
  for (std::size_t i = 0; i < wide.size(); ++i) {
    const std::int64_t place = std::int64_t{wide.IndexAt(i)} - rest.first();
    const bool there = place >= 0 && place < static_cast<std::int64_t>(rest.size());
    if (wide.counts()[i] != (there ? rest.counts()[static_cast<std::size_t>(place)] : 0)) {
      return false;
    }
  }
  return rest.size() <= wide.size();
}

// Where a number lies between two, the larger distance of these from 0.
double Within(const Numbers& numbers, double q) {
  const double exact = test::Quantile(numbers, q);
  const auto [low, high] = test::Neighbours(numbers, q);
  return low < 0 && high > 0 ? std::max(-low, high) : std::abs(exact);
}

constexpr double kQuantiles[] = {0,    0.001, 0.01, 0.05, 0.1,   0.25, 0.5,
                                 0.75, 0.9,   0.95, 0.99, 0.999, 1};

}  // namespace

TEST_CASE("no number is further than 1 % from the value of its bucket") {
  std::mt19937_64 random(2019);
  std::uniform_real_distribution<double> mantissa(1, 2);
  const auto check = [](double x) {
    const double value = LogBuckets::ValueOf(LogBuckets::IndexOf(x));
    REQUIRE(std::abs(value - x) <= DdSketch::kRelativeError * x);
  };
  check(LogBuckets::kSmallest);
  check(std::numeric_limits<double>::max());
  for (int exponent = -1022; exponent <= 1023; ++exponent) {
    check(std::ldexp(1.0, exponent));
    check(std::nextafter(std::ldexp(1.0, exponent), std::numeric_limits<double>::infinity()));
    for (int i = 0; i < 100; ++i) check(std::ldexp(mantissa(random), exponent));
  }
}

TEST_CASE("buckets are in the order of their numbers, 35 to a power of two") {
  CHECK(LogBuckets::IndexOf(1) == 0);
  CHECK(LogBuckets::IndexOf(2) == 35);
  CHECK(LogBuckets::IndexOf(std::nextafter(2.0, 0.0)) == 34);
  CHECK(LogBuckets::IndexOf(0.5) == -35);
  std::int32_t last = LogBuckets::IndexOf(0.5);
  std::size_t steps = 0;
  for (double x = 0.5; x < 4; x += 0x1p-14) {
    const std::int32_t index = LogBuckets::IndexOf(x);
    REQUIRE((index == last || index == last + 1));
    steps += index != last;
    last = index;
  }
  CHECK(steps == 3 * 35 - 1);
}

TEST_CASE("quantiles are within 1 % of the exact ones") {
  std::mt19937_64 random(1);
  for (const std::size_t count : {1, 2, 3, 4, 5, 6, 10, 99, 1000, 20'000}) {
    for (const auto& [name, numbers] : test::SignedDistributions(count, random)) {
      CAPTURE(name);
      CAPTURE(count);
      const Aggregate aggregate = Of(numbers);
      for (const double q : kQuantiles) {
        CAPTURE(q);
        const double exact = test::Quantile(numbers, q);
        const double value = aggregate.Get(Statistic::kQuantile, q);
        REQUIRE(std::abs(value - exact) <=
                DdSketch::kRelativeError * Within(numbers, q) * (1 + 1e-12));
      }
      REQUIRE(aggregate.Get(Statistic::kQuantile, 0) == test::Quantile(numbers, 0));
      REQUIRE(aggregate.Get(Statistic::kQuantile, 1) == test::Quantile(numbers, 1));
    }
  }
}

TEST_CASE("the sketch's MAD and IQR are off by 1 % of what they are made of") {
  std::mt19937_64 random(2);
  for (const std::size_t count : {1, 2, 3, 5, 6, 100, 5000}) {
    for (const auto& [name, numbers] : test::SignedDistributions(count, random)) {
      CAPTURE(name);
      CAPTURE(count);
      const Aggregate aggregate = Of(numbers);
      const double median = Within(numbers, 0.5);
      const double mad = test::Mad(numbers);
      // Numbers within the MAD of the median are no larger than their sum.
      CHECK(std::abs(aggregate.Get(Statistic::kSketchMad, 0) - mad) <= 0.0103 * (2 * median + mad));
      const double iqr = test::Quantile(numbers, 0.75) - test::Quantile(numbers, 0.25);
      CHECK(std::abs(aggregate.Get(Statistic::kSketchIqr, 0) - iqr) <=
            DdSketch::kRelativeError * (1 + 1e-12) *
                (Within(numbers, 0.25) + Within(numbers, 0.75)));
    }
  }
  CHECK(Of({7, 7, 7}).Get(Statistic::kSketchMad, 0) == 0);
  CHECK(Of({7, 7, 7}).Get(Statistic::kSketchIqr, 0) == 0);
}

TEST_CASE("merged parts equal the whole") {
  std::mt19937_64 random(3);
  for (const std::size_t count : {1, 2, 7, 100, 3000}) {
    for (const auto& [name, numbers] : test::SignedDistributions(count, random)) {
      CAPTURE(name);
      std::vector<Aggregate> parts(1 + random() % 9);
      Aggregate whole;
      for (const double x : numbers) {
        parts[random() % parts.size()].Observe(x);
        whole.Observe(x);
      }
      Aggregate merged;
      for (const Aggregate& part : parts) {
        merged.moments.Merge(part.moments);
        merged.sketch.Merge(part.sketch);
      }
      REQUIRE(SameSketch(merged.sketch, whole.sketch));
      REQUIRE(merged.moments.min == whole.moments.min);
      REQUIRE(merged.moments.max == whole.moments.max);
      if (name.ends_with("huge")) continue;  // its sum is not finite
      double sum = 0;
      for (const double x : numbers) sum += std::abs(x);
      for (const Statistic statistic : {Statistic::kMean, Statistic::kSum}) {
        const double value = whole.Get(statistic, 0);
        REQUIRE(std::abs(merged.Get(statistic, 0) - value) <= 1e-12 * sum);
      }
      if (name.ends_with("near 1e9")) continue;  // too few digits are left of it
      const double variance = whole.Get(Statistic::kVariance, 0);
      const double mean = whole.Get(Statistic::kMean, 0);
      REQUIRE(std::abs(merged.Get(Statistic::kVariance, 0) - variance) <=
              1e-10 * variance + 1e-20 * mean * mean);
    }
  }
}

TEST_CASE("the number of buckets is bounded, at the cost of the smallest numbers") {
  std::mt19937_64 random(4);
  std::uniform_real_distribution<double> exponent(-300, 300);
  Numbers numbers;
  std::vector<DdSketch> parts(4);
  Aggregate whole;
  for (int i = 0; i < 20'000; ++i) {
    const double x = std::pow(10, exponent(random));
    numbers.push_back(x);
    whole.Observe(x);
    parts[static_cast<std::size_t>(i) % parts.size()].Observe(x);
  }
  CHECK(whole.sketch.full());
  CHECK(whole.sketch.buckets().size() == BucketRow::kMaxBuckets);
  CHECK(whole.sketch.count() == numbers.size());
  // 2048 buckets are 17.6 of the 600 powers of ten.
  for (const double q : {0.975, 0.98, 0.99, 0.999, 1.0}) {
    const double exact = test::Quantile(numbers, q);
    CHECK(std::abs(whole.Get(Statistic::kQuantile, q) - exact) <= 0.01 * exact);
  }
  CHECK(whole.Get(Statistic::kQuantile, 0.5) > test::Quantile(numbers, 0.5));
  DdSketch merged;
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) merged.Merge(*part);
  CHECK(SameSketch(merged, whole.sketch));
}

TEST_CASE("numbers of either sign have their own buckets, and the smallest are given up first") {
  Aggregate aggregate;
  for (const double x : {1e-300, -1e-300, 5e-324, -5e-324, 0.0, -0.0}) aggregate.Observe(x);
  CHECK(aggregate.sketch.zeros() == 4);
  for (const double x : {1e300, -1e300}) aggregate.Observe(x);
  CHECK(aggregate.sketch.full());
  CHECK(aggregate.sketch.negative().size() == BucketRow::kMaxBuckets);
  CHECK(aggregate.sketch.count() == 8);
  CHECK(aggregate.Get(Statistic::kQuantile, 0) == -1e300);
  CHECK(aggregate.Get(Statistic::kQuantile, 0.5) == 0);
  CHECK(aggregate.Get(Statistic::kQuantile, 1) == 1e300);
  Aggregate huge;
  for (const double x : {-1.7e308, 1.7e308, -1.6e308, 1.6e308}) huge.Observe(x);
  // Their differences are not finite.
  CHECK_FALSE(std::isfinite(huge.Get(Statistic::kSketchMad, 0)));
  // Streams without negative numbers use no memory for them.
  CHECK(Of({0, 1, 2}).sketch.negative().counts().capacity() == 0);
}

TEST_CASE("added numbers can be removed again") {
  std::mt19937_64 random(5);
  for (const auto& [name, numbers] : test::SignedDistributions(500, random)) {
    CAPTURE(name);
    DdSketch first;
    DdSketch second;
    DdSketch both;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      (i % 3 == 0 ? first : second).Observe(numbers[i]);
      both.Observe(numbers[i]);
    }
    REQUIRE_FALSE(both.full());
    both.Remove(first);
    CHECK(both.count() == second.count());
    CHECK(both.zeros() == second.zeros());
    REQUIRE(SameCounts(both.buckets(), second.buckets()));
    REQUIRE(SameCounts(both.negative(), second.negative()));
  }
}

TEST_CASE("a rank is the number of observations that are not larger") {
  DdSketch sketch;
  CHECK(sketch.Rank(5) == 0);
  for (const double x : {0.0, 0.0, 1.0, 10.0, 100.0}) sketch.Observe(x);
  CHECK(sketch.Rank(-1) == 0);
  CHECK(sketch.Rank(0) == 2);
  CHECK(sketch.Rank(0.9) == 2);
  CHECK(sketch.Rank(1) == 3);
  CHECK(sketch.Rank(50) == 4);
  CHECK(sketch.Rank(1e300) == 5);
  for (const double x : {-1.0, -10.0, -10.0}) sketch.Observe(x);
  CHECK(sketch.Rank(-100) == 0);
  CHECK(sketch.Rank(-10) == 2);
  CHECK(sketch.Rank(-5) == 2);
  CHECK(sketch.Rank(-1) == 3);
  CHECK(sketch.Rank(-1e-320) == 3);
  CHECK(sketch.Rank(0) == 5);
  CHECK(sketch.Rank(50) == 7);
}

TEST_CASE("sums keep what a plain sum would lose") {
  Sum sum;
  for (const double x : {1e16, 1.0, 1.0, 1.0, 1.0}) sum.Add(x);
  CHECK(sum.value() == 1e16 + 4);
  Sum tenths;
  Sum part;
  for (int i = 0; i < 1000; ++i) (i % 2 == 0 ? tenths : part).Add(0.1);
  tenths.Merge(part);
  CHECK(tenths.value() == 100);
  Sum overflow;
  for (int i = 0; i < 3; ++i) overflow.Add(1e308);
  CHECK(overflow.value() == std::numeric_limits<double>::infinity());
}

}  // namespace flux_ensemble::stats
