#include "engine/rule_index.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace flux_ensemble::engine {

namespace {

using journal::EventKind;
using Indexes = std::vector<std::uint32_t>;

Rule JobRule(std::uint32_t group, Change change) {
  Rule rule;
  rule.trigger = TriggerType::kJob;
  rule.group = group;
  rule.change = change;
  return rule;
}

Rule MetricRule(std::uint32_t group, Change change) {
  Rule rule = JobRule(group, change);
  rule.trigger = TriggerType::kMetric;
  return rule;
}

// Adds a rule that is due at its change only.
std::uint32_t Add(RuleIndex& rules, const Rule& rule) {
  std::vector<Watch> watches;
  if (rule.change != Change::kNone) watches.push_back({rule.group, rule.change});
  return rules.Add(rule, watches);
}

ChangeMask MaskOf(std::initializer_list<Change> changes) {
  ChangeMask set;
  for (const Change change : changes) set.Add(change);
  return set;
}

// The occasions, counted from 1, at which a rule runs.
std::vector<int> Runs(std::uint64_t repetitions, std::optional<std::uint64_t> backoff,
                      int occasions) {
  RuleIndex rules;
  Rule rule = JobRule(kNoGroup, ChangeOf(EventKind::kFinish));
  rule.repetitions = repetitions;
  rule.backoff = backoff;
  const std::uint32_t index = Add(rules, rule);
  std::vector<int> runs;
  for (int i = 1; i <= occasions; ++i) {
    if (rules.Consume(index)) runs.push_back(i);
  }
  return runs;
}

constexpr Change kFinish = ChangeOf(EventKind::kFinish);
constexpr Change kStart = ChangeOf(EventKind::kStart);

}  // namespace

TEST_CASE("a change makes the rules of its group and those of any group due") {
  RuleIndex rules;
  Add(rules, JobRule(1, kFinish));         // 0
  Add(rules, JobRule(2, kFinish));         // 1
  Add(rules, JobRule(kNoGroup, kFinish));  // 2
  Add(rules, JobRule(1, kStart));          // 3
  Add(rules, JobRule(1, kFinish));         // 4
  CHECK(rules.RulesOn(1, MaskOf({kFinish})) == Indexes{0, 2, 4});
  CHECK(rules.RulesOn(2, MaskOf({kFinish})) == Indexes{1, 2});
  CHECK(rules.RulesOn(3, MaskOf({kFinish})) == Indexes{2});
  CHECK(rules.RulesOn(100'000, MaskOf({kFinish})) == Indexes{2});
  CHECK(rules.RulesOn(1, MaskOf({kStart})) == Indexes{3});
  CHECK(rules.RulesOn(1, MaskOf({kFinish, kStart})) == Indexes{0, 2, 3, 4});
  CHECK(rules.RulesOn(1, MaskOf({})) == Indexes{});
  CHECK(rules.RulesOn(1, MaskOf({Change::kFail})) == Indexes{});
}

TEST_CASE("metric rules come first, then the order of the file") {
  RuleIndex rules;
  Add(rules, JobRule(kNoGroup, kFinish));                    // 0
  Add(rules, MetricRule(1, ChangeOf(Count::kFinished)));     // 1
  Add(rules, JobRule(1, Change::kSuccess));                  // 2
  Add(rules, MetricRule(1, ChangeOf(Variable::kDuration)));  // 3
  Add(rules, JobRule(1, kFinish));                           // 4
  Add(rules, MetricRule(1, ChangeOf(Count::kFinished)));     // 5
  const ChangeMask changed = MaskOf(
      {kFinish, Change::kSuccess, ChangeOf(Count::kFinished), ChangeOf(Variable::kDuration)});
  CHECK(rules.RulesOn(1, changed) == Indexes{1, 3, 5, 0, 2, 4});
  CHECK(rules.RulesOn(1, MaskOf({kFinish, ChangeOf(Count::kFinished)})) == Indexes{1, 5, 0, 4});
}

TEST_CASE("repetitions and backoff count occasions") {
  CHECK(Runs(1, std::nullopt, 9) == std::vector{1});
  CHECK(Runs(3, std::nullopt, 9) == std::vector{1, 2, 3});
  CHECK(Runs(3, 0, 9) == std::vector{1, 2, 3});
  CHECK(Runs(3, 1, 9) == std::vector{1, 3, 5});
  CHECK(Runs(3, 2, 9) == std::vector{1, 4, 7});
  CHECK(Runs(2, 100, 101) == std::vector{1});
  CHECK(Runs(2, 100, 102) == std::vector{1, 102});
  CHECK(Runs(0, std::nullopt, 9).empty());
}

TEST_CASE("a rule without runs left is swept from where it is looked for") {
  RuleIndex rules;
  for (int i = 0; i < 6; ++i) {
    Rule rule = JobRule(1, kFinish);
    rule.repetitions = i % 2 == 0 ? 1 : 2;
    Add(rules, rule);
  }
  for (std::uint32_t i = 0; i < 6; ++i) CHECK(rules.Consume(i));
  CHECK(rules.RulesOn(1, MaskOf({kFinish})) == Indexes{1, 3, 5});
  CHECK(rules.Active(TriggerType::kJob) == Indexes{1, 3, 5});
  for (std::uint32_t i = 0; i < 6; ++i) CHECK(rules.Consume(i) == (i % 2 == 1));
  CHECK(rules.RulesOn(1, MaskOf({kFinish})).empty());
  CHECK(rules.Active(TriggerType::kJob).empty());
  CHECK(rules.size() == 6);
}

TEST_CASE("rules may be added at any time") {
  RuleIndex rules;
  Rule once = JobRule(1, kFinish);
  CHECK(Add(rules, once) == 0);
  CHECK(rules.Consume(0));
  CHECK(rules.RulesOn(1, MaskOf({kFinish})).empty());
  CHECK(Add(rules, once) == 1);
  CHECK(Add(rules, MetricRule(70'000, ChangeOf(Count::kFailed))) == 2);
  Rule never = once;
  never.repetitions = 0;
  CHECK(Add(rules, never) == 3);
  CHECK(rules.RulesOn(1, MaskOf({kFinish})) == Indexes{1});
  CHECK(rules.RulesOn(70'000, MaskOf({ChangeOf(Count::kFailed)})) == Indexes{2});
  CHECK(rules.Active(TriggerType::kMetric) == Indexes{2});
  CHECK_FALSE(rules.Consume(3));
}

TEST_CASE("rules that no event makes due are found by their trigger") {
  RuleIndex rules;
  Rule rule;
  rule.trigger = TriggerType::kStart;
  Add(rules, rule);
  rule.trigger = TriggerType::kHeartbeat;
  Add(rules, rule);
  Add(rules, rule);
  CHECK(rules.Active(TriggerType::kStart) == Indexes{0});
  CHECK(rules.Active(TriggerType::kHeartbeat) == Indexes{1, 2});
  CHECK(rules.Consume(1));
  CHECK(rules.Active(TriggerType::kHeartbeat) == Indexes{2});
}

TEST_CASE("the index finds what looking at every rule finds") {
  std::mt19937_64 random(11);
  RuleIndex rules;
  std::vector<Rule> model;
  for (int step = 0; step < 20'000; ++step) {
    const auto group = static_cast<std::uint32_t>(random() % 5);
    const auto change = static_cast<Change>(random() % kChangeCount);
    if (model.size() < 400 && random() % 10 == 0) {
      Rule rule = IsMetric(change) ? MetricRule(group, change)
                                   : JobRule(group == 4 ? kNoGroup : group, change);
      rule.repetitions = random() % 4;
      Add(rules, rule);
      model.push_back(rule);
      continue;
    }
    const ChangeMask changed = MaskOf({change, static_cast<Change>(random() % kChangeCount),
                                       static_cast<Change>(random() % kChangeCount)});
    Indexes expected;
    for (const bool metric : {true, false}) {
      for (std::uint32_t i = 0; i < model.size(); ++i) {
        const Rule& rule = model[i];
        const bool due = (rule.group == group || rule.group == kNoGroup) &&
                         changed.Has(rule.change) && rule.repetitions > 0;
        if (due && IsMetric(rule.change) == metric) expected.push_back(i);
      }
    }
    const Indexes found = rules.RulesOn(group, changed);
    REQUIRE(found == expected);
    for (const std::uint32_t index : found) {
      if (random() % 2 == 0) continue;
      --model[index].repetitions;
      REQUIRE(rules.Consume(index));
    }
  }
}

}  // namespace flux_ensemble::engine
