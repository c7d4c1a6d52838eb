// Firings of rules: their times, jobs and values.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "test/conditions.h"
#include "test/journals.h"

namespace flux_ensemble::engine {

namespace {

using journal::EventKind;
using stats::Statistic;
using test::Event;
using test::Exception;
using test::Finish;
using test::Submit;
using test::TestEngine;
using Indexes = std::vector<std::uint32_t>;

constexpr std::uint64_t kAlways = 1'000'000;

Rule On(TriggerType trigger, std::uint64_t repetitions = kAlways) {
  Rule rule;
  rule.trigger = trigger;
  rule.repetitions = repetitions;
  return rule;
}

Rule OnJob(Change change, std::uint32_t group = kNoGroup, std::uint64_t repetitions = kAlways) {
  Rule rule = On(TriggerType::kJob, repetitions);
  rule.change = change;
  rule.group = group;
  return rule;
}

Rule OnCount(Count count, Op comparison, double threshold, std::uint32_t group = 0) {
  Rule rule = On(TriggerType::kMetric);
  rule.program = test::Comparing(test::IndexOf(group, count), comparison, threshold);
  return rule;
}

Rule OnStatistic(Variable variable, Statistic statistic) {
  Rule rule = On(TriggerType::kMetric);
  rule.program = test::Known(test::IndexOf(0, variable, statistic));
  return rule;
}

TestEngine With(std::vector<Rule> rules, double heartbeat = 0) {
  Plan plan;
  plan.groups = {"g", "h"};
  plan.heartbeat = heartbeat;
  plan.metrics = test::AllMetrics(2);
  plan.rules = std::move(rules);
  return TestEngine(plan);
}

// A job that ran from 10 s after its submission for `duration` seconds.
std::string Ran(journal::JobId id, double duration, const std::string& group = "g") {
  return Submit(id, 100, group) + Event(id, 110, "start") + Finish(id, 110 + duration) +
         Event(id, 200, "clean");
}

}  // namespace

TEST_CASE("start rules fire at the start, in the order of the file") {
  TestEngine engine = With({On(TriggerType::kStart, 1), On(TriggerType::kHeartbeat, 1),
                            On(TriggerType::kStart, 1), On(TriggerType::kStart, 0)});
  engine.engine.Start(42);
  REQUIRE(engine.engine.firings().size() == 2);
  const Firing first = engine.engine.firings()[0];
  CHECK(first.number == 0);
  CHECK(first.rule == 0);
  CHECK(first.timestamp == 42);
  CHECK_FALSE(first.job);
  CHECK(first.group == kNoGroup);
  CHECK(std::isnan(first.value));
  CHECK(first.event.empty());
  CHECK(engine.Fired() == Indexes{0, 2});
}

TEST_CASE("a job rule fires for its group, with the event") {
  Rule any = OnJob(ChangeOf(EventKind::kFinish));
  any.wants_event = true;
  TestEngine engine =
      With({OnJob(ChangeOf(EventKind::kFinish), 0), any, OnJob(ChangeOf(EventKind::kFinish), 1)});
  engine.Feed(Submit(5, 1, "h") + Finish(5, 2.5, 256));
  REQUIRE(engine.engine.firings().size() == 2);
  const Firing& firing = engine.engine.firings()[0];
  CHECK(firing.rule == 1);
  CHECK(firing.job == 5);
  CHECK(firing.group == 1);
  CHECK(firing.timestamp == 2.5);
  CHECK(firing.event == "finish");
  CHECK(firing.context == R"({"status":256})");
  CHECK(std::isnan(firing.value));
  CHECK(engine.engine.firings()[1].rule == 2);
  CHECK(engine.engine.firings()[1].context.empty());
}

TEST_CASE("derived triggers fire once a job, at the event that brings them") {
  const std::vector<Change> changes = {
      Change::kSchedState, Change::kRunState, Change::kCleanupState, Change::kInactiveState,
      Change::kSuccess,    Change::kFail,     Change::kCancel,       Change::kTimeout};
  const auto fired = [&](const std::vector<std::string>& lines) {
    std::vector<Rule> rules;
    for (const Change change : changes) rules.push_back(OnJob(change));
    TestEngine engine = With(rules);
    std::vector<std::string> events;
    for (const std::string& line : lines) engine.Feed(line);
    for (const Firing& firing : engine.engine.firings()) {
      events.push_back(std::to_string(firing.rule) + firing.event);
    }
    return events;
  };
  using Names = std::vector<std::string>;
  const std::string waiting = Submit(1, 1, "g") + Event(1, 1, "validate") + Event(1, 1, "depend") +
                              Event(1, 1, "priority", R"({"priority":1})");
  const std::string running = waiting + Event(1, 2, "alloc") + Event(1, 3, "start");
  const std::string ended = Event(1, 9, "release") + Event(1, 9, "free") + Event(1, 9, "clean");
  CHECK(fired({running, Finish(1, 4), ended}) ==
        Names{"0priority", "1alloc", "2finish", "4finish", "3clean"});
  CHECK(fired({running, Finish(1, 4, 1), ended}) ==
        Names{"0priority", "1alloc", "2finish", "3clean", "5finish"});
  CHECK(fired({waiting, Exception(1, 4, "cancel"), ended}) ==
        Names{"0priority", "2exception", "3clean", "6clean"});
  CHECK(fired({running, Exception(1, 4, "timeout"), Finish(1, 5, 15), ended}) ==
        Names{"0priority", "1alloc", "2exception", "5finish", "7finish", "3clean"});
  CHECK(fired({running, Finish(1, 4, 1), Exception(1, 5, "cancel"), ended}) ==
        Names{"0priority", "1alloc", "2finish", "6exception", "3clean"});
  CHECK(fired({running, Finish(1, 4, 1), Exception(1, 5, "timeout", 1), ended}) ==
        Names{"0priority", "1alloc", "2finish", "3clean", "5finish", "7finish"});
  CHECK(fired({Submit(1, 1, "g"), Event(1, 2, "invalidate")}).empty());
}

TEST_CASE("a metric rule is evaluated only when its metric changes") {
  TestEngine engine = With({OnCount(Count::kFinished, Op::kGreaterEqual, 0),
                            OnStatistic(Variable::kDuration, Statistic::kMean),
                            OnCount(Count::kSubmitted, Op::kNotEqual, 2)});
  engine.Feed(Submit(1, 100, "g"));
  CHECK(engine.Fired() == Indexes{2});
  engine.Feed(Event(1, 110, "start") + Event(1, 111, "memo", R"({"a":1})") + Submit(9, 1, "h") +
              Finish(9, 2));
  CHECK(engine.Fired().empty());
  engine.Feed(Finish(1, 115));
  REQUIRE(engine.engine.firings().size() == 2);
  CHECK(engine.engine.firings()[0].value == 1);
  CHECK(engine.engine.firings()[1].value == 5);
  CHECK(engine.engine.firings()[1].job == 1);
  CHECK(engine.engine.firings()[1].event == "finish");
  CHECK(engine.Fired() == Indexes{0, 1});
  engine.Feed(Event(1, 116, "clean") + Submit(2, 120, "g"));
  CHECK(engine.Fired().empty());
}

TEST_CASE("each comparison holds for the right values") {
  const auto values = [](Op comparison, double threshold) {
    TestEngine engine = With({OnCount(Count::kSubmitted, comparison, threshold)});
    for (journal::JobId id = 1; id <= 4; ++id) engine.Feed(Submit(id, 1, "g"));
    std::vector<double> seen;
    for (const Firing& firing : engine.engine.firings()) seen.push_back(firing.value);
    return seen;
  };
  using Values = std::vector<double>;
  CHECK(values(Op::kLess, 2) == Values{1});
  CHECK(values(Op::kLessEqual, 2) == Values{1, 2});
  CHECK(values(Op::kGreater, 2) == Values{3, 4});
  CHECK(values(Op::kGreaterEqual, 2) == Values{2, 3, 4});
  CHECK(values(Op::kEqual, 2) == Values{2});
  CHECK(values(Op::kNotEqual, 2) == Values{1, 3, 4});
  CHECK(values(Op::kEqual, 2.5) == Values{});
  CHECK(values(Op::kGreater, -1e300) == Values{1, 2, 3, 4});
}

TEST_CASE("a metric rule looks at its own statistic") {
  for (std::size_t i = 0; i < stats::kKeptStatisticCount; ++i) {
    const auto statistic = static_cast<Statistic>(i);
    CAPTURE(i);
    TestEngine engine = With({OnStatistic(Variable::kDuration, statistic)});
    for (journal::JobId id = 1; id <= 9; ++id) {
      engine.Feed(Ran(id, static_cast<double>(id * id % 13)));
      REQUIRE(engine.engine.firings().size() == id);
      CHECK(engine.engine.firings().back().value ==
            engine.statistic(0, Variable::kDuration, statistic));
    }
  }
}

TEST_CASE("repetitions and backoff count occasions that hold") {
  Rule rule = OnCount(Count::kSubmitted, Op::kGreater, 3);
  rule.repetitions = 2;
  rule.backoff = 2;
  TestEngine engine = With({rule});
  for (journal::JobId id = 1; id <= 20; ++id) engine.Feed(Submit(id, 1, "g"));
  REQUIRE(engine.engine.firings().size() == 2);
  CHECK(engine.engine.firings()[0].value == 4);
  CHECK(engine.engine.firings()[1].value == 7);
  CHECK(engine.engine.GetStatus().totals.firings == 2);
}

TEST_CASE("metric rules fire before job rules, then in the order of the file") {
  TestEngine engine = With({OnJob(ChangeOf(EventKind::kFinish)), OnJob(Change::kSuccess, 0),
                            OnStatistic(Variable::kDuration, Statistic::kMax),
                            OnJob(Change::kCleanupState), OnCount(Count::kSuccess, Op::kEqual, 1)});
  engine.Feed(Submit(1, 1, "g") + Event(1, 2, "start") + Finish(1, 3));
  CHECK(engine.Fired() == Indexes{2, 4, 0, 1, 3});
}

TEST_CASE("a terminal rule ends the run at once") {
  Rule terminal = OnJob(ChangeOf(EventKind::kFinish));
  terminal.terminal = true;
  TestEngine engine = With({OnJob(ChangeOf(EventKind::kFinish)), terminal,
                            OnJob(ChangeOf(EventKind::kFinish)), On(TriggerType::kHeartbeat)},
                           1);
  engine.Feed(Submit(1, 1, "g") + Submit(2, 1, "g") + Finish(1, 2));
  CHECK(engine.Fired() == Indexes{0, 1});
  CHECK(engine.engine.GetStatus().ended);
  engine.Feed(Finish(2, 3));
  engine.engine.Heartbeat(4);
  engine.engine.Start(5);
  CHECK(engine.Fired().empty());
  CHECK_FALSE(engine.engine.GetStatus().time_could_fire);
  // Statistics go on.
  CHECK(engine.count(0, Count::kFinished) == 2);
}

TEST_CASE("End() ends the firings, also at the start") {
  TestEngine engine = With({On(TriggerType::kStart)});
  engine.engine.End();
  engine.engine.Start(1);
  CHECK(engine.Fired().empty());
  CHECK(engine.engine.GetStatus().ended);
}

TEST_CASE("a rule added later takes part from then on") {
  TestEngine engine = With({OnJob(ChangeOf(EventKind::kSubmit), 0, 1)});
  engine.Feed(Submit(1, 1, "g"));
  CHECK(engine.Fired() == Indexes{0});
  CHECK(engine.engine.AddRule(OnJob(ChangeOf(EventKind::kSubmit), 1)) == 1);
  CHECK(engine.engine.AddRule(OnCount(Count::kSubmitted, Op::kGreater, 1)) == 2);
  Rule pending = On(TriggerType::kMetric);
  const auto added = static_cast<std::uint32_t>(test::AllMetrics(2).size());
  pending.program = test::Comparing(added, Op::kEqual, 1);
  CHECK(engine.engine.AddRule(
            pending, {{.group = 1, .kind = Metric::Kind::kCount, .count = Count::kPending}}) == 3);
  engine.Feed(Submit(2, 1, "g") + Submit(3, 1, "h"));
  CHECK(engine.Fired() == Indexes{2, 3, 1});
}

TEST_CASE("heartbeats evaluate heartbeat rules and every metric rule that has a value") {
  TestEngine engine = With(
      {On(TriggerType::kHeartbeat, 2), OnCount(Count::kSubmitted, Op::kGreater, 0),
       OnCount(Count::kFailed, Op::kEqual, 0), OnStatistic(Variable::kDuration, Statistic::kMean)},
      1);
  engine.engine.Heartbeat(1);
  CHECK(engine.Fired() == Indexes{0});
  engine.Feed(Submit(1, 1, "g"));
  CHECK(engine.Fired() == Indexes{1});
  engine.engine.Heartbeat(2);
  REQUIRE(engine.engine.firings().size() == 2);
  CHECK(engine.engine.firings()[0].group == 0);
  CHECK(engine.engine.firings()[0].value == 1);
  CHECK(engine.engine.firings()[0].timestamp == 2);
  CHECK_FALSE(engine.engine.firings()[0].job);
  CHECK(engine.Fired() == Indexes{1, 0});
  engine.engine.Heartbeat(3);
  CHECK(engine.Fired() == Indexes{1});
}

TEST_CASE("heartbeats count the ages of waiting jobs without recording them") {
  Rule longest = OnStatistic(Variable::kPending, Statistic::kMax);
  longest.program =
      test::Comparing(test::IndexOf(0, Variable::kPending, Statistic::kMax), Op::kGreater, 50);
  Rule mean = OnStatistic(Variable::kPending, Statistic::kMean);
  TestEngine engine = With({longest, mean}, 1);
  // One job has started after 10 s; one waits since 100, one since 130; one was canceled; one comes
  // from the future.
  engine.Feed(Ran(1, 1) + Submit(2, 100, "g") + Event(2, 101, "alloc") + Submit(3, 130, "g") +
              Submit(4, 10, "g") + Exception(4, 11, "cancel") + Submit(5, 1000, "g") +
              Submit(6, 1, "h"));
  CHECK(engine.Fired() == Indexes{1});
  engine.engine.Heartbeat(140);
  REQUIRE(engine.engine.firings().size() == 1);
  CHECK(engine.engine.firings()[0].value == doctest::Approx((10 + 40 + 10) / 3.0));
  engine.Fired();
  engine.engine.Heartbeat(151);
  REQUIRE(engine.engine.firings().size() == 2);
  CHECK(engine.engine.firings()[0].value == 51);
  CHECK(engine.engine.firings()[1].value == doctest::Approx((10 + 51 + 21) / 3.0));
  CHECK(engine.observations(0, Variable::kPending) == 1);
  CHECK(engine.statistic(0, Variable::kPending, Statistic::kMax) == 10);
  // Once it has started, it counts once.
  engine.Fired();
  engine.Feed(Event(2, 160, "start"));
  CHECK(engine.statistic(0, Variable::kPending, Statistic::kMax) == 60);
  CHECK(engine.observations(0, Variable::kPending) == 2);
  CHECK(engine.Fired() == Indexes{0, 1});
}

TEST_CASE("the status shows whether time alone could fire a rule") {
  const auto could = [](std::vector<Rule> rules, double heartbeat, const std::string& journal) {
    TestEngine engine = With(std::move(rules), heartbeat);
    engine.Feed(journal);
    return engine.engine.GetStatus().time_could_fire;
  };
  CHECK_FALSE(could({On(TriggerType::kHeartbeat)}, 0, ""));
  CHECK(could({On(TriggerType::kHeartbeat)}, 1, ""));
  CHECK_FALSE(could({On(TriggerType::kHeartbeat, 0)}, 1, ""));
  CHECK_FALSE(could({}, 1, ""));
  const Rule finished = OnCount(Count::kFinished, Op::kGreater, 0);
  CHECK_FALSE(could({finished}, 1, ""));
  CHECK(could({finished}, 1, Ran(1, 1)));
  CHECK_FALSE(could({OnCount(Count::kFinished, Op::kGreater, 1)}, 1, Ran(1, 1)));
  CHECK_FALSE(could({finished}, 0, Ran(1, 1)));
}

}  // namespace flux_ensemble::engine
