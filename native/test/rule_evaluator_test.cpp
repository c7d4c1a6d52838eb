// Rules over time and states, and the programs of their conditions.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <utility>
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
using Indexes = std::vector<std::uint32_t>;

Rule Always(TriggerType trigger) {
  Rule rule;
  rule.trigger = trigger;
  rule.repetitions = 1000;
  return rule;
}

Step Of(Op op, std::uint32_t index = 0) {
  return {0, index, op};
}
Step Number(double number) {
  return {number, 0, Op::kNumber};
}

Result<Program> Make(std::vector<Step> steps, std::vector<std::string> texts = {}) {
  Result<Program> program = Program::Make(std::move(steps), std::move(texts), 1);
  if (!program) CHECK_FALSE(program.error().message.empty());
  return program;
}

Plan Virtual() {
  Plan plan;
  plan.groups = {"g"};
  plan.virtual_time = true;
  Metric finished;
  finished.kind = Metric::Kind::kCount;
  finished.count = Count::kFinished;
  plan.metrics = {finished};
  return plan;
}

}  // namespace

TEST_CASE("only steps that make a condition are a program") {
  CHECK(Make({Number(1), Number(2), Of(Op::kLess)}));
  CHECK(Make({Of(Op::kMetric), Number(2), Of(Op::kAdd), Number(2), Of(Op::kLess), Of(Op::kNot)}));
  CHECK(Make({Of(Op::kState), Of(Op::kText), Of(Op::kSame)}, {"a"}));
  CHECK_FALSE(Make({}));
  CHECK_FALSE(Make({Number(1)}));
  CHECK_FALSE(Make({Of(Op::kLess)}));
  CHECK_FALSE(Make({Number(1), Of(Op::kLess)}));
  CHECK_FALSE(Make({Number(1), Number(2), Of(Op::kLess), Number(1)}));
  CHECK_FALSE(Make({Number(1), Of(Op::kText), Of(Op::kLess)}, {"a"}));
  CHECK_FALSE(Make({Of(Op::kText), Of(Op::kText), Of(Op::kLess)}, {"a"}));
  CHECK_FALSE(Make({Of(Op::kState), Of(Op::kText, 1), Of(Op::kSame)}, {"a"}));
  CHECK_FALSE(Make({Of(Op::kMetric, 1), Number(2), Of(Op::kLess)}));
  CHECK_FALSE(Make({Number(1), Number(2), Of(Op::kAnd)}));
  CHECK_FALSE(Make({Number(1), Number(2), {0, 0, static_cast<Op>(200)}}));
  std::vector<Step> deep(300, Number(1));
  deep.insert(deep.end(), 299, Of(Op::kAdd));
  deep.push_back(Number(1));
  deep.push_back(Of(Op::kLess));
  CHECK_FALSE(Make(deep));
  CHECK_FALSE(Make(std::vector<Step>(5000, Number(1))));
}

TEST_CASE("an unknown operand makes a condition false, unless the rest decides") {
  MetricTable metrics;
  const auto holds = [&](std::vector<Step> steps) {
    std::vector<Step> all = std::move(steps);
    return Make(all)->Holds({}, metrics);
  };
  const std::vector<Step> unknown = {Of(Op::kStatus), Number(0), Of(Op::kEqual)};
  const std::vector<Step> yes = {Number(1), Number(1), Of(Op::kEqual)};
  const auto joined = [&](const std::vector<Step>& a, const std::vector<Step>& b, Op op) {
    std::vector<Step> steps = a;
    steps.insert(steps.end(), b.begin(), b.end());
    steps.push_back(Of(op));
    return steps;
  };
  CHECK_FALSE(holds(unknown));
  CHECK_FALSE(holds({unknown[0], unknown[1], unknown[2], Of(Op::kNot)}));
  CHECK(holds(joined(unknown, yes, Op::kOr)));
  CHECK(holds(joined(yes, unknown, Op::kOr)));
  CHECK_FALSE(holds(joined(unknown, yes, Op::kAnd)));
  CHECK_FALSE(holds({Number(1), Number(0), Of(Op::kDivide), Number(0), Of(Op::kGreater)}));
}

TEST_CASE("a metric without a value makes every comparison false, and its value is reported") {
  MetricTable metrics;
  metrics.AddGroup();
  metrics.Add({.kind = Metric::Kind::kCount, .count = Count::kFailed});
  metrics.Add({.kind = Metric::Kind::kCount, .count = Count::kFailed, .from_zero = true});
  const auto holds = [&](const Program& program, double expected) {
    double value = -1;
    const bool result = program.Holds({}, metrics, &value);
    CHECK((std::isnan(expected) ? std::isnan(value) : value == expected));
    return result;
  };
  for (const Op op :
       {Op::kLess, Op::kLessEqual, Op::kGreater, Op::kGreaterEqual, Op::kEqual, Op::kNotEqual}) {
    CHECK_FALSE(holds(test::Comparing(0, op, 1), stats::kNoValue));
    const bool expected = op == Op::kLess || op == Op::kLessEqual || op == Op::kNotEqual;
    CHECK(holds(test::Comparing(1, op, 1), 0) == expected);
  }
  CHECK_FALSE(holds(test::Known(0), stats::kNoValue));
  CHECK(holds(test::Known(1), 0));
  // The same by the stack, to which the negation leads.
  const Step metric{0, 0, Op::kMetric};
  CHECK(holds(test::ProgramOf({metric, Of(Op::kKnown), Of(Op::kNot)}, 1), stats::kNoValue));
  CHECK_FALSE(holds(test::ProgramOf({metric, Number(1), Of(Op::kNotEqual), Of(Op::kNot)}, 1),
                    stats::kNoValue));
}

TEST_CASE("a rule that has fired is resolved once when its condition stops holding") {
  Plan plan;
  plan.groups = {"g"};
  Metric running;
  running.kind = Metric::Kind::kCount;
  running.count = Count::kRunning;
  plan.metrics = {running};
  Rule rule = Always(TriggerType::kMetric);
  rule.program = test::Comparing(0, Op::kGreater, 0);
  rule.repetitions = 2;
  rule.resolve = Resolution{};
  Rule plain = rule;
  plain.resolve.reset();
  plan.rules = {rule, plain};
  TestEngine engine(plan);
  const auto resolved = [](TestEngine& from) {
    std::vector<bool> all;
    for (const Firing& firing : from.engine.firings()) {
      if (firing.rule == 0) all.push_back(firing.resolved);
    }
    from.engine.firings().clear();
    return all;
  };
  // A job runs until it is cleaned up.
  const auto end = [](journal::JobId id, double time) {
    return Finish(id, time) + Event(id, time, "clean");
  };
  using Flags = std::vector<bool>;
  engine.Feed(Submit(1, 100, "g") + Event(1, 101, "start"));
  CHECK(resolved(engine) == Flags{false});
  engine.Feed(end(1, 105) + Submit(2, 106, "g"));
  CHECK(resolved(engine) == Flags{true});
  engine.Feed(Event(2, 107, "start"));
  CHECK(resolved(engine) == Flags{false});
  // It has no repetitions left, and is evaluated until then, also by a process that goes on.
  TestEngine again(plan);
  REQUIRE(again.engine.Load(engine.engine.Save()));
  for (TestEngine* const one : {&engine, &again}) {
    one->Feed(Submit(3, 108, "g") + Event(3, 109, "start"));
    CHECK(resolved(*one) == Flags{});
    one->Feed(end(2, 110) + end(3, 111));
    CHECK(resolved(*one) == Flags{true});
    one->Feed(Submit(4, 112, "g") + Event(4, 113, "start") + end(4, 114));
    CHECK(resolved(*one) == Flags{});
    const RuleReport report = one->engine.GetRules().rules[0];
    CHECK(report.state.fired == 2);
    CHECK(report.state.resolved == 2);
  }
}

TEST_CASE("a condition must have lasted, and a cooldown passes between two firings") {
  Plan plan = Virtual();
  Rule holding = Always(TriggerType::kMetric);
  holding.program = test::Comparing(0, Op::kGreaterEqual, 1);
  holding.hold_duration = 10;
  Rule cooling = holding;
  cooling.hold_duration = 0;
  cooling.cooldown = 30;
  plan.rules = {holding, cooling};
  TestEngine engine(plan);
  engine.Feed(Submit(1, 100, "g") + Finish(1, 105));
  CHECK(engine.Fired() == Indexes{1});
  CHECK(engine.engine.next() == 115);
  engine.engine.Advance(200);
  CHECK(engine.engine.firings()[0].timestamp == 115);
  CHECK(engine.Fired() == Indexes{0});
  engine.Feed(Submit(2, 120, "g") + Finish(2, 121) + Submit(3, 122, "g") + Finish(3, 123));
  CHECK(engine.Fired() == Indexes{0, 0});
  // It was due during its cooldown, so it is evaluated at the end of it.
  engine.engine.Advance(200);
  CHECK(engine.engine.firings()[0].timestamp == 135);
  CHECK(engine.Fired() == Indexes{1});
  CHECK(engine.engine.next() == kNever);
}

TEST_CASE("rules in a circle of states come to an end") {
  Plan plan = Virtual();
  plan.states = {"a", "b"};
  for (std::uint32_t state = 0; state < 2; ++state) {
    Rule rule = Always(TriggerType::kState);
    rule.state = state;
    rule.go_to = 1 - state;
    plan.rules.push_back(rule);
  }
  TestEngine engine(plan);
  engine.engine.Start(1);
  const std::vector<Firing>& firings = engine.engine.firings();
  REQUIRE(firings.size() == 3);
  CHECK(firings[0].go_to == 1);
  CHECK(firings[1].go_to == 0);
  CHECK(firings[2].state == 0);
  CHECK(firings[2].go_to == kNoState);
  CHECK(engine.engine.GetStatus().state == "a");
}

TEST_CASE("the first rule with a goto wins, and all are evaluated in the state before") {
  Plan plan = Virtual();
  plan.states = {"a", "b", "c"};
  for (std::uint32_t state = 1; state < 3; ++state) {
    Rule rule = Always(TriggerType::kJob);
    rule.change = ChangeOf(journal::EventKind::kSubmit);
    rule.in = 1;
    rule.go_to = state;
    plan.rules.push_back(rule);
  }
  TestEngine engine(plan);
  engine.Feed(Submit(1, 1, "g") + Submit(2, 2, "g"));
  const std::vector<Firing>& firings = engine.engine.firings();
  REQUIRE(firings.size() == 2);
  CHECK(firings[0].go_to == 1);
  CHECK(firings[1].go_to == kNoState);
  CHECK(engine.engine.GetStatus().state == "b");
}

TEST_CASE("a stalled job is reported once a stall, with its last event") {
  Plan plan = Virtual();
  plan.stalled = {10};
  Rule rule = Always(TriggerType::kJob);
  rule.change = Change::kStalled;
  plan.rules = {rule};
  TestEngine engine(plan);
  engine.Feed(Submit(1, 100, "g") + Event(1, 105, "start"));
  engine.engine.Advance(200);
  REQUIRE(engine.engine.firings().size() == 1);
  CHECK(engine.engine.firings()[0].timestamp == 115);
  CHECK(engine.engine.firings()[0].event == "start");
  CHECK(engine.engine.firings()[0].job == 1);
  engine.engine.Advance(120);
  CHECK(engine.Fired() == Indexes{0});
  engine.Feed(Event(1, 130, "memo"));
  engine.engine.Advance(200);
  CHECK(engine.Fired() == Indexes{0});
  engine.Feed(Finish(1, 150) + Event(1, 151, "clean"));
  engine.engine.Advance(1000);
  CHECK(engine.Fired().empty());
}

TEST_CASE("times of cron rules are asked for, and end") {
  Plan plan = Virtual();
  plan.rules = {Always(TriggerType::kCron)};
  TestEngine engine(plan);
  std::vector<double> asked;
  engine.engine.OnAskTimes([&](std::uint32_t, double after) {
    asked.push_back(after);
    if (after > 250) return std::optional(std::vector<double>());
    return std::optional(std::vector<double>{after + 50, after + 100});
  });
  engine.engine.Start(100);
  engine.Feed(Submit(1, 1000, "g"));
  CHECK(engine.Fired() == Indexes{0, 0, 0, 0});
  CHECK(asked == std::vector<double>{100, 200, 300});
  CHECK_FALSE(engine.engine.GetStatus().time_could_fire);
}

TEST_CASE("times without end and without number are passed at once") {
  Plan plan = Virtual();
  plan.heartbeat = 1;
  plan.stalled = {1};
  Rule interval = Always(TriggerType::kInterval);
  interval.interval = 1e-3;
  plan.rules = {interval};
  TestEngine engine(plan);
  engine.engine.Start(1);
  engine.engine.Heartbeat(std::numeric_limits<double>::infinity());
  engine.engine.Heartbeat(std::nan(""));
  engine.Feed(Submit(1, 1e300, "g"));
  CHECK(engine.Fired().size() == 1000);
}

TEST_CASE("a run could go on by time alone for as long as a rule could fire") {
  const auto could = [](Rule rule) {
    Plan plan = Virtual();
    plan.states = {"a", "b"};
    plan.rules = {std::move(rule)};
    TestEngine engine(plan);
    engine.engine.Start(1);
    return engine.engine.GetStatus().time_could_fire;
  };
  Rule interval = Always(TriggerType::kInterval);
  interval.interval = 5;
  CHECK(could(interval));
  Rule elsewhere = interval;
  elsewhere.in = 2;
  CHECK_FALSE(could(elsewhere));
  Rule never = interval;
  never.program = *Make({Of(Op::kMetric), Number(2), Of(Op::kGreater)});
  CHECK_FALSE(could(never));
  Rule over = interval;
  over.repetitions = 0;
  CHECK_FALSE(could(over));
  Rule holding = Always(TriggerType::kState);
  holding.state = 0;
  holding.hold_duration = 5;
  CHECK(could(holding));
  holding.state = 1;
  CHECK_FALSE(could(holding));
}

}  // namespace flux_ensemble::engine
