// Statistics compared with those of the `river` library: test/fixtures/vectors.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "stats/summary.h"
#include "test/json_value.h"
#include "test/support.h"
#include "test/textbook_p2.h"

namespace flux_ensemble::stats {

namespace {

using test::JsonValue;

bool SameBits(double a, double b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

// Zero has two signs. The sign of a difference of equal values does not belong to the statistic.
bool Same(double a, double b) {
  return SameBits(a, b) || (a == 0 && b == 0);
}

bool Near(double value, double expected, double tolerance) {
  return std::abs(value - expected) <= tolerance * std::abs(expected);
}

struct Quantile {
  const char* key;
  test::TextbookP2 estimator;
};

void CheckAt(const JsonValue& expected, const Summary& summary,
             const std::vector<Quantile>& quantiles, double tolerance) {
  CAPTURE(expected["n"].text());
  CHECK(summary.count() == expected["n"].Unsigned());
  CHECK(Near(summary.Get(Statistic::kMean), expected["mean"].Double(), tolerance));
  CHECK(Near(summary.Get(Statistic::kVariance), expected["variance"].Double(), tolerance));
  CHECK(Same(summary.Get(Statistic::kMin), expected["min"].Double()));
  CHECK(Same(summary.Get(Statistic::kMax), expected["max"].Double()));
  CHECK(Same(summary.Get(Statistic::kIqr), expected["iqr"].Double()));
  CHECK(Same(summary.Get(Statistic::kMad), expected["mad"].Double()));
  CHECK(Same(summary.Get(Statistic::kQ25), expected["q25"].Double()));
  CHECK(Same(summary.Get(Statistic::kQ50), expected["q50"].Double()));
  CHECK(Same(summary.Get(Statistic::kQ75), expected["q75"].Double()));
  for (const Quantile& quantile : quantiles) {
    CAPTURE(quantile.key);
    CHECK(Same(quantile.estimator.value(), expected[quantile.key].Double()));
  }
}

}  // namespace

TEST_CASE("statistics are river's, bit for bit") {
  const JsonValue vectors = JsonValue::Parse(test::ReadFixture("vectors/river-stats.json"));
  REQUIRE(vectors.items().size() > 80);
  std::size_t checkpoints = 0;
  for (const JsonValue& sequence : vectors.items()) {
    const std::string& name = sequence["name"].text();
    CAPTURE(name);
    const double tolerance = name.starts_with("near_1e9") ? 1e-9 : 1e-12;
    Summary summary;
    std::vector<Quantile> quantiles = {
        {"q05", test::TextbookP2(0.05)}, {"q25", test::TextbookP2(0.25)},
        {"q50", test::TextbookP2(0.5)},  {"q75", test::TextbookP2(0.75)},
        {"q95", test::TextbookP2(0.95)}, {"q99", test::TextbookP2(0.99)},
    };
    auto next = sequence["checkpoints"].items().begin();
    for (const JsonValue& input : sequence["input"].items()) {
      summary.Observe(input.Double());
      for (Quantile& quantile : quantiles) quantile.estimator.Observe(input.Double());
      if (next != sequence["checkpoints"].items().end() &&
          (*next)["n"].Unsigned() == summary.count()) {
        CheckAt(*next, summary, quantiles, tolerance);
        ++next;
        ++checkpoints;
      }
    }
    CHECK(next == sequence["checkpoints"].items().end());
  }
  CHECK(checkpoints > 1000);
}

TEST_CASE("mean, variance, min and max are the exact ones") {
  const JsonValue vectors = JsonValue::Parse(test::ReadFixture("vectors/river-stats.json"));
  for (const JsonValue& sequence : vectors.items()) {
    const std::string& name = sequence["name"].text();
    CAPTURE(name);
    Summary summary;
    double magnitude = 0;
    for (const JsonValue& input : sequence["input"].items()) {
      summary.Observe(input.Double());
      magnitude = std::max(magnitude, std::abs(input.Double()));
    }
    const JsonValue& exact = sequence["exact"].items().back();
    REQUIRE(exact["n"].Unsigned() == summary.count());
    // Sums that nearly cancel have no more digits than their summands.
    CHECK(std::abs(summary.Get(Statistic::kMean) - exact["mean"].Double()) <= 1e-13 * magnitude);
    // Near 1e9 with a deviation of 0.01, a double has five digits for the variance.
    CHECK(Near(summary.Get(Statistic::kVariance), exact["variance"].Double(),
               name.starts_with("near_1e9") ? 1e-5 : 1e-10));
    CHECK(Same(summary.Get(Statistic::kMin), exact["min"].Double()));
    CHECK(Same(summary.Get(Statistic::kMax), exact["max"].Double()));
  }
}

TEST_CASE("quartiles that share their markers are those of the textbook") {
  std::mt19937_64 random(1985);
  for (int stream = 0; stream < 200; ++stream) {
    P2Quartiles<1, 2, 3> quartiles;
    std::vector<test::TextbookP2> textbook = {test::TextbookP2(0.25), test::TextbookP2(0.5),
                                              test::TextbookP2(0.75)};
    // Ties, trends and tails.
    const auto ties = static_cast<double>(1 + random() % 1000);
    const double trend = static_cast<double>(random() % 3) - 1;
    const double power = static_cast<double>(1 + random() % 20);
    for (int i = 0; i < 500; ++i) {
      const double uniform = static_cast<double>(random() % 1'000'000) / 1e6;
      const double x = std::floor(std::pow(uniform, power) * ties) + trend * i;
      quartiles.Observe(x);
      for (std::size_t q = 0; q < textbook.size(); ++q) {
        textbook[q].Observe(x);
        REQUIRE(SameBits(quartiles.value(q), textbook[q].value()));
      }
    }
  }
}

TEST_CASE("a stream without observations has no values") {
  const Summary summary;
  CHECK(summary.count() == 0);
  const Summary::Row row = summary.ToRow();
  CHECK(row[0] == 0);
  for (std::size_t i = 1; i < row.size(); ++i) CHECK(std::isnan(row[i]));
  CHECK(P2Quartiles<2>().value(0) == 0);
}

TEST_CASE("a row is the count and every statistic") {
  Summary summary;
  for (const double x : {4.0, 1.0, 3.0, 2.0}) summary.Observe(x);
  const Summary::Row row = summary.ToRow();
  CHECK(row[0] == 4);
  for (std::size_t i = 0; i < kKeptStatisticCount; ++i) {
    CHECK(SameBits(row[i + 1], summary.Get(static_cast<Statistic>(i))));
  }
  CHECK(row[1 + static_cast<std::size_t>(Statistic::kMean)] == 2.5);
  CHECK(row[1 + static_cast<std::size_t>(Statistic::kMin)] == 1);
  CHECK(row[1 + static_cast<std::size_t>(Statistic::kMax)] == 4);
}

}  // namespace flux_ensemble::stats
