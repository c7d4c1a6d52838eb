// The sketch compared with exact quantiles: within the error of its scale, for any numbers in any
// parts.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "stats/aggregate.h"
#include "stats/ddsketch.h"
#include "stats/log_buckets.h"
#include "test/exact.h"
#include "test/sketches.h"

namespace flux_ensemble::stats {

namespace {

using test::Numbers;
using test::SameSketch;

Aggregate Of(const Numbers& numbers) {
  Aggregate aggregate;
  for (const double x : numbers) aggregate.Observe(x);
  return aggregate;
}

// Arithmetic of whole numbers without a limit: 32 bits a digit, the lowest first.
using Big = std::vector<std::uint32_t>;

Big Square(const Big& a) {
  Big square(2 * a.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::uint64_t carry = 0;
    for (std::size_t j = 0; j < a.size(); ++j) {
      carry += square[i + j] + std::uint64_t{a[i]} * a[j];
      square[i + j] = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
    square[i + a.size()] = static_cast<std::uint32_t>(carry);
  }
  return square;
}

// Whether m^64 is at most 2^bit.
bool RootIsAtLeast(std::uint64_t m, std::size_t bit) {
  Big power = {static_cast<std::uint32_t>(m), static_cast<std::uint32_t>(m >> 32)};
  for (int i = 0; i < 6; ++i) power = Square(power);
  std::size_t highest = 0;
  std::size_t ones = 0;
  for (std::size_t i = 0; i < 32 * power.size(); ++i) {
    if ((power[i / 32] >> (i % 32) & 1) == 0) continue;
    highest = i;
    ++ones;
  }
  return highest < bit || (highest == bit && ones == 1);
}

// The largest double that is not above 2^(k/64).
double Edge(std::size_t k) {
  std::uint64_t low = std::uint64_t{1} << 52;
  std::uint64_t high = low * 2;
  while (high - low > 1) {
    const std::uint64_t middle = low + (high - low) / 2;
    (RootIsAtLeast(middle, 52 * 64 + k) ? low : high) = middle;
  }
  return std::ldexp(static_cast<double>(low), -52);
}

// Where a number lies between two, the larger distance of these from 0.
double Within(const Numbers& numbers, double q) {
  const double exact = test::Quantile(numbers, q);
  const auto [low, high] = test::Neighbours(numbers, q);
  return low < 0 && high > 0 ? std::max(-low, high) : std::abs(exact);
}

constexpr auto kMaxBuckets = std::size_t{BucketRow::kMaxBuckets};
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kQuantiles[] = {0,    0.001, 0.01, 0.05, 0.1,   0.25, 0.5,
                                 0.75, 0.9,   0.95, 0.99, 0.999, 1};

}  // namespace

TEST_CASE("the boundaries of buckets are exact, and belong to the lower bucket") {
  for (std::size_t k = 0; k < 64; ++k) {
    CAPTURE(k);
    const double edge = Edge(k);
    for (const int octave : {-1021, -1, 0, 1, 52, 1023}) {
      const double boundary = std::ldexp(edge, octave);
      const std::int32_t above = octave * 64 + static_cast<std::int32_t>(k);
      REQUIRE(LogBuckets::IndexOf(boundary) == above - 1);
      REQUIRE(LogBuckets::IndexOf(std::nextafter(boundary, 0.0)) == above - 1);
      REQUIRE(LogBuckets::IndexOf(std::nextafter(boundary, kInfinity)) == above);
    }
  }
  CHECK(LogBuckets::IndexOf(1) == -1);
  CHECK(LogBuckets::IndexOf(std::nextafter(LogBuckets::kZeroThreshold, 1.0)) == -1022 * 64);
  CHECK(LogBuckets::IndexOf(std::numeric_limits<double>::max()) == 1024 * 64 - 1);
}

TEST_CASE("no number is further from the value of its bucket than the error of the scale") {
  CHECK(LogBuckets::RelativeErrorAt(6) == doctest::Approx(0.0054152).epsilon(1e-5));
  CHECK(LogBuckets::RelativeErrorAt(0) == doctest::Approx(1.0 / 3));
  std::mt19937_64 random(2019);
  std::uniform_real_distribution<double> mantissa(1, 2);
  const auto check = [](double x) {
    for (unsigned scale = 0; scale <= LogBuckets::kScale; ++scale) {
      const std::int32_t index = LogBuckets::IndexOf(x) >> (LogBuckets::kScale - scale);
      const double value = LogBuckets::ValueOf(index, scale);
      REQUIRE(std::abs(value - x) <= LogBuckets::RelativeErrorAt(scale) * x * (1 + 1e-13));
    }
  };
  check(std::nextafter(LogBuckets::kZeroThreshold, 1.0));
  check(std::numeric_limits<double>::max());
  for (int exponent = -1022; exponent <= 1023; ++exponent) {
    if (exponent > -1022) check(std::ldexp(1.0, exponent));
    check(std::nextafter(std::ldexp(1.0, exponent), kInfinity));
    for (int i = 0; i < 50; ++i) check(std::ldexp(mantissa(random), exponent));
  }
}

TEST_CASE("quantiles are within the error of the scale of the exact ones") {
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
        // Interpolation between two numbers is rounded.
        const auto [low, high] = test::Neighbours(numbers, q);
        const double rounding = 1e-15 * std::max(std::abs(low), std::abs(high));
        REQUIRE(std::abs(value - exact) <=
                aggregate.sketch.relative_error() * Within(numbers, q) * (1 + 1e-12) + rounding);
      }
      REQUIRE(aggregate.Get(Statistic::kQuantile, 0) == test::Quantile(numbers, 0));
      REQUIRE(aggregate.Get(Statistic::kQuantile, 1) == test::Quantile(numbers, 1));
    }
  }
}

TEST_CASE("the sketch's MAD and IQR are off by the error of the numbers that they are made of") {
  std::mt19937_64 random(2);
  for (const std::size_t count : {1, 2, 3, 5, 6, 100, 5000}) {
    for (const auto& [name, numbers] : test::SignedDistributions(count, random)) {
      CAPTURE(name);
      CAPTURE(count);
      const Aggregate aggregate = Of(numbers);
      const double median = Within(numbers, 0.5);
      const double mad = test::Mad(numbers);
      const double error = aggregate.sketch.relative_error();
      // Numbers within the MAD of the median are no larger than their sum.
      CHECK(std::abs(aggregate.Get(Statistic::kSketchMad, 0) - mad) <=
            1.03 * error * (2 * median + mad));
      const double iqr = test::Quantile(numbers, 0.75) - test::Quantile(numbers, 0.25);
      CHECK(std::abs(aggregate.Get(Statistic::kSketchIqr, 0) - iqr) <=
            error * (1 + 1e-12) * (Within(numbers, 0.25) + Within(numbers, 0.75)));
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

TEST_CASE("numbers that span up to 64 octaves keep the finest scale") {
  DdSketch sketch;
  for (const double x : {std::nextafter(1.0, 2.0), 2.0, 0x1p64}) sketch.Observe(x);
  CHECK(sketch.scale() == 6);
  CHECK(sketch.relative_error() < 0.0055);
  CHECK(sketch.buckets().size() == kMaxBuckets);
  // One bucket more, on either side.
  for (const double x : {1.0, std::nextafter(0x1p64, kInfinity)}) {
    DdSketch wider = sketch;
    wider.Observe(x);
    CHECK(wider.scale() == 5);
    CHECK(wider.relative_error() < 0.011);
    CHECK(wider.count() == 4);
    CHECK(wider.buckets().size() == kMaxBuckets / 2 + 1);
  }
}

TEST_CASE("pairs of buckets are merged where numbers are further apart") {
  std::mt19937_64 random(4);
  for (const int powers : {19, 30, 45, 90, 180, 300}) {
    CAPTURE(powers);
    std::uniform_real_distribution<double> exponent(-powers, powers);
    Numbers numbers;
    std::vector<DdSketch> parts(4);
    Aggregate whole;
    for (int i = 0; i < 20'000; ++i) {
      const double x = std::pow(10, exponent(random));
      numbers.push_back(x);
      whole.Observe(x);
      // Parts of one power of ten, and parts of all.
      const auto part = i % 2 == 0 ? 0 : 1 + static_cast<std::size_t>(x < 10) + (x < 1);
      parts[static_cast<std::size_t>(part)].Observe(x);
    }
    const double octaves = 2 * powers * std::log2(10);
    CHECK(whole.sketch.scale() == 6 - static_cast<unsigned>(std::ceil(std::log2(octaves / 64))));
    CHECK(whole.sketch.buckets().size() <= kMaxBuckets);
    CHECK(whole.sketch.count() == numbers.size());
    // The two numbers of a quantile may differ by more than the error.
    for (const double q : kQuantiles) {
      const auto [low, high] = test::Neighbours(numbers, q);
      const double error = whole.sketch.relative_error() * (1 + 1e-12);
      const double value = whole.Get(Statistic::kQuantile, q);
      CHECK(value >= low * (1 - error));
      CHECK(value <= high * (1 + error));
    }
    DdSketch merged;
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) merged.Merge(*part);
    CHECK(SameSketch(merged, whole.sketch));
    DdSketch other_way;
    for (const DdSketch& part : parts) other_way.Merge(part);
    CHECK(SameSketch(other_way, whole.sketch));
  }
}

TEST_CASE("numbers of either sign have their own buckets, of one scale") {
  Aggregate aggregate;
  for (const double x : {1e-300, -1e-300, 5e-324, -5e-324, 0.0, -0.0}) aggregate.Observe(x);
  CHECK(aggregate.sketch.zeros() == 4);
  CHECK(aggregate.sketch.scale() == 6);
  aggregate.Observe(1e300);
  CHECK(aggregate.sketch.scale() == 1);
  CHECK(aggregate.sketch.negative().size() == 1);
  aggregate.Observe(-1e300);
  CHECK(aggregate.sketch.scale() == 1);
  CHECK(aggregate.sketch.negative().size() == aggregate.sketch.buckets().size());
  CHECK(aggregate.sketch.count() == 8);
  CHECK(aggregate.Get(Statistic::kQuantile, 0) == -1e300);
  CHECK(aggregate.Get(Statistic::kQuantile, 0.5) == 0);
  CHECK(aggregate.Get(Statistic::kQuantile, 1) == 1e300);
  Aggregate huge;
  for (const double x : {-1.7e308, 1.7e308, -1.6e308, 1.6e308}) huge.Observe(x);
  // Their differences are not finite.
  CHECK_FALSE(std::isfinite(huge.Get(Statistic::kSketchMad, 0)));
  // Streams without negative numbers use no memory for them.
  CHECK(Of({0, 1, 2}).sketch.negative().counts().data() == nullptr);
}

TEST_CASE("the numbers of any double fit") {
  DdSketch sketch;
  for (const double sign : {1.0, -1.0}) {
    sketch.Observe(sign * std::numeric_limits<double>::max());
    sketch.Observe(sign * std::nextafter(LogBuckets::kZeroThreshold, 1.0));
  }
  CHECK(sketch.scale() == 1);
  CHECK(sketch.buckets().size() == 2 * 2046);
  CHECK(sketch.negative().size() == 2 * 2046);
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
    both.Remove(first);
    CHECK(both.scale() == second.scale());
    CHECK_FALSE(both.CouldBeFiner());
    REQUIRE(SameSketch(both, second));
  }
}

TEST_CASE("numbers are removed at the scale of the sketch, and the rest may be finer") {
  DdSketch near;
  DdSketch far;
  DdSketch wide;
  for (const double x : {1.0, 3.0, -7.0}) near.Observe(x);
  for (const double x : {1e-20, 1e20}) far.Observe(x);
  for (const double x : {1e-300, 1e300}) wide.Observe(x);
  DdSketch sketch;
  for (const DdSketch& part : {near, far, wide}) sketch.Merge(part);
  CHECK(sketch.scale() == 1);
  CHECK_FALSE(sketch.CouldBeFiner());
  sketch.Remove(wide);
  CHECK(sketch.scale() == 1);
  CHECK(sketch.count() == 5);
  CHECK(sketch.CouldBeFiner());
  sketch.Remove(near);
  sketch.Remove(far);
  CHECK(sketch.count() == 0);
  CHECK(sketch.buckets().size() == 0);
  CHECK(sketch.negative().size() == 0);
  sketch.Clear();
  sketch.Merge(near);
  CHECK(SameSketch(sketch, near));
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
