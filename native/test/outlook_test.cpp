// Whether a run whose jobs have all ended is over: what is said of it is what comes to pass.
#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "test/conditions.h"
#include "test/journals.h"

namespace flux_ensemble::engine {

namespace {

using test::Event;
using test::Finish;
using test::Submit;
using test::TestEngine;

constexpr double kBegin = 1000;
constexpr double kLater = kBegin + 20'000;

class Dice {
 public:
  explicit Dice(std::uint32_t seed) : random_(seed) {}
  std::size_t Below(std::size_t count) { return random_() % count; }
  template <typename T>
  T Of(const std::vector<T>& values) {
    return values[Below(values.size())];
  }

 private:
  std::mt19937 random_;
};

const std::vector<Metric>& Metrics() {
  static const std::vector<Metric> metrics = {
      {.kind = Metric::Kind::kCount, .count = Count::kSuccess},
      {.kind = Metric::Kind::kCount, .count = Count::kPending, .from_zero = true},
      {.kind = Metric::Kind::kStatistic, .statistic = stats::Statistic::kMean},
      {.kind = Metric::Kind::kStatistic, .statistic = stats::Statistic::kMean, .window = 60},
      {.kind = Metric::Kind::kStatistic, .statistic = stats::Statistic::kMax, .window = 300},
      {.kind = Metric::Kind::kStatistic,
       .statistic = stats::Statistic::kCount,
       .window = 60,
       .from_zero = true},
      {.kind = Metric::Kind::kRate, .count = Count::kFinished, .window = 120},
  };
  return metrics;
}

Rule AnyRule(Dice& dice) {
  Rule rule;
  rule.trigger =
      dice.Of<TriggerType>({TriggerType::kMetric, TriggerType::kMetric, TriggerType::kMetric,
                            TriggerType::kState, TriggerType::kStart});
  rule.repetitions = dice.Of<std::uint64_t>({1, 2, 1000});
  rule.in = dice.Of<std::uint64_t>({0, 0, 1, 2});
  rule.go_to = dice.Of<std::uint32_t>({kNoState, kNoState, 0, 1});
  rule.cooldown = dice.Of<double>({0, 0, 7, 500});
  if (dice.Below(3) == 0) rule.backoff = dice.Below(3);
  if (rule.trigger == TriggerType::kState) {
    rule.state = static_cast<std::uint32_t>(dice.Below(2));
    rule.hold_duration = dice.Of<double>({0, 3, 90});
  }
  if (rule.trigger == TriggerType::kMetric) {
    rule.hold_duration = dice.Of<double>({0, 0, 3, 90});
    const auto metric = static_cast<std::uint32_t>(dice.Below(Metrics().size()));
    const Op comparison = dice.Of<Op>({Op::kLess, Op::kGreater, Op::kEqual, Op::kNotEqual});
    rule.program = test::Comparing(metric, comparison, dice.Of<double>({0, 1, 2, 4, 0.05}));
  }
  return rule;
}

Plan AnyPlan(Dice& dice) {
  Plan plan;
  plan.groups = {"g"};
  plan.virtual_time = true;
  plan.states = {"a", "b"};
  plan.metrics = Metrics();
  for (std::size_t i = 0, count = 1 + dice.Below(4); i < count; ++i) {
    plan.rules.push_back(AnyRule(dice));
  }
  return plan;
}

// Some jobs, one after another, all of which end.
std::string AnyJobs(Dice& dice) {
  std::string lines;
  double time = kBegin;
  for (std::size_t i = 0, count = dice.Below(8); i < count; ++i) {
    const journal::JobId id = i + 1;
    lines += Submit(id, time, "g");
    time += static_cast<double>(dice.Below(6));
    lines += Event(id, time, "start");
    time += static_cast<double>(dice.Below(9));
    lines += Finish(id, time, dice.Below(3) == 0 ? 256 : 0);
    lines += Event(id, time, "clean");
    time += static_cast<double>(dice.Below(40));
  }
  return lines;
}

}  // namespace

TEST_CASE("time could make a rule due just when it does") {
  int could = 0;
  int could_not = 0;
  for (std::uint32_t seed = 0; seed < 3000; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    TestEngine test(AnyPlan(dice));
    test.engine.Start(kBegin);
    test.Feed(AnyJobs(dice));
    test.engine.firings().clear();
    // Until nothing is left: each answer is right.
    for (int look = 0; look < 20; ++look) {
      const bool told = test.engine.GetStatus().time_could_fire;
      while (test.engine.firings().empty() && test.engine.Advance(kLater) < kLater) continue;
      CHECK(told == !test.engine.firings().empty());
      if (test.engine.firings().empty()) break;
      test.engine.firings().clear();
      ++could;
    }
    could_not += test.engine.GetStatus().time_could_fire ? 0 : 1;
  }
  // Both happen.
  CHECK(could > 500);
  CHECK(could_not > 2500);
}

TEST_CASE("a rule on intervals, heartbeats or states keeps a run for as long as it can fire") {
  Rule rule;
  rule.trigger = TriggerType::kInterval;
  rule.interval = 10;
  rule.repetitions = 2;
  Plan plan;
  plan.groups = {"g"};
  plan.virtual_time = true;
  plan.states = {"a", "b"};
  const auto could = [&](std::vector<Rule> rules, double until = kBegin + 5) {
    plan.rules = std::move(rules);
    TestEngine test(plan);
    test.engine.Start(kBegin);
    while (test.engine.Advance(until) < until) continue;
    return test.engine.GetStatus().time_could_fire;
  };
  CHECK(could({rule}));
  CHECK(could({rule}, kBegin + 15));
  CHECK_FALSE(could({rule}, kBegin + 25));
  rule.in = 2;
  CHECK_FALSE(could({rule}));
  rule.in = 0;
  rule.trigger = TriggerType::kHeartbeat;
  CHECK_FALSE(could({rule}));
  plan.heartbeat = 10;
  CHECK(could({rule}));
  CHECK_FALSE(could({rule}, kBegin + 25));
  plan.heartbeat = 0;
  rule.trigger = TriggerType::kState;
  rule.state = 0;
  rule.hold_duration = 20;
  CHECK(could({rule}));
  CHECK_FALSE(could({rule}, kBegin + 21));
  rule.state = 1;
  CHECK_FALSE(could({rule}));
}

}  // namespace flux_ensemble::engine
