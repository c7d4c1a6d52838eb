// The engine's report on its rules: their firings, and the causes that held them back.
#include <doctest/doctest.h>

#include <cmath>
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

Rule OnFinish(std::uint32_t group) {
  Rule rule;
  rule.trigger = TriggerType::kJob;
  rule.group = group;
  rule.change = ChangeOf(journal::EventKind::kFinish);
  return rule;
}

// A rule on group 0. Its condition holds from `least` finished jobs on.
Rule OnFinished(double least) {
  Rule rule;
  rule.trigger = TriggerType::kMetric;
  rule.program = test::Comparing(0, Op::kGreaterEqual, least);
  return rule;
}

Plan TwoGroups() {
  Plan plan;
  plan.groups = {"a", "b"};
  plan.virtual_time = true;
  Metric finished;
  finished.kind = Metric::Kind::kCount;
  finished.count = Count::kFinished;
  plan.metrics = {finished};
  return plan;
}

// Jobs of a group that finish at 101, 102 and so on.
std::string Jobs(int count, const std::string& group) {
  std::string records;
  for (int i = 1; i <= count; ++i) {
    const int id = group == "a" ? i : 100 + i;
    records += Submit(id, 100, group) + Finish(id, 100 + i);
  }
  return records;
}

}  // namespace

TEST_CASE("what a rule waits for is counted when it came, also after its last firing") {
  Plan plan = TwoGroups();
  Rule rare = OnFinish(0);
  rare.backoff = 2;
  rare.repetitions = 2;
  plan.rules = {OnFinish(0), OnFinish(1), OnFinish(kNoGroup), rare};
  TestEngine engine(plan);
  engine.Feed(Jobs(6, "a"));
  const std::vector<RuleReport> rules = engine.engine.GetRules().rules;
  REQUIRE(rules.size() == 4);
  CHECK(rules[0].state.fired == 1);
  CHECK(rules[0].state.repetitions_left == 0);
  CHECK(rules[0].came == 6);
  CHECK(rules[0].came_after == 5);
  CHECK(rules[1].state.fired == 0);
  CHECK(rules[1].came == 0);
  CHECK(rules[1].came_after == 0);
  CHECK(rules[2].came_after == 5);
  // At the first and the fourth.
  CHECK(rules[3].state.fired == 2);
  CHECK(rules[3].state.in_backoff == 2);
  CHECK(rules[3].came_after == 2);
}

TEST_CASE("a rule that is added counts from then on") {
  Plan plan = TwoGroups();
  plan.rules = {OnFinish(0)};
  TestEngine engine(plan);
  engine.Feed(Jobs(3, "a"));
  const std::uint32_t added = engine.engine.AddRule(OnFinish(0));
  CHECK(engine.engine.GetRules().rules[added].came == 0);
  engine.Feed(Jobs(2, "b") + Submit(50, 200, "a") + Finish(50, 201));
  const RuleReport rule = engine.engine.GetRules().rules[added];
  CHECK(rule.came == 1);
  CHECK(rule.came_after == 0);
  CHECK(rule.state.fired == 1);
}

TEST_CASE("a condition is inactive, pending or holds, and its metrics have values") {
  Plan plan = TwoGroups();
  Rule holding = OnFinished(2);
  holding.hold_duration = 1000;
  plan.rules = {OnFinished(100), holding, OnFinished(2)};
  TestEngine engine(plan);
  CHECK(std::isnan(engine.engine.GetRules().metrics[0]));
  engine.Feed(Jobs(3, "a"));
  const RuleReports reports = engine.engine.GetRules();
  CHECK(reports.metrics == std::vector<double>{3});
  CHECK_FALSE(reports.rules[0].holds);
  CHECK_FALSE(reports.rules[0].pending);
  CHECK(reports.rules[1].pending);
  CHECK(reports.rules[1].state.fired == 0);
  CHECK(reports.rules[2].holds);
  CHECK(reports.rules[2].came_after == 1);
}

TEST_CASE("a cooldown, a `for` that is too long and another state are counted") {
  Plan plan = TwoGroups();
  plan.states = {"first", "second"};
  Rule cooling = OnFinish(0);
  cooling.cooldown = 1000;
  cooling.repetitions = 10;
  Rule brief;
  brief.trigger = TriggerType::kMetric;
  brief.program = test::Comparing(0, Op::kEqual, 2);
  brief.hold_duration = 10;
  Rule later = OnFinish(0);
  later.in = 2;
  Rule enters;
  enters.trigger = TriggerType::kState;
  enters.state = 1;
  plan.rules = {cooling, brief, later, enters};
  TestEngine engine(plan);
  engine.Feed(Jobs(4, "a"));
  std::vector<RuleReport> rules = engine.engine.GetRules().rules;
  CHECK(rules[0].state.fired == 1);
  CHECK(rules[0].state.in_cooldown == 3);
  CHECK(rules[1].state.too_short == 1);
  CHECK(rules[2].state.in_other_state == 4);
  CHECK(rules[3].came == 0);
  for (const std::uint32_t state : {1, 0, 1}) engine.engine.GoTo(state);
  rules = engine.engine.GetRules().rules;
  CHECK(rules[3].state.fired == 1);
  CHECK(rules[3].came == 2);
  CHECK(rules[3].came_after == 1);
}

TEST_CASE("heartbeats and intervals are counted too") {
  Plan plan = TwoGroups();
  plan.heartbeat = 10;
  Rule beat;
  beat.trigger = TriggerType::kHeartbeat;
  Rule every;
  every.trigger = TriggerType::kInterval;
  every.interval = 25;
  plan.rules = {beat, every};
  TestEngine engine(plan);
  engine.Feed(Submit(1, 100, "a"));
  while (engine.engine.Advance(200) < 200) {
  }
  const std::vector<RuleReport> rules = engine.engine.GetRules().rules;
  CHECK(rules[0].state.fired == 1);
  CHECK(rules[0].came == 10);
  CHECK(rules[0].came_after == 9);
  CHECK(rules[1].came == 4);
  CHECK(rules[1].came_after == 3);
  // Without repetitions, no time makes it due.
  CHECK(std::isnan(rules[1].next));
}

TEST_CASE("the times that hold a rule back, or make it due, are reported") {
  Plan plan = TwoGroups();
  plan.states = {"first", "second"};
  Rule every;
  every.trigger = TriggerType::kInterval;
  every.interval = 25;
  every.repetitions = 100;
  every.backoff = 5;
  Rule lasting = OnFinished(2);
  lasting.hold_duration = 60;
  Rule cooling = OnFinished(1);
  cooling.cooldown = 40;
  cooling.repetitions = 100;
  Rule stays;
  stays.trigger = TriggerType::kState;
  stays.state = 0;
  stays.hold_duration = 300;
  plan.rules = {every, lasting, cooling, stays};
  TestEngine engine(plan);
  engine.Feed(Jobs(2, "a"));
  while (engine.engine.Advance(135) < 135) {
  }
  std::vector<RuleReport> rules = engine.engine.GetRules().rules;
  CHECK(rules[0].state.backoff_left == 5);
  CHECK(rules[0].next == 150);
  CHECK(std::isnan(rules[0].since));
  CHECK(rules[1].since == 102);
  CHECK(rules[1].next == 162);
  // It fired at 101, was held back at 102, and is evaluated again at 141.
  CHECK(rules[2].ready == 141);
  CHECK(rules[2].next == 141);
  CHECK(rules[3].since == 100);
  CHECK(rules[3].next == 400);
  engine.engine.GoTo(1);
  rules = engine.engine.GetRules().rules;
  CHECK(std::isnan(rules[3].since));
  CHECK(std::isnan(rules[3].next));
  while (engine.engine.Advance(145) < 145) {
  }
  rules = engine.engine.GetRules().rules;
  CHECK(rules[2].ready == 181);
  CHECK(std::isnan(rules[2].next));
}

}  // namespace flux_ensemble::engine
