// Metrics that rules refer to: sketches, windows and rates in the engine's own time.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "test/conditions.h"
#include "test/journals.h"

namespace flux_ensemble::engine {

namespace {

using stats::Statistic;
using test::Event;
using test::Finish;
using test::Submit;
using test::TestEngine;
using Kind = Metric::Kind;

constexpr Variable kDuration = Variable::kDuration;
constexpr Variable kPending = Variable::kPending;

Metric Statistics(Variable variable, Statistic statistic, double window = 0, double q = 0.5) {
  return {.variable = variable, .statistic = statistic, .quantile = q, .window = window};
}

Metric Rate(Count count, double window) {
  return {.kind = Kind::kRate, .count = count, .window = window};
}

// An engine with a rule for each metric, which fires whenever the metric has a value.
TestEngine With(std::vector<Metric> metrics, bool virtual_time = false, double heartbeat = 0) {
  Plan plan;
  plan.groups = {"g", "h"};
  plan.virtual_time = virtual_time;
  plan.heartbeat = heartbeat;
  for (std::uint32_t i = 0; i < metrics.size(); ++i) {
    Rule rule;
    rule.trigger = TriggerType::kMetric;
    rule.program = test::Known(i);
    rule.repetitions = 1'000'000;
    plan.rules.push_back(rule);
  }
  plan.metrics = std::move(metrics);
  return TestEngine(plan);
}

// A rule that fires whenever the metric changes to below -5.
Rule BelowMinusFive(std::uint32_t metric) {
  Rule rule;
  rule.trigger = TriggerType::kMetric;
  rule.program = test::Comparing(metric, Op::kLess, -5);
  rule.repetitions = 10;
  return rule;
}

// A job that ends at `end` after `duration` seconds; it waited for 2.
std::string Ran(journal::JobId id, double end, double duration, const std::string& group = "g") {
  return Submit(id, end - duration - 2, group) + Event(id, end - duration, "start") +
         Finish(id, end) + Event(id, end, "clean");
}

double Value(TestEngine& engine, std::uint32_t metric) {
  return engine.engine.GetSnapshot().metrics[metric];
}

}  // namespace

TEST_CASE("every statistic has its value over all jobs so far") {
  TestEngine engine = With(
      {Statistics(kDuration, Statistic::kStd), Statistics(kDuration, Statistic::kSum),
       Statistics(kDuration, Statistic::kLast), Statistics(kDuration, Statistic::kCount),
       Statistics(kDuration, Statistic::kEwma),
       Statistics(kDuration, Statistic::kQuantile, 0, 0.99),
       Statistics(kDuration, Statistic::kSketchIqr), Statistics(kDuration, Statistic::kSketchMad)});
  for (std::uint32_t i = 0; i < 8; ++i) CHECK(std::isnan(Value(engine, i)));
  engine.Feed(Ran(1, 110, 10) + Ran(2, 120, 20) + Ran(3, 130, 30) + Ran(4, 500, 99, "h"));
  CHECK(Value(engine, 0) == 10);
  CHECK(Value(engine, 1) == 60);
  CHECK(Value(engine, 2) == 30);
  CHECK(Value(engine, 3) == 3);
  CHECK(Value(engine, 4) == doctest::Approx(10 + 0.1 * 10 + 0.1 * (30 - 11)));
  CHECK(Value(engine, 5) == doctest::Approx(29.8).epsilon(0.0055));
  CHECK(Value(engine, 6) == doctest::Approx(10).epsilon(0.02));
  CHECK(Value(engine, 7) == doctest::Approx(10).epsilon(0.02));
  // Each was evaluated once for each job of its group.
  CHECK(engine.Fired().size() == 3 * 8);
}

TEST_CASE("a window's statistics forget older jobs, by events and by ticks") {
  TestEngine engine = With({Statistics(kDuration, Statistic::kMean, 60),
                            Statistics(kDuration, Statistic::kQuantile, 60, 1),
                            Statistics(kPending, Statistic::kCount, 60)});
  engine.engine.Start(1000);
  engine.Feed(Ran(1, 1100, 10) + Ran(2, 1130, 30));
  CHECK(Value(engine, 0) == 20);
  CHECK(Value(engine, 1) == 30);
  CHECK(Value(engine, 2) == 2);
  // An event of an untracked job also advances time.
  engine.Feed(Submit(9, 1160, "nobody"));
  CHECK(Value(engine, 0) == 30);
  // They had started at 1090 and 1100.
  CHECK(std::isnan(Value(engine, 2)));
  engine.engine.Heartbeat(1190);
  CHECK(std::isnan(Value(engine, 0)));
  CHECK(std::isnan(Value(engine, 2)));
  // Time does not run backwards.
  engine.Feed(Ran(3, 1180, 5));
  CHECK(Value(engine, 0) == 5);
  engine.engine.Heartbeat(1100);
  CHECK(Value(engine, 0) == 5);
}

TEST_CASE("the next change by time alone is when an observation leaves its window") {
  MetricTable table;
  table.AddGroup();
  const std::uint32_t count = table.Add({.kind = Kind::kCount});
  const std::uint32_t mean = table.Add(Statistics(kDuration, Statistic::kMean));
  const std::uint32_t recent = table.Add(Statistics(kDuration, Statistic::kMean, 60));
  const std::uint32_t rate = table.Add(Rate(Count::kFinished, 60));
  CHECK(table.NextChange(rate) == MetricTable::kNever);
  table.Begin(1000);
  for (const std::uint32_t metric : {count, mean, recent}) {
    CHECK(table.NextChange(metric) == MetricTable::kNever);
  }
  CHECK(table.NextChange(rate) == 1060);
  CHECK(std::isnan(table.ValueOf(rate)));
  table.Pass(1030);
  table[0].stream(kDuration).Observe(5, 1030);
  ChangeMask finished;
  finished.Add(ChangeOf(Count::kFinished));
  table.CountInWindows(0, finished, 1030);
  CHECK(table.NextChange(recent) == 1090);
  CHECK(table.NextChange(rate) == 1060);
  table.Pass(1060);
  CHECK(table.ValueOf(rate) == 1.0 / 60);
  CHECK(table.NextChange(rate) == 1090);
  table.Pass(1090);
  CHECK(table.ValueOf(rate) == 0);
  CHECK(std::isnan(table.ValueOf(recent)));
  CHECK(table.ValueOf(mean) == 5);
  CHECK(table.NextChange(rate) == MetricTable::kNever);
  CHECK(table.NextChange(recent) == MetricTable::kNever);
}

TEST_CASE("a rate has a value once it has been watched for a window, and counts its own") {
  TestEngine engine =
      With({Rate(Count::kFinished, 60), Rate(Count::kFailed, 60), Rate(Count::kSubmitted, 120)});
  engine.engine.Start(1000);
  for (std::uint32_t i = 0; i < 50; ++i) engine.Feed(Ran(i + 1, 1010 + i, 4));
  CHECK(std::isnan(Value(engine, 0)));
  engine.Feed(Submit(100, 1060, "g"));
  CHECK(Value(engine, 0) == doctest::Approx(50.0 / 60));
  CHECK(Value(engine, 1) == 0);
  CHECK(std::isnan(Value(engine, 2)));
  engine.Feed(Event(100, 1089.5, "start") + Finish(100, 1089.5, 256) + Event(100, 1089.5, "clean"));
  // Those that finished from 1030 to 1059, and the failed one.
  CHECK(Value(engine, 0) == doctest::Approx(31.0 / 60));
  CHECK(Value(engine, 1) == doctest::Approx(1.0 / 60));
  engine.engine.Heartbeat(1123);
  CHECK(Value(engine, 0) == doctest::Approx(1.0 / 60));
  // Submitted from 1004 to 1053, and at 1060.
  CHECK(Value(engine, 2) == doctest::Approx(51.0 / 120));
}

TEST_CASE("a rule added later has its own window, which begins then") {
  TestEngine engine = With({});
  engine.engine.Start(1000);
  engine.Feed(Ran(1, 1010, 4));
  Rule rule;
  rule.trigger = TriggerType::kMetric;
  rule.program = test::Known(1);
  rule.repetitions = 100;
  engine.engine.AddRule(
      rule, {Statistics(kDuration, Statistic::kMean, 60),
             Statistics(kDuration, Statistic::kQuantile, 0, 0.5), Rate(Count::kFinished, 60)});
  CHECK(std::isnan(Value(engine, 0)));
  CHECK(std::isnan(Value(engine, 1)));
  engine.Feed(Ran(2, 1020, 6));
  CHECK(Value(engine, 0) == 6);
  CHECK(Value(engine, 1) == 6);
  CHECK(engine.Fired().size() == 1);
  engine.engine.Heartbeat(1069);
  CHECK(std::isnan(Value(engine, 2)));
  engine.engine.Heartbeat(1070);
  CHECK(Value(engine, 2) == doctest::Approx(1.0 / 60));
}

TEST_CASE("at a heartbeat every statistic of pending times counts the jobs that wait") {
  TestEngine engine =
      With({Statistics(kPending, Statistic::kQuantile, 0, 1),
            Statistics(kPending, Statistic::kMax, 60), Statistics(kPending, Statistic::kCount, 60),
            Statistics(kPending, Statistic::kSum), Statistics(kDuration, Statistic::kCount, 60)});
  engine.Feed(Ran(1, 1000, 10) + Submit(2, 950, "g"));
  engine.Fired();
  engine.engine.Heartbeat(1030);
  std::vector<double> values;
  for (const Firing& firing : engine.engine.firings()) values.push_back(firing.value);
  CHECK(values == std::vector<double>{80, 80, 2, 82, 1});
  engine.Fired();
  // The one that started at 990 is out of the window; the one that waits never is.
  engine.engine.Heartbeat(1055);
  values.clear();
  for (const Firing& firing : engine.engine.firings()) values.push_back(firing.value);
  CHECK(values == std::vector<double>{105, 105, 1, 107, 1});
  CHECK(Value(engine, 0) == 2);
  CHECK(std::isnan(Value(engine, 2)));
}

TEST_CASE("in virtual time a heartbeat sees the window as it was then") {
  TestEngine engine = With({Statistics(kDuration, Statistic::kCount, 60)}, true, 25);
  engine.Feed(Ran(1, 1000, 10));  // begins with the submission at 988
  engine.Fired();
  engine.Feed(Submit(2, 2000, "h"));
  std::vector<double> times;
  for (const Firing& firing : engine.engine.firings()) times.push_back(firing.timestamp);
  CHECK(times == std::vector<double>{1013, 1038});
  CHECK(std::isnan(Value(engine, 0)));
}

TEST_CASE("with sketches of all streams, a snapshot carries mergeable states") {
  Plan plan;
  plan.track_all = true;
  plan.sketches = true;
  TestEngine engine(plan);
  engine.Feed(Ran(1, 110, 10) + Ran(2, 120, 20) + Submit(3, 130, "h"));
  const Snapshot snapshot = engine.engine.GetSnapshot();
  // Durations and pending times of g and of h.
  REQUIRE(snapshot.states.heads.size() == 4 * StreamStates::kHead);
  const auto head = [&](std::size_t stream) {
    const auto begin =
        snapshot.states.heads.begin() + static_cast<std::ptrdiff_t>(stream * StreamStates::kHead);
    return std::vector<double>(begin, begin + StreamStates::kHead);
  };
  const auto ten = static_cast<double>(stats::LogBuckets::IndexOf(10));
  const auto two = static_cast<double>(stats::LogBuckets::IndexOf(2));
  CHECK(head(0) == std::vector<double>{2, 15, 50, 10, 20, 30, 0, 6, ten, 65});
  CHECK(head(1) == std::vector<double>{2, 2, 0, 2, 2, 4, 0, 6, two, 1});
  CHECK(head(2) == std::vector<double>{0, 0, 0, 0, 0, 0, 0, 6, 0, 0});
  REQUIRE(snapshot.states.buckets.size() == 65 + 1);
  CHECK(snapshot.states.buckets.front() == 1);
  CHECK(snapshot.states.buckets[64] == 1);
  CHECK(snapshot.states.buckets[65] == 2);
  // Without sketches, it carries no states.
  plan.sketches = false;
  TestEngine without(plan);
  without.Feed(Ran(1, 110, 10));
  CHECK(without.engine.GetSnapshot().states.heads.empty());
}

TEST_CASE("rules on probe variables are evaluated once for all numbers of a job") {
  Plan plan;
  plan.groups = {"g", "h"};
  plan.probes = {0, 2};
  const auto metric = [](std::uint32_t probe, Statistic statistic) {
    return Metric{.group = 1, .statistic = statistic, .probe = probe};
  };
  plan.metrics = {metric(0, Statistic::kMean), metric(1, Statistic::kMin),
                  metric(1, Statistic::kLast)};
  plan.rules = {BelowMinusFive(1)};
  TestEngine engine(plan);
  engine.engine.Start(100);
  CHECK(std::isnan(Value(engine, 0)));
  engine.engine.Probed(1, 0, std::vector<double>{300, -4}, 110);
  CHECK(engine.engine.firings().empty());
  engine.engine.Probed(1, 0, std::vector<double>{500, -6}, 120);
  REQUIRE(engine.engine.firings().size() == 1);
  CHECK(engine.engine.firings()[0].value == -6);
  CHECK(engine.engine.firings()[0].timestamp == 120);
  CHECK(engine.engine.firings()[0].group == 1);
  CHECK(Value(engine, 0) == 400);
  CHECK(Value(engine, 2) == -6);
  const Snapshot snapshot = engine.engine.GetSnapshot();
  CHECK(snapshot.probes.size() == 2 * stats::Summary::Row().size());
  CHECK(snapshot.probes[0] == 2);
  // A rule is evaluated when its variable was measured, not when another probe has measured the
  // job.
  engine.engine.Probed(1, 0, std::vector<double>{700}, 125);
  CHECK(engine.engine.firings().size() == 1);
  // A group without probes has no streams for them.
  engine.engine.Probed(0, 0, std::vector<double>{1}, 130);
  CHECK(engine.engine.firings().size() == 1);
  engine.engine.End();
  engine.engine.Probed(1, 0, std::vector<double>{500, -7}, 140);
  CHECK(engine.engine.firings().size() == 1);
  CHECK(Value(engine, 2) == -7);
}

TEST_CASE("probe variables have sketches and windows, also below 0") {
  Plan plan;
  plan.groups = {"g"};
  plan.probes = {1};
  plan.metrics = {{.group = 0, .statistic = Statistic::kQuantile, .quantile = 0.5, .probe = 0},
                  {.group = 0, .statistic = Statistic::kMean, .window = 60, .probe = 0}};
  plan.rules = {BelowMinusFive(1)};
  plan.virtual_time = true;
  TestEngine engine(plan);
  engine.engine.Start(100);
  for (int i = 0; i < 3; ++i) {
    engine.engine.Probed(0, 0, std::vector<double>{i * 10.0 - 10}, 110 + i);
  }
  CHECK(engine.engine.firings().size() == 1);
  CHECK(Value(engine, 0) == 0);
  CHECK(Value(engine, 1) == 0);
  // The numbers above 0 are younger than those below, and leave the window later.
  engine.engine.Heartbeat(170);
  CHECK(Value(engine, 1) == 5);
  engine.engine.Heartbeat(300);
  CHECK(std::isnan(Value(engine, 1)));
}

}  // namespace flux_ensemble::engine
