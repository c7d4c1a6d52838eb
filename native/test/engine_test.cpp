// Jobs and their states: counts, gauges and statistics, also with missing events.
#include "engine/engine.h"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

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

Plan GroupG() {
  Plan plan;
  plan.groups = {"g"};
  return plan;
}

// Counts of group 0 that the journal changes, in the order of the enum.
constexpr std::size_t kJournalCounts = static_cast<std::size_t>(Count::kQueued);
using Counts = std::vector<double>;
Counts CountsOf(TestEngine& engine) {
  Counts counts;
  for (std::size_t i = 0; i < kJournalCounts; ++i) {
    counts.push_back(engine.count(0, static_cast<Count>(i)));
  }
  return counts;
}

// The counts after one job of group g.
TestEngine After(const std::string& journal) {
  return TestEngine(GroupG(), Submit(1, 10, "g") + journal);
}

}  // namespace

TEST_CASE("a plain job moves through all counts and gauges") {
  TestEngine engine(GroupG());
  // submitted finished success failed canceled timeout exception retried pending running
  const auto step = [&](const std::string& line, const Counts& expected) {
    CAPTURE(line);
    engine.Feed(line);
    CHECK(CountsOf(engine) == expected);
  };
  step(Submit(1, 10, "g"), {1, 0, 0, 0, 0, 0, 0, 0, 1, 0});
  step(Event(1, 10.1, "validate"), {1, 0, 0, 0, 0, 0, 0, 0, 1, 0});
  step(Event(1, 10.2, "depend"), {1, 0, 0, 0, 0, 0, 0, 0, 1, 0});
  step(Event(1, 10.3, "priority", R"({"priority":16})"), {1, 0, 0, 0, 0, 0, 0, 0, 1, 0});
  step(Event(1, 10.4, "annotations", R"({"annotations":null})"), {1, 0, 0, 0, 0, 0, 0, 0, 1, 0});
  step(Event(1, 11, "alloc"), {1, 0, 0, 0, 0, 0, 0, 0, 0, 1});
  step(Event(1, 12, "start"), {1, 0, 0, 0, 0, 0, 0, 0, 0, 1});
  step(Finish(1, 15), {1, 1, 1, 0, 0, 0, 0, 0, 0, 1});
  step(Event(1, 16, "release", R"({"ranks":"all","final":true})"), {1, 1, 1, 0, 0, 0, 0, 0, 0, 1});
  step(Event(1, 16, "free"), {1, 1, 1, 0, 0, 0, 0, 0, 0, 1});
  CHECK(engine.engine.ActiveJobs(0) == std::vector<journal::JobId>{1});
  step(Event(1, 17, "clean"), {1, 1, 1, 0, 0, 0, 0, 0, 0, 0});
  CHECK(engine.engine.ActiveJobs(0).empty());
  CHECK(engine.observations(0, Variable::kPending) == 1);
  CHECK(engine.statistic(0, Variable::kPending, Statistic::kMean) == 2);
  CHECK(engine.statistic(0, Variable::kDuration, Statistic::kMean) == 3);
  // Events after the end are ignored.
  step(Finish(1, 18, 256), {1, 1, 1, 0, 0, 0, 0, 0, 0, 0});
  CHECK(engine.engine.GetStatus().totals.tracked_events == 11);
  CHECK(engine.engine.GetStatus().totals.events == 12);
}

TEST_CASE("a job's result is Flux's own") {
  struct Case {
    std::string journal;
    Counts counts;
  };
  const std::string run = Event(1, 11, "alloc") + Event(1, 12, "start");
  const std::string clean = Event(1, 20, "clean");
  const std::vector<Case> cases = {
      {run + Finish(1, 13, 256) + clean, {1, 1, 0, 1, 0, 0, 0, 0, 0, 0}},
      {run + Finish(1, 13, 9) + clean, {1, 1, 0, 1, 0, 0, 0, 0, 0, 0}},
      // Cancelled before and after its start.
      {Exception(1, 11, "cancel") + clean, {1, 0, 0, 0, 1, 0, 1, 0, 0, 0}},
      {run + Exception(1, 13, "cancel") + Finish(1, 14, 36608) + clean,
       {1, 1, 0, 0, 1, 0, 1, 0, 0, 0}},
      // Time limit: failed as well.
      {run + Exception(1, 13, "timeout") + Finish(1, 14, 36352) + clean,
       {1, 1, 0, 1, 0, 1, 1, 0, 0, 0}},
      // Before alloc, by the scheduler; between alloc and start.
      {Exception(1, 11, "alloc") + clean, {1, 0, 0, 1, 0, 0, 1, 0, 0, 0}},
      {Event(1, 11, "alloc") + Exception(1, 12, "exec") + Event(1, 13, "release") + clean,
       {1, 0, 0, 1, 0, 0, 1, 0, 0, 0}},
      // A start without a finish.
      {run + Exception(1, 13, "exec") + clean, {1, 0, 0, 1, 0, 0, 1, 0, 0, 0}},
      {run + clean, {1, 0, 0, 1, 0, 0, 0, 0, 0, 0}},
      // A fatal exception outweighs a status of 0.
      {run + Exception(1, 13, "x") + Finish(1, 14) + clean, {1, 1, 0, 1, 0, 0, 1, 0, 0, 0}},
      // Exceptions that are not fatal.
      {Exception(1, 11, "cancel", 1) + run + Finish(1, 14) + clean, {1, 1, 1, 0, 0, 0, 0, 0, 0, 0}},
      {Exception(1, 11, "cancel", 1) + run + Finish(1, 14, 256) + clean,
       {1, 1, 0, 0, 1, 0, 0, 0, 0, 0}},
      {run + Exception(1, 12, "cancel", 3) + Exception(1, 13, "x", 2) + Finish(1, 14, 256) + clean,
       {1, 1, 0, 1, 0, 0, 0, 0, 0, 0}},
      // The first of the gravest counts, once.
      {run + Exception(1, 13, "cancel") + Exception(1, 13, "timeout") + Finish(1, 14, 9) + clean,
       {1, 1, 0, 0, 1, 0, 1, 0, 0, 0}},
      {run + Exception(1, 13, "timeout") + Exception(1, 13, "cancel") + Finish(1, 14, 9) + clean,
       {1, 1, 0, 1, 0, 1, 1, 0, 0, 0}},
      // Too late to change the result.
      {run + Finish(1, 14) + Exception(1, 15, "cancel") + clean, {1, 1, 1, 0, 0, 0, 1, 0, 0, 0}},
      // After a bad finish, an exception still decides, fatal or not.
      {run + Finish(1, 14, 256) + Exception(1, 15, "cancel") + clean,
       {1, 1, 0, 0, 1, 0, 1, 0, 0, 0}},
      {run + Finish(1, 14, 256) + Exception(1, 15, "timeout", 2) + clean,
       {1, 1, 0, 1, 0, 1, 0, 0, 0, 0}},
      {run + Finish(1, 14, 256) + Exception(1, 15, "x") + Exception(1, 16, "cancel") + clean,
       {1, 1, 0, 1, 0, 0, 1, 0, 0, 0}},
      {run + Finish(1, 14, 256) + Exception(1, 15, "cancel", 3) + Exception(1, 16, "x", 1) + clean,
       {1, 1, 0, 1, 0, 0, 0, 0, 0, 0}},
      // Refused by the job manager: never submitted.
      {Event(1, 11, "invalidate"), {0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
      {Event(1, 11, "dependency-add", R"({"description":"x"})") + Event(1, 11, "invalidate"),
       {0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
  };
  for (const Case& one : cases) {
    CAPTURE(one.journal);
    TestEngine engine = After(one.journal);
    CHECK(CountsOf(engine) == one.counts);
    CHECK(engine.engine.GetStatus().active_jobs == 0);
  }
}

TEST_CASE("the counts of jobs add up at any time, and when all have been cleaned up") {
  const std::vector<std::string> steps = {
      Submit(1, 1, "g"), Submit(2, 1, "g"), Submit(3, 1, "g"), Submit(4, 1, "g"),
      Event(1, 2, "alloc"), Event(2, 2, "alloc"), Event(1, 2, "start"), Event(2, 2, "start"),
      Finish(1, 3, 256), Exception(3, 3, "cancel"), Finish(2, 4), Exception(2, 4, "cancel"),
      // The clean event of the failed job never comes.
      Event(2, 5, "clean"), Event(3, 5, "clean"), Event(4, 6, "validate"),
      Event(4, 6, "invalidate")};
  TestEngine engine(GroupG());
  for (const std::string& step : steps) {
    CAPTURE(step);
    engine.Feed(step);
    CHECK(engine.count(0, Count::kPending) + engine.count(0, Count::kRunning) ==
          static_cast<double>(engine.engine.active_jobs()));
  }
  // submitted finished success failed canceled timeout exception retried pending running
  CHECK(CountsOf(engine) == Counts{3, 2, 1, 0, 1, 0, 2, 0, 0, 1});
  SUBCASE("the stream ends before") {
    engine.engine.FinishStream();
    CHECK(CountsOf(engine) == Counts{3, 2, 1, 1, 1, 0, 2, 0, 0, 1});
    engine.engine.FinishStream();
  }
  engine.Feed(Event(1, 9, "clean"));
  CHECK(CountsOf(engine) == Counts{3, 2, 1, 1, 1, 0, 2, 0, 0, 0});
}

TEST_CASE("a job with missing events has no invented times") {
  const std::string clean = Event(1, 20, "clean");
  const auto observed = [](const std::string& journal) {
    TestEngine engine = After(journal);
    return std::pair(engine.observations(0, Variable::kPending),
                     engine.observations(0, Variable::kDuration));
  };
  CHECK(observed(Exception(1, 11, "cancel") + clean) == std::pair(0.0, 0.0));
  CHECK(observed(Event(1, 11, "alloc") + Exception(1, 12, "x") + clean) == std::pair(0.0, 0.0));
  CHECK(observed(Event(1, 11, "start") + clean) == std::pair(1.0, 0.0));
  CHECK(observed(Event(1, 11, "alloc") + Finish(1, 12) + clean) == std::pair(0.0, 0.0));
  // Without its submit event there is no pending time.
  TestEngine torn(GroupG());
  torn.Feed(R"({"id":1,"events":[],"jobspec":{"attributes":{"user":{"group":"g"}}}})"
            "\n" +
            Event(1, 12, "start") + Finish(1, 15));
  CHECK(torn.observations(0, Variable::kPending) == 0);
  CHECK(torn.statistic(0, Variable::kDuration, Statistic::kMax) == 3);
  CHECK(CountsOf(torn) == Counts{1, 1, 1, 0, 0, 0, 0, 0, 0, 1});
}

TEST_CASE("a clock that was set back gives no interval, and is counted") {
  TestEngine engine = After(Event(1, 9, "start") + Finish(1, 8) + Event(1, 7, "clean"));
  CHECK(engine.observations(0, Variable::kPending) == 0);
  CHECK(engine.observations(0, Variable::kDuration) == 0);
  CHECK(engine.engine.GetStatus().totals.negative_intervals == 2);
  CHECK(CountsOf(engine) == Counts{1, 1, 1, 0, 0, 0, 0, 0, 0, 0});
  TestEngine at_once = After(Event(1, 10, "start") + Finish(1, 10));
  CHECK(at_once.statistic(0, Variable::kDuration, Statistic::kMin) == 0);
  CHECK(at_once.engine.GetStatus().totals.negative_intervals == 0);
}

TEST_CASE("events that come twice count once") {
  std::string eventlog;
  for (const std::string& line :
       {Event(1, 11, "validate"), Event(1, 12, "alloc"), Event(1, 13, "start"), Finish(1, 14)}) {
    eventlog += line;
  }
  TestEngine engine =
      After(eventlog + Submit(1, 10, "g") + eventlog + Event(1, 99, "start") + Finish(1, 100, 256));
  CHECK(CountsOf(engine) == Counts{1, 1, 1, 0, 0, 0, 0, 0, 0, 1});
  CHECK(engine.observations(0, Variable::kPending) == 1);
  CHECK(engine.observations(0, Variable::kDuration) == 1);
  CHECK(engine.statistic(0, Variable::kDuration, Statistic::kMax) == 1);
}

TEST_CASE("a restart, an urgency and an update put a waiting job back, not a running one") {
  for (const char* name : {"flux-restart", "urgency", "jobspec-update"}) {
    CAPTURE(std::string(name));
    Plan plan = GroupG();
    Rule rule;
    rule.trigger = TriggerType::kJob;
    rule.change = Change::kSchedState;
    rule.repetitions = 100;
    plan.rules = {rule};
    TestEngine engine(plan);
    const std::string priority = Event(1, 11, "priority", R"({"priority":1})");
    engine.Feed(Submit(1, 10, "g") + Event(1, 11, "validate") + Event(1, 11, "depend") + priority);
    CHECK(engine.Fired().size() == 1);
    // A repeated priority changes no state.
    engine.Feed(priority);
    CHECK(engine.Fired().empty());
    engine.Feed(Event(1, 12, name) + priority);
    CHECK(engine.Fired().size() == 1);
    CHECK(CountsOf(engine) == Counts{1, 0, 0, 0, 0, 0, 0, 0, 1, 0});
    engine.Feed(Event(1, 13, "alloc") + Event(1, 14, name) + priority);
    CHECK(engine.Fired().empty());
    CHECK(CountsOf(engine) == Counts{1, 0, 0, 0, 0, 0, 0, 0, 0, 1});
  }
}

TEST_CASE("a backlog record holds a job's whole life") {
  TestEngine engine(GroupG());
  engine.Feed(
      R"({"id":1,"events":[{"timestamp":10,"name":"submit"},{"timestamp":12,"name":"start"},)"
      R"({"timestamp":15,"name":"finish","context":{"status":0}},{"timestamp":16,"name":"clean"},)"
      R"({"timestamp":17,"name":"memo"}],"jobspec":{"attributes":{"user":{"group":"g"}}}})"
      "\n");
  CHECK(CountsOf(engine) == Counts{1, 1, 1, 0, 0, 0, 0, 0, 0, 0});
  CHECK(engine.statistic(0, Variable::kDuration, Statistic::kMean) == 3);
  CHECK_FALSE(engine.engine.GetStatus().backlog_over);
  engine.Feed("{\"id\":-1,\"events\":[]}\n");
  CHECK(engine.engine.GetStatus().backlog_over);
  CHECK(engine.engine.GetStatus().totals.records == 2);
  CHECK(engine.engine.GetStatus().active_jobs == 0);
}

TEST_CASE("only listed groups are tracked, unless all are") {
  const std::string journal = Submit(1, 1, "g") + Submit(2, 1, "h") + Event(3, 1, "submit") +
                              Submit(4, 1, "i") + Submit(5, 1, "h");
  TestEngine listed(GroupG());
  listed.Feed(journal);
  CHECK(listed.engine.new_groups().empty());
  CHECK(listed.engine.GetSnapshot().counts.size() == kCountCount);
  CHECK(listed.engine.ActiveJobs(kNoGroup) == std::vector<journal::JobId>{1});

  Plan plan = GroupG();
  plan.track_all = true;
  TestEngine all(plan);
  all.Feed(journal);
  // Indexes continue after the listed groups.
  CHECK(all.engine.new_groups() == std::vector<std::string>{"h", "i"});
  CHECK(all.engine.GetSnapshot().counts.size() == 3 * kCountCount);
  CHECK(all.count(1, Count::kSubmitted) == 2);
  CHECK(all.engine.ActiveJobs(1).size() == 2);
  CHECK(all.engine.ActiveJobs(kNoGroup).size() == 4);
}

TEST_CASE("a job that names another run is not ours") {
  const std::string journal = Submit(1, 1, "g") + Submit(2, 1, "g", R"("ensemble":"run-1")") +
                              Submit(3, 1, "g", R"("ensemble":"run-2")") +
                              Submit(4, 1, "g", R"("ensemble":7)") +
                              Submit(5, 1, "g", R"("ensemble":"")");
  Plan plan = GroupG();
  plan.ensemble = "run-1";
  TestEngine run(plan);
  run.Feed(journal);
  CHECK(run.count(0, Count::kSubmitted) == 2);
  // Without an id of its own it takes every job of its groups.
  TestEngine any(GroupG());
  any.Feed(journal);
  CHECK(any.count(0, Count::kSubmitted) == 5);
}

TEST_CASE("raw events are gathered on request") {
  TestEngine engine(GroupG());
  engine.Feed(Submit(1, 1, "g"));
  CHECK(engine.engine.events().size() == 0);
  engine.engine.GatherEvents(true);
  engine.Feed(Event(1, 2, "alloc") + Event(77, 3, "start") + Event(1, 4, "mine") +
              Event(1, 5, "debug.x") + Event(1, 6, "mine") + Event(1, 7, "clean") +
              Event(1, 8, "memo"));
  const EventColumns& events = engine.engine.events();
  CHECK(events.ids == std::vector<journal::JobId>{1, 77, 1, 1, 1, 1, 1});
  CHECK(events.timestamps == std::vector<double>{2, 3, 4, 5, 6, 7, 8});
  CHECK(events.groups == std::vector<std::int32_t>{0, -1, 0, 0, 0, 0, -1});
  const auto kind = [](EventKind which) { return static_cast<std::uint16_t>(which); };
  CHECK(events.kinds == std::vector<std::uint16_t>{kind(EventKind::kAlloc), kind(EventKind::kStart),
                                                   kFirstNamedKind, kFirstNamedKind + 1,
                                                   kFirstNamedKind, kind(EventKind::kClean),
                                                   kind(EventKind::kMemo)});
  CHECK(engine.engine.named_kinds() == std::vector<std::string>{"mine", "debug.x"});
}

TEST_CASE("names of unlisted events don't take all memory") {
  TestEngine engine(GroupG());
  engine.engine.GatherEvents(true);
  std::string journal;
  for (std::size_t i = 0; i <= kMaxNamedKinds; ++i) journal += Event(1, 1, "n" + std::to_string(i));
  engine.Feed(journal);
  CHECK(engine.engine.named_kinds().size() == kMaxNamedKinds);
  CHECK(engine.engine.events().kinds.back() == static_cast<std::uint16_t>(EventKind::kOther));
}

TEST_CASE("decode errors are all counted, the first hundred reported") {
  TestEngine engine(GroupG());
  for (int i = 0; i < 250; ++i) engine.Feed("rubbish\n");
  engine.Feed(Submit(1, 1, "g"));
  CHECK(engine.engine.decode_errors().size() == 100);
  CHECK(engine.engine.decode_errors()[99].line == 100);
  CHECK(engine.engine.GetStatus().totals.decode_errors == 250);
  CHECK(engine.count(0, Count::kSubmitted) == 1);
}

TEST_CASE("a group without jobs has counts of 0 and no statistics") {
  TestEngine engine(GroupG());
  CHECK(CountsOf(engine) == Counts(kJournalCounts, 0));
  const Snapshot snapshot = engine.engine.GetSnapshot();
  CHECK(snapshot.statistics.size() == kVariableCount * (1 + stats::kKeptStatisticCount));
  CHECK(std::isnan(engine.statistic(0, Variable::kDuration, Statistic::kMean)));
}

}  // namespace flux_ensemble::engine
