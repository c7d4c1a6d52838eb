// A system clock that is set during a run.
#include <doctest/doctest.h>

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "test/journals.h"

namespace flux_ensemble::engine {

namespace {

using test::Event;
using test::Finish;
using test::Submit;
using test::TestEngine;
using Times = std::vector<double>;

constexpr double kHour = 3600;
constexpr double kBegin = 1e7;

Plan Watched() {
  Plan plan;
  plan.groups = {"g"};
  plan.metrics = {{.kind = Metric::Kind::kRate, .count = Count::kFinished, .window = 60},
                  {.kind = Metric::Kind::kStatistic,
                   .variable = Variable::kDuration,
                   .statistic = stats::Statistic::kMean,
                   .window = 60}};
  return plan;
}

}  // namespace

TEST_CASE("times of a stream whose clock was set are those of the run") {
  for (const double ahead : {-kHour, kHour, -1e6}) {
    CAPTURE(ahead);
    TestEngine test(Watched());
    test.engine.Start(kBegin);
    test.engine.PassTo(kBegin + 10);
    test.Feed(Submit(1, kBegin + 9, "g") + Event(1, kBegin + 10, "start"));
    test.engine.PassTo(kBegin + 70);
    test.engine.SetStreamAhead(ahead);
    test.Feed(Finish(1, kBegin + 70 + ahead));
    CHECK(test.statistic(0, Variable::kDuration, stats::Statistic::kMean) == 60);
    CHECK(test.engine.GetSnapshot().metrics[0] == doctest::Approx(1.0 / 60));
    CHECK(test.engine.GetSnapshot().metrics[1] == 60);
    CHECK(test.engine.totals().negative_intervals == 0);
    test.engine.PassTo(kBegin + 100);
    CHECK(test.engine.GetSnapshot().metrics[1] == 60);
    test.engine.PassTo(kBegin + 131);
    CHECK(std::isnan(test.engine.GetSnapshot().metrics[1]));
  }
}

TEST_CASE("an event from before the clock was set back does not lie in the future") {
  TestEngine test(Watched());
  test.engine.Start(kBegin);
  test.engine.PassTo(kBegin + 100);
  test.Feed(Submit(1, kBegin + 40, "g") + Event(1, kBegin + 50, "start"));
  test.engine.SetStreamAhead(-kHour);
  test.Feed(Finish(1, kBegin + 99));
  CHECK(test.engine.totals().latest == kBegin + 100);
  test.engine.PassTo(kBegin + 130);
  CHECK(test.engine.GetSnapshot().metrics[1] == 50);
}

TEST_CASE("cron rules follow the present time of day") {
  Plan plan;
  plan.groups = {"g"};
  Rule rule;
  rule.trigger = TriggerType::kCron;
  rule.repetitions = 100;
  plan.rules = {rule};
  TestEngine test(plan);
  Times asked;
  test.engine.OnAskTimes([&](std::uint32_t, double after) -> std::optional<Times> {
    asked.push_back(after);
    return std::nullopt;
  });
  test.engine.Start(1000);
  CHECK(asked == Times{1000});
  test.engine.Supply(0, {1060, 1120, 1180});
  test.engine.PassTo(1070);
  CHECK(test.Fired().size() == 1);
  // The engine has times of another time of day, and waits for others.
  test.engine.RenewCron();
  CHECK(test.engine.next() == 1120);
  test.engine.PassTo(1130);
  CHECK(test.Fired().empty());
  test.engine.Supply(0, {1180});
  CHECK(asked.size() >= 2);
  CHECK(asked.back() == 1130);
  test.engine.Supply(0, {1135, 1195});
  test.engine.PassTo(1140);
  CHECK(test.Fired().size() == 1);
  test.engine.PassTo(1190);
  CHECK(test.Fired().empty());
  test.engine.PassTo(1196);
  CHECK(test.Fired().size() == 1);
}

}  // namespace flux_ensemble::engine
