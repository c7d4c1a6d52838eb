// Rules and metrics for each value of a parameter.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "test/conditions.h"
#include "test/journals.h"

namespace flux_ensemble::engine {

namespace {

using test::Event;
using test::Exception;
using test::Finish;
using test::Submit;
using test::TestEngine;

// Two groups that are divided by T, and another one.
Plan Divided() {
  Plan plan;
  plan.groups = {"a", "b", "c"};
  plan.splits = {{"T", {0, 1}}};
  plan.probes = {1};
  return plan;
}

std::string Parameters(const std::string& values) {
  return R"("parameters":{)" + values + "}";
}

std::string JobOf(journal::JobId id, double time, const std::string& values, int status = 0,
                  const std::string& group = "a") {
  return Submit(id, time, group, Parameters(values)) + Event(id, time + 1, "start") +
         Finish(id, time + 2, status) + Event(id, time + 3, "clean");
}

std::uint32_t Add(Plan& plan, Metric metric, bool divided = true) {
  if (divided) metric.split = 0;
  plan.metrics.push_back(metric);
  return static_cast<std::uint32_t>(plan.metrics.size() - 1);
}

Metric CountOf(Count count, std::uint32_t group = 0) {
  Metric metric;
  metric.kind = Metric::Kind::kCount;
  metric.count = count;
  metric.group = group;
  metric.from_zero = true;
  return metric;
}

Rule OnMetric(std::uint32_t metric, Op op, double threshold) {
  Rule rule;
  rule.trigger = TriggerType::kMetric;
  rule.program = test::Comparing(metric, op, threshold);
  rule.split = 0;
  return rule;
}

struct Fired {
  std::uint32_t rule = 0;
  std::string by;
  std::uint32_t group = 0;
  bool operator==(const Fired&) const = default;
};

std::vector<Fired> Firings(TestEngine& test) {
  std::vector<Fired> fired;
  for (const Firing& firing : std::exchange(test.engine.firings(), {})) {
    fired.push_back({firing.rule, firing.by, firing.group});
  }
  return fired;
}

}  // namespace

TEST_CASE("a rule for each value has repetitions of its own, and a metric of the value's jobs") {
  Plan plan = Divided();
  const std::uint32_t failed = Add(plan, CountOf(Count::kFailed));
  plan.rules = {OnMetric(failed, Op::kGreaterEqual, 2)};
  TestEngine test(plan);
  test.Feed(JobOf(1, 10, R"("T":300)", 256) + JobOf(2, 20, R"("T":301)", 256));
  CHECK(Firings(test).empty());
  test.Feed(JobOf(3, 30, R"("T":300)", 256));
  CHECK(Firings(test) == std::vector<Fired>{{0, "300", 0}});
  test.Feed(JobOf(4, 40, R"("T":300)", 256) + JobOf(5, 50, R"("T":301)", 256));
  CHECK(Firings(test) == std::vector<Fired>{{0, "301", 0}});
  CHECK(test.count(0, Count::kFailed) == 5);

  const RuleReports reports = test.engine.GetRules();
  REQUIRE(reports.rules.size() == 1);
  CHECK(reports.rules[0].values == 2);
  CHECK(reports.rules[0].state.fired == 2);
  CHECK(reports.rules[0].state.repetitions_left == 0);
  REQUIRE(reports.splits.size() == 1);
  CHECK(reports.splits[0].values == std::vector<std::string>{"300", "301"});
  CHECK(reports.splits[0].metrics == std::vector<double>{3, 2});
  CHECK(reports.splits[0].firings == std::vector<double>{1, 1});
}

TEST_CASE("values of every type differ, equal numbers do not, and other values are counted") {
  Plan plan = Divided();
  const std::uint32_t submitted = Add(plan, CountOf(Count::kSubmitted));
  plan.rules = {OnMetric(submitted, Op::kGreater, 1e9)};
  TestEngine test(plan);
  const std::vector<std::string> values = {
      "300", "300.0", "3e2", R"("300")", "true", "-0.5", "null", R"("a\"\u0001")", "[1]", "-5e-1"};
  journal::JobId id = 0;
  for (const std::string& value : values) test.Feed(JobOf(++id, 10.0, R"("T":)" + value));
  test.Feed(JobOf(++id, 10, R"("S":1)"));
  test.Feed(JobOf(++id, 10, R"("T":7)", 0, "c"));
  const SplitReport split = test.engine.GetRules().splits[0];
  CHECK(split.values ==
        std::vector<std::string>{"300", R"("300")", "true", "-0.5", R"("a\"\u0001")"});
  CHECK(split.metrics == std::vector<double>{3, 1, 1, 2, 1});
  CHECK(split.without == 3);
}

TEST_CASE("statistics, told numbers and measured numbers of a value are those of its jobs") {
  Plan plan = Divided();
  plan.tells = {{{"energy", false, 0}}};
  Metric duration;
  Add(plan, duration);
  Metric measured;
  measured.probe = 0;
  const std::uint32_t energy = Add(plan, measured);
  measured.statistic = stats::Statistic::kMax;
  Add(plan, measured);
  plan.rules = {OnMetric(energy, Op::kGreater, 5)};
  TestEngine test(plan);
  test.Feed(Submit(1, 10, "a", Parameters(R"("T":1)")) + Event(1, 11, "start"));
  test.Feed(Event(1, 12, "memo", R"({"energy":4})") + Finish(1, 14) + Event(1, 15, "clean"));
  test.Feed(JobOf(2, 20, R"("T":2)"));
  CHECK(Firings(test).empty());
  const std::vector<double> values = {9};
  test.engine.Probed(0, 0, values, 30, R"({"T":2.0})");
  CHECK(Firings(test) == std::vector<Fired>{{0, "2", 0}});
  test.engine.Probed(0, 0, values, 31, R"({"T":1})");
  CHECK(Firings(test) == std::vector<Fired>{{0, "1", 0}});
  test.engine.Probed(0, 0, values, 32, R"({"T":3})");
  CHECK(Firings(test).empty());
  // For each value the mean duration, the mean energy and its maximum.
  CHECK(test.engine.GetRules().splits[0].metrics == std::vector<double>{3, 6.5, 9, 1, 9, 9});
}

TEST_CASE("a condition may name metrics of several groups, and of all values") {
  Plan plan = Divided();
  const std::uint32_t of_a = Add(plan, CountOf(Count::kSuccess, 0));
  const std::uint32_t of_b = Add(plan, CountOf(Count::kSuccess, 1));
  const std::uint32_t of_all = Add(plan, CountOf(Count::kSuccess, 0), false);
  Rule rule = OnMetric(of_a, Op::kEqual, 0);
  // A third of the jobs, and at least as many in the other group.
  const auto step = [](Op op, std::uint32_t index = 0, double number = 0) {
    return Step{number, index, op};
  };
  Result<Program> program =
      Program::Make({step(Op::kMetric, of_a), step(Op::kNumber, 0, 3), step(Op::kMultiply),
                     step(Op::kMetric, of_all), step(Op::kGreaterEqual), step(Op::kMetric, of_b),
                     step(Op::kMetric, of_a), step(Op::kGreaterEqual), step(Op::kAnd)},
                    {}, plan.metrics.size());
  REQUIRE(program);
  rule.program = std::move(*program);
  plan.rules = {rule};
  TestEngine test(plan);
  test.Feed(JobOf(1, 10, R"("T":1)") + JobOf(2, 10, R"("T":2)") + JobOf(3, 10, R"("T":2)"));
  Firings(test);
  test.Feed(JobOf(4, 10, R"("T":2)", 0, "b"));
  CHECK(Firings(test).empty());
  test.Feed(JobOf(5, 10, R"("T":2)", 0, "b"));
  // The event that decided was one of the other group.
  CHECK(Firings(test) == std::vector<Fired>{{0, "2", 1}});
}

TEST_CASE(
    "a rule on events of jobs has a cooldown for each value, and one on all jobs fires once") {
  Plan plan = Divided();
  Rule each;
  each.trigger = TriggerType::kJob;
  each.change = Change::kSuccess;
  each.cooldown = 100;
  each.repetitions = 10;
  each.split = 0;
  Rule all = each;
  all.split = kNoSplit;
  all.cooldown = 0;
  plan.rules = {each, all};
  TestEngine test(plan);
  for (journal::JobId id = 1; id <= 6; ++id) {
    const auto time = static_cast<double>(id) * 10;
    test.Feed(JobOf(id, time, R"("T":)" + std::to_string(id % 2), 0, id > 4 ? "b" : "a"));
    test.engine.PassTo(time + 3);
  }
  test.Feed(JobOf(7, 100, R"("T":1)", 0, "c"));
  std::vector<Fired> fired = Firings(test);
  CHECK(std::ranges::count(fired, std::uint32_t{1}, &Fired::rule) == 7);
  std::erase_if(fired, [](const Fired& one) { return one.rule == 1; });
  CHECK(fired == std::vector<Fired>{{0, "1", 0}, {0, "0", 0}});
}

TEST_CASE("a refused, a lost and a resubmitted job leave the metrics of their value") {
  Plan plan = Divided();
  Add(plan, CountOf(Count::kSubmitted));
  Add(plan, CountOf(Count::kPending));
  const std::uint32_t running = Add(plan, CountOf(Count::kRunning));
  plan.rules = {OnMetric(running, Op::kGreater, 1e9)};
  TestEngine test(plan);
  const auto metrics = [&] { return test.engine.GetRules().splits[0].metrics; };
  const std::string user = Parameters(R"("T":1)") + R"(,"origin":{"entry":0})";
  test.Feed(Submit(1, 10, "a", user));
  test.Feed(Event(1, 10, "invalidate"));
  CHECK(metrics() == std::vector<double>{0, 0, 0});
  test.Feed(Submit(2, 11, "a", user) + Event(2, 11, "alloc"));
  CHECK(metrics() == std::vector<double>{1, 0, 1});
  CHECK(test.engine.TakeBack(2));
  CHECK(metrics() == std::vector<double>{0, 0, 0});
  test.Feed(Submit(3, 12, "a", user) + Event(3, 12, "alloc"));
  CHECK(test.engine.ActiveJobs(GroupPart(0, "T", "1")) == std::vector<journal::JobId>{3});
  CHECK(test.engine.ActiveJobs(GroupPart(0, "T", "2")).empty());
  test.Feed(Event(3, 13, "clean"));
  CHECK(metrics() == std::vector<double>{1, 0, 0});
}

TEST_CASE("values after the limit have no rules, and their jobs are counted") {
  Plan plan = Divided();
  const std::uint32_t submitted = Add(plan, CountOf(Count::kSubmitted));
  plan.rules = {OnMetric(submitted, Op::kGreaterEqual, 1)};
  plan.rules[0].repetitions = 1;
  TestEngine test(plan);
  const std::size_t more = Subsets::kMaxValues + 5;
  std::string bytes;
  for (std::size_t value = 0; value < more; ++value) {
    bytes += JobOf(value + 1, 10, R"("T":)" + std::to_string(value));
  }
  test.Feed(bytes);
  CHECK(Firings(test).size() == Subsets::kMaxValues);
  const SplitReport split = test.engine.GetRules().splits[0];
  CHECK(split.values.size() == Subsets::kMaxValues);
  CHECK(split.beyond == 5);
}

TEST_CASE("the snapshot of a firing has the metrics of its value") {
  Plan plan = Divided();
  const std::uint32_t success = Add(plan, CountOf(Count::kSuccess));
  plan.rules = {OnMetric(success, Op::kGreaterEqual, 2)};
  plan.rules[0].wants_event = true;
  TestEngine test(plan);
  test.Feed(JobOf(1, 10, R"("T":1)") + JobOf(2, 10, R"("T":2)") + JobOf(3, 10, R"("T":2)"));
  REQUIRE(test.engine.firings().size() == 1);
  const Firing& firing = test.engine.firings()[0];
  CHECK(firing.value == 2);
  CHECK(firing.snapshot->metrics == std::vector<double>{2});
  CHECK(std::isnan(test.engine.GetSnapshot().metrics[0]));
}

}  // namespace flux_ensemble::engine
