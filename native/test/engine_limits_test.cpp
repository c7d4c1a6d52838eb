// Budgets, node hours, groups that are done, and facts about the allocation.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "engine/hours.h"
#include "test/journals.h"

namespace flux_ensemble::engine {

namespace {

using test::Event;
using test::Exception;
using test::Finish;
using test::Submit;
using test::TestEngine;

Rule OnLimit(std::vector<std::uint32_t> limits) {
  Rule rule;
  rule.trigger = TriggerType::kLimit;
  rule.limits = std::move(limits);
  rule.repetitions = 10;
  return rule;
}

Rule OnDone(std::uint32_t group) {
  Rule rule;
  rule.trigger = TriggerType::kGroupDone;
  rule.group = group;
  rule.repetitions = 10;
  return rule;
}

// Two groups, with a rule for each limit.
Plan Limited(std::vector<Limit> limits) {
  Plan plan;
  plan.groups = {"g", "h"};
  for (std::uint32_t index = 0; index < limits.size(); ++index)
    plan.rules.push_back(OnLimit({index}));
  plan.limits = std::move(limits);
  return plan;
}

std::string Alloc(journal::JobId id, double time, const std::string& ranks,
                  const std::string& cores) {
  std::string record = Event(id, time, "alloc");
  record.erase(record.rfind('}'));
  return record + R"(,"R":{"version":1,"execution":{"R_lite":[{"rank":")" + ranks +
         R"(","children":{"core":")" + cores + "\"}}]}}}\n";
}

std::string Ran(journal::JobId id, double begin, double end, const std::string& group,
                int status = 0) {
  return Submit(id, begin, group) + Event(id, begin, "validate") + Event(id, begin, "start") +
         Finish(id, end, status) + Event(id, end, "clean");
}

}  // namespace

TEST_CASE("nodes and cores are read from R") {
  const auto of = [](const std::string& list) {
    const Allocation found = Allocation::Of(R"({"version":1,"execution":{"R_lite":[)" + list +
                                            R"(],"nodelist":["a"]}})");
    return std::vector{found.nodes, found.cores};
  };
  using Numbers = std::vector<std::uint64_t>;
  CHECK(of(R"({"rank":"0","children":{"core":"3"}})") == Numbers{1, 1});
  CHECK(of(R"({"rank":"0-3,7","children":{"core":"0-1,5","gpu":"0-3"}})") == Numbers{5, 15});
  CHECK(of(R"({"rank":"0-1","children":{"core":"0-3"}},{"rank":"9","children":{"core":"0"}})") ==
        Numbers{3, 9});
  CHECK(of(R"({"rank":"2","children":{}})") == Numbers{1, 0});
  for (const char* invalid :
       {"", R"({"rank":"x"})", R"({"rank":"5-2"})", R"({"rank":"0-99999999999999999999"})",
        R"({"rank":"0-4000000000"})", R"({"rank":"1,,2"})", R"({"rank":")"}) {
    CAPTURE(invalid);
    CHECK(of(invalid) == Numbers{0, 0});
  }
  CHECK(Allocation::Of("").nodes == 0);
}

TEST_CASE("jobs hold their nodes from alloc to finish") {
  Plan plan = Limited({});
  plan.metrics.resize(2);
  plan.metrics[0] = {.group = 0, .kind = Metric::Kind::kNodeHours};
  plan.metrics[1] = {.group = 0, .kind = Metric::Kind::kCoreHours};
  TestEngine engine(std::move(plan), Submit(1, 1, "g") + Event(1, 1, "validate") +
                                         Alloc(1, 3600, "0-1", "0-3") + Event(1, 3700, "start"));
  const auto hours = [&] { return engine.engine.GetSnapshot().metrics; };
  CHECK(hours()[0] == doctest::Approx(2 * 100.0 / 3600));
  engine.Feed(Submit(2, 7200, "h") + Event(2, 7200, "validate"));
  CHECK(hours()[0] == doctest::Approx(2));
  engine.Feed(Finish(1, 10800) + Event(1, 11000, "clean") + Event(2, 20000, "start"));
  CHECK(hours() == std::vector<double>{4, 16});
  // A job of others holds nothing here.
  engine.Feed(Alloc(99, 20000, "0-9", "0-3") + Event(2, 30000, "urgency"));
  CHECK(hours() == std::vector<double>{4, 16});
}

TEST_CASE("a budget of jobs is reached once, by its group or by all groups") {
  TestEngine engine(Limited({{LimitKind::kJobs, kNoGroup, 3}, {LimitKind::kJobs, 1, 2}}));
  engine.Feed(Ran(1, 1, 2, "g") + Ran(2, 3, 4, "h"));
  CHECK(engine.Fired().empty());
  CHECK(engine.engine.budgets().jobs_left(0, 0, 0) == 1);
  CHECK(engine.engine.budgets().jobs_left(1, 1, 1) == 0);
  CHECK_FALSE(engine.engine.budgets().stopped(0));
  engine.Feed(Ran(3, 5, 6, "h"));
  CHECK(engine.Fired() == std::vector<std::uint32_t>{0, 1});
  CHECK(engine.engine.budgets().stopped(0));
  engine.Feed(Ran(4, 7, 8, "h"));
  CHECK(engine.Fired().empty());
  REQUIRE(engine.engine.reached_limits().size() == 2);
  CHECK(engine.engine.reached_limits()[0].time == 5);
}

TEST_CASE("failures are limited by their number, and by their share of enough jobs") {
  TestEngine engine(
      Limited({{LimitKind::kFailures, 0, 3}, {LimitKind::kFailureShare, kNoGroup, 0.1}}));
  for (journal::JobId id = 1; id <= 2; ++id) engine.Feed(Ran(id, 1, 2, "g", 256));
  // Two of two failed, but a tenth of them is less than one job.
  CHECK(engine.Fired().empty());
  for (journal::JobId id = 3; id <= 9; ++id) engine.Feed(Ran(id, 3, 4, "g"));
  CHECK(engine.Fired().empty());
  engine.Feed(Ran(10, 5, 6, "h"));
  CHECK(engine.Fired() == std::vector<std::uint32_t>{1});
  engine.Feed(Ran(11, 7, 8, "g", 256));
  CHECK(engine.Fired() == std::vector<std::uint32_t>{0});
  CHECK(engine.engine.budgets().stopped(1));
}

TEST_CASE("a wall time is reached at its time, that of a group after its first job") {
  TestEngine engine(Limited({{LimitKind::kWall, kNoGroup, 100}, {LimitKind::kWall, 1, 10}}));
  CHECK(std::isinf(engine.engine.next()));
  engine.engine.Start(1000);
  CHECK(engine.engine.next() == 1100);
  engine.Feed(Ran(1, 1050, 1051, "h"));
  CHECK(engine.engine.next() == 1060);
  CHECK(engine.engine.PassTo(1059.9) == false);
  CHECK(engine.engine.PassTo(2000));
  CHECK(engine.Fired() == std::vector<std::uint32_t>{1, 0});
  CHECK(engine.engine.reached_limits()[0].time == 1060);
  CHECK(engine.engine.reached_limits()[1].time == 1100);
}

TEST_CASE("node hours are reached between two events, at the same time after a log") {
  std::string state;
  const auto plan = [] { return Limited({{LimitKind::kNodeHours, kNoGroup, 1}}); };
  const auto tracked = [&] {
    Plan with = plan();
    with.metrics.push_back({.group = 0, .kind = Metric::Kind::kNodeHours});
    return with;
  };
  TestEngine engine(tracked());
  engine.engine.Start(0);
  engine.Feed(Submit(1, 1, "g") + Event(1, 1, "validate") + Alloc(1, 100, "0-2", "0") +
              Event(1, 100, "start"));
  CHECK(engine.engine.next() == 1300);
  state = engine.engine.Save();
  engine.engine.PassTo(5000);
  CHECK(engine.Fired() == std::vector<std::uint32_t>{0});
  CHECK(engine.engine.reached_limits()[0].time == 1300);
  TestEngine again(tracked());
  REQUIRE(again.engine.Load(state));
  for (double time = 200; time < 5000; time += 333.3) again.engine.PassTo(time);
  CHECK(again.Fired() == std::vector<std::uint32_t>{0});
  CHECK(again.engine.reached_limits()[0].time == 1300);
}

TEST_CASE("a budget of node hours alone tracks them") {
  TestEngine engine(Limited({{LimitKind::kNodeHours, 0, 1}}));
  engine.engine.Start(0);
  engine.Feed(Submit(1, 1, "g") + Event(1, 1, "validate") + Alloc(1, 1, "0", "0") +
              Event(1, 1, "start"));
  CHECK(engine.engine.next() == 3601);
}

TEST_CASE("a group is idle when nothing of it is active or queued, and is reported once") {
  Plan plan = Limited({});
  plan.rules.push_back(OnDone(1));
  TestEngine engine(std::move(plan));
  const auto idle = [&] { return std::exchange(engine.engine.idle_groups(), {}); };
  engine.Feed(Submit(1, 1, "h") + Event(1, 1, "validate") + Ran(2, 1, 2, "g"));
  CHECK(idle().empty());
  engine.engine.Queue(1, 5, 3);
  engine.Feed(Finish(1, 4) + Event(1, 4, "clean"));
  CHECK(idle().empty());
  CHECK_FALSE(engine.engine.IsIdle(1));
  engine.engine.Queue(1, -5, 5);
  CHECK(idle() == std::vector<std::uint32_t>{1});
  engine.engine.GroupDone(1, 5);
  engine.engine.GroupDone(0, 5);
  CHECK(engine.Fired() == std::vector<std::uint32_t>{0});
  engine.Feed(Ran(3, 6, 7, "h"));
  CHECK(idle() == std::vector<std::uint32_t>{1});
}

TEST_CASE("a group is done after the one that it follows, when it has had jobs") {
  Plan plan = Limited({});
  plan.follows = {kNoGroup, 0};
  plan.rules.push_back(OnDone(1));
  TestEngine engine(std::move(plan));
  const auto idle = [&] { return std::exchange(engine.engine.idle_groups(), {}); };
  engine.Feed(Submit(1, 1, "g") + Event(1, 1, "validate") + Ran(2, 1, 2, "h"));
  CHECK(idle().empty());
  CHECK_FALSE(engine.engine.IsIdle(1));
  // The end of the one before is that of both.
  engine.Feed(Finish(1, 4) + Event(1, 4, "clean"));
  CHECK(idle() == std::vector<std::uint32_t>{1});
  engine.Feed(Ran(3, 5, 6, "g"));
  CHECK(idle().empty());
  engine.Feed(Ran(4, 7, 8, "h"));
  CHECK(idle() == std::vector<std::uint32_t>{1});
}

TEST_CASE("rules on the end fire after the rule that ended the run, others do not") {
  Plan plan = Limited({{LimitKind::kJobs, 0, 1}});
  plan.rules[0].terminal = true;
  Rule end;
  end.trigger = TriggerType::kEnd;
  plan.rules.push_back(end);
  plan.rules.push_back(OnDone(0));
  TestEngine engine(std::move(plan));
  engine.Feed(Ran(1, 1, 2, "g"));
  CHECK(engine.Fired() == std::vector<std::uint32_t>{0});
  engine.engine.GroupDone(0, 3);
  engine.engine.EndOfRun(3);
  engine.engine.EndOfRun(3);
  CHECK(engine.Fired() == std::vector<std::uint32_t>{1});
}

TEST_CASE("size and the time left of the allocation are metrics, unknown at first") {
  Plan plan = Limited({});
  plan.metrics.resize(2);
  plan.metrics[0] = {.group = kNoGroup, .kind = Metric::Kind::kSize};
  plan.metrics[1] = {.group = kNoGroup, .kind = Metric::Kind::kTimeLeft};
  for (std::uint32_t metric = 0; metric < 2; ++metric) {
    Rule rule;
    rule.trigger = TriggerType::kMetric;
    rule.program = *Program::Make({{.index = metric, .op = Op::kMetric},
                                   {.number = 60, .op = Op::kNumber},
                                   {.op = Op::kLess}},
                                  {}, 2);
    plan.rules.push_back(std::move(rule));
  }
  TestEngine engine(std::move(plan));
  engine.engine.Start(1000);
  CHECK(engine.Fired().empty());
  CHECK_FALSE(engine.engine.GetStatus().time_could_fire);
  engine.engine.SetAllocation(70, 2000, 1000);
  CHECK(engine.Fired().empty());
  CHECK(engine.engine.next() == 1001);
  engine.engine.SetAllocation(4, 2000, 1000);
  CHECK(engine.Fired() == std::vector<std::uint32_t>{0});
  engine.engine.PassTo(1939.5);
  CHECK(engine.Fired().empty());
  engine.engine.PassTo(1942);
  CHECK(engine.Fired() == std::vector<std::uint32_t>{1});
  // It does not keep the run from its end.
  CHECK_FALSE(engine.engine.GetStatus().time_could_fire);
}

}  // namespace flux_ensemble::engine
