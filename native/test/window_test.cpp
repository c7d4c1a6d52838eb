// Sliding windows compared with panes that store every observation.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "stats/count_window.h"
#include "stats/stream.h"
#include "stats/window.h"
#include "test/sketches.h"

namespace flux_ensemble::stats {

namespace {

bool SameBits(double a, double b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

constexpr Statistic kAll[] = {
    Statistic::kMean, Statistic::kVariance, Statistic::kMin,       Statistic::kMax,
    Statistic::kIqr,  Statistic::kMad,      Statistic::kQ25,       Statistic::kQ50,
    Statistic::kQ75,  Statistic::kStd,      Statistic::kCount,     Statistic::kSum,
    Statistic::kLast, Statistic::kQuantile, Statistic::kSketchIqr, Statistic::kSketchMad,
};

// Every observation by its pane, in the order in which they came.
class Remembered {
 public:
  explicit Remembered(double length) : panes_(length) {}

  void Observe(double x, double time) { by_pane_[panes_.IndexOf(time)].push_back(x); }

  Aggregate Total(double now) const {
    Aggregate total;
    const std::int64_t newest = panes_.IndexOf(now);
    for (const auto& [index, numbers] : by_pane_) {
      if (index <= newest - Panes::kCount || index > newest) continue;
      Aggregate pane;
      for (const double x : numbers) pane.Observe(x);
      total.moments.Merge(pane.moments);
      total.sketch.Merge(pane.sketch);
    }
    return total;
  }

 private:
  Panes panes_;
  std::map<std::int64_t, std::vector<double>> by_pane_;
};

// The next time: mostly soon, at times on the edge of a pane, at times after a long silence.
double Later(double now, double window, std::mt19937_64& random) {
  const double pane = window / 60;
  switch (random() % 20) {
    case 0:
      return now + window * static_cast<double>(random() % 200) / 100;
    case 1:
      return (std::floor(now / pane) + 1) * pane;
    case 2:
      return now;
    default:
      return now + pane * static_cast<double>(random() % 1000) / 900;
  }
}

}  // namespace

TEST_CASE("a window equals its panes to the last bit") {
  std::mt19937_64 random(60);
  std::set<unsigned> scales;
  for (const double length : {60.0, 1.0, 0.1, 1800.0, 86'400.0, 7.3}) {
    CAPTURE(length);
    Window window(length);
    Remembered remembered(length);
    double now = 1.7e9;
    for (int i = 0; i < 3000; ++i) {
      now = Later(now, length, random);
      // Numbers so far apart at times that pairs of buckets are merged, up to six times.
      const double x = std::exp(static_cast<double>(random() % 100) / 10) *
                       (random() % 97 == 0 ? 1e12 : 1) * (random() % 89 == 0 ? 1e-12 : 1) *
                       (random() % 307 == 0 ? 1e40 : 1) * (random() % 1009 == 0 ? 1e-280 : 1) *
                       (random() % 3 == 0 ? -1 : 1);
      if (random() % 3 != 0) {
        const double late =
            random() % 5 == 0 ? length * static_cast<double>(random() % 120) / 100 : 0;
        window.Observe(x, now - late);
        remembered.Observe(x, now - late);
      }
      if (random() % 4 != 0) continue;
      window.Advance(now);
      const Aggregate& total = window.Total();
      const Aggregate expected = remembered.Total(now);
      REQUIRE(test::SameSketch(total.sketch, expected.sketch));
      scales.insert(total.sketch.scale());
      for (const Statistic statistic : kAll) {
        CAPTURE(static_cast<int>(statistic));
        REQUIRE(SameBits(total.Get(statistic, 0.9), expected.Get(statistic, 0.9)));
      }
    }
  }
  CHECK(scales.size() >= 4);
}

TEST_CASE("a window changes by time alone exactly at its next change") {
  std::mt19937_64 random(61);
  for (const double length : {60.0, 0.1, 600.0, 7.3}) {
    Window window(length);
    CountWindow counts(length);
    CHECK(window.NextChange() == Panes::kNever);
    CHECK(counts.NextChange() == Panes::kNever);
    double now = 1.7e9;
    for (int i = 0; i < 300; ++i) {
      now = Later(now, length, random);
      window.Observe(1, now);
      counts.Add(now);
    }
    for (int changes = 0; window.Total().sketch.count() > 0; ++changes) {
      REQUIRE(changes < 61);
      const double next = window.NextChange();
      REQUIRE(next > now);
      REQUIRE(next <= now + length * (1 + 1e-9));
      REQUIRE(counts.NextChange() == next);
      const std::uint64_t before = window.Total().sketch.count();
      window.Advance(std::nextafter(next, 0.0));
      counts.Advance(std::nextafter(next, 0.0));
      REQUIRE(window.Total().sketch.count() == before);
      REQUIRE(counts.total() == before);
      window.Advance(next);
      counts.Advance(next);
      REQUIRE(window.Total().sketch.count() < before);
      REQUIRE(counts.total() == window.Total().sketch.count());
    }
    CHECK(window.NextChange() == Panes::kNever);
    CHECK(std::isnan(window.Total().Get(Statistic::kMean, 0)));
  }
}

TEST_CASE("a window holds no less than 59 parts of 60 and no more than all") {
  Window window(60);
  for (int second = 1000; second < 1200; ++second) {
    window.Observe(second, second + 0.5);
    window.Advance(second + 0.999);
    const double oldest = window.Total().Get(Statistic::kMin, 0);
    CHECK(oldest == std::max(1000, second - 59));
    CHECK(window.Total().Get(Statistic::kLast, 0) == second);
  }
}

TEST_CASE("times beyond the representable range do no harm") {
  for (const double time : {1e300, 1e18, 0.0, -5.0, 5e-324}) {
    Window window(1);
    CountWindow counts(1);
    window.Observe(1, time);
    counts.Add(time);
    CHECK(window.NextChange() > time);
    CHECK(counts.NextChange() > time);
    window.Observe(1, 10);
    CHECK(window.Total().sketch.count() >= 1);
  }
}

TEST_CASE("a stream computes the requested statistics") {
  Stream stream;
  CHECK(std::isnan(stream.Get(Statistic::kCount, 0)));
  stream.Observe(3, 1);
  CHECK(stream.Get(Statistic::kStd, 0) == 0);
  CHECK(stream.Get(Statistic::kCount, 0) == 1);
  for (const Statistic unasked : {Statistic::kSum, Statistic::kLast, Statistic::kEwma,
                                  Statistic::kQuantile, Statistic::kSketchMad}) {
    CHECK(std::isnan(stream.Get(unasked, 0.5)));
  }
  stream.Keep(Statistic::kLast);
  // Earlier observations are in the sum, but the last one is unknown.
  CHECK(stream.Get(Statistic::kSum, 0) == 3);
  CHECK(std::isnan(stream.Get(Statistic::kLast, 0)));
  CHECK(stream.sketched() == nullptr);
  stream.Keep(Statistic::kSketchMad);
  REQUIRE(stream.sketched() != nullptr);
  CHECK(std::isnan(stream.Get(Statistic::kSketchMad, 0)));
  CHECK(stream.KeepWindow(10) == 0);
  CHECK(stream.KeepWindow(20) == 1);
  CHECK(stream.KeepWindow(10) == 0);
  stream.Observe(5, 2);
  stream.Observe(6, 14);
  CHECK(stream.Get(Statistic::kSum, 0) == 14);
  CHECK(stream.Get(Statistic::kLast, 0) == 6);
  CHECK(stream.Get(Statistic::kEwma, 0) == doctest::Approx(5 + kEwmaWeight));
  CHECK(stream.Get(Statistic::kQuantile, 0.5) == doctest::Approx(5.5).epsilon(0.0055));
  CHECK(stream.Get(Statistic::kQuantile, 0) == 5);
  CHECK(stream.window(0).Total().Get(Statistic::kCount, 0) == 1);
  CHECK(stream.window(1).Total().Get(Statistic::kCount, 0) == 2);

  StreamView view(stream, 23);
  view.Observe(100);
  CHECK(view.Get(Statistic::kMax, 0) == 100);
  CHECK(view.Get(Statistic::kQuantile, 1) == 100);
  CHECK(view.Get(Statistic::kLast, 0) == 100);
  CHECK(view.Get(Statistic::kSum, 0) == 114);
  CHECK(view.window(0).Get(Statistic::kSum, 0) == 106);
  CHECK(view.window(1).Get(Statistic::kCount, 0) == 2);
  CHECK(stream.Get(Statistic::kMax, 0) == 6);
  CHECK(stream.window(0).Total().Get(Statistic::kSum, 0) == 6);
}

}  // namespace flux_ensemble::stats
