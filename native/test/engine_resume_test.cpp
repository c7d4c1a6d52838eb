// A stream that was lost and is back: repeated events are not applied twice, and missed events are
// looked up.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "test/journals.h"

namespace flux_ensemble::engine {

namespace {

using journal::EventKind;
using test::Event;
using test::Exception;
using test::Finish;
using test::Submit;
using test::TestEngine;
using test::Whole;

constexpr std::uint64_t kAll = ~std::uint64_t{0};
constexpr std::string_view kSentinel = "{\"id\":-1,\"events\":[]}\n";

Plan GroupG(bool count_finishes = false) {
  Plan plan;
  plan.groups = {"g"};
  plan.ensemble = "mine";
  if (count_finishes) {
    Rule rule;
    rule.trigger = TriggerType::kJob;
    rule.change = ChangeOf(EventKind::kFinish);
    rule.repetitions = 1000;
    plan.rules = {rule};
  }
  return plan;
}

std::string Mine(journal::JobId id) {
  return Submit(id, 1, "g", R"("ensemble":"mine")");
}

std::vector<journal::JobId> Missing(TestEngine& test) {
  std::vector<journal::JobId> missing = test.engine.missing_jobs();
  std::ranges::sort(missing);
  test.engine.missing_jobs().clear();
  return missing;
}

// Checks the statistics of one job that was pending for 1 s and ran for 2 s.
void CheckOneGoodJob(TestEngine& test) {
  CHECK(test.count(0, Count::kSubmitted) == 1);
  CHECK(test.count(0, Count::kFinished) == 1);
  CHECK(test.count(0, Count::kSuccess) == 1);
  CHECK(test.count(0, Count::kPending) == 0);
  CHECK(test.count(0, Count::kRunning) == 0);
  CHECK(test.observations(0, Variable::kPending) == 1);
  CHECK(test.observations(0, Variable::kDuration) == 1);
  CHECK(test.statistic(0, Variable::kDuration, stats::Statistic::kMean) == 2);
}

}  // namespace

TEST_CASE("the stream may break at any event of a job, in the old one and in the new") {
  const std::vector<std::string> life = {
      Mine(7),
      Event(7, 1.1, "validate"),
      Event(7, 1.2, "depend"),
      Event(7, 1.3, "priority"),
      Event(7, 1.4, "alloc"),
      Event(7, 2, "start"),
      Finish(7, 4),
      Event(7, 4.1, "release"),
      Event(7, 4.2, "free"),
      Event(7, 4.3, "clean"),
  };
  for (std::size_t heard = 0; heard < life.size(); ++heard) {
    for (std::size_t told = std::max<std::size_t>(heard, 1); told < life.size(); ++told) {
      CAPTURE(heard);
      CAPTURE(told);
      TestEngine test(GroupG(true), kSentinel);
      for (std::size_t i = 0; i < heard; ++i) test.Feed(life[i]);
      test.engine.ResumeStream(kAll);
      test.Feed(Whole({life.begin(), life.begin() + static_cast<std::ptrdiff_t>(told)}));
      test.Feed(kSentinel);
      CHECK(Missing(test).empty());
      for (std::size_t i = told; i < life.size(); ++i) test.Feed(life[i]);
      CheckOneGoodJob(test);
      CHECK(test.Fired().size() == 1);
      CHECK(test.engine.active_jobs() == 0);
      CHECK(test.engine.totals().own_jobs == 1);
      CHECK(test.engine.totals().lost_jobs == 0);
    }
  }
}

TEST_CASE("the stream may break twice, and in the middle of a backlog") {
  TestEngine test(GroupG(true), kSentinel);
  test.Feed(Mine(7));
  test.Feed(Mine(8));
  for (int i = 0; i < 3; ++i) {
    test.engine.ResumeStream(kAll);
    test.Feed(Whole({Mine(7), Event(7, 2, "start")}));
  }
  test.Feed(Whole({Mine(8)}));
  test.Feed(kSentinel);
  CHECK(Missing(test).empty());
  test.Feed(Finish(7, 4) + Event(7, 4.3, "clean"));
  CHECK(test.count(0, Count::kSubmitted) == 2);
  CHECK(test.count(0, Count::kPending) == 1);
  CHECK(test.count(0, Count::kSuccess) == 1);
  CHECK(test.observations(0, Variable::kPending) == 1);
  CHECK(test.Fired().size() == 1);
}

TEST_CASE("a job that ended meanwhile is looked up, also when the stream omits kinds") {
  // The kinds of the stream; the eventlog holds the others, too.
  std::uint64_t wanted = 0;
  for (const EventKind kind : {EventKind::kSubmit, EventKind::kStart, EventKind::kFinish,
                               EventKind::kException, EventKind::kClean}) {
    wanted |= std::uint64_t{1} << static_cast<unsigned>(kind);
  }
  TestEngine test(GroupG(true), kSentinel);
  test.Feed(Mine(7) + Event(7, 2, "start"));
  test.engine.ResumeStream(wanted);
  test.Feed(kSentinel);
  CHECK(Missing(test) == std::vector<journal::JobId>{7});
  CHECK(test.engine.active_jobs() == 1);
  test.Feed(Whole({Event(7, 1, "submit"), Event(7, 1.1, "validate"), Event(7, 1.4, "alloc"),
                   Event(7, 2, "start"), Event(7, 3, "memo"), Finish(7, 4), Event(7, 4.2, "free"),
                   Event(7, 4.3, "clean")}));
  CheckOneGoodJob(test);
  CHECK(test.Fired().size() == 1);
  CHECK(test.engine.active_jobs() == 0);
  CHECK(test.engine.totals().lost_jobs == 0);
}

TEST_CASE("a stream with more kinds of events shows those after the last one that was seen") {
  const auto bit = [](EventKind kind) { return std::uint64_t{1} << static_cast<unsigned>(kind); };
  const std::uint64_t narrow = bit(EventKind::kSubmit) | bit(EventKind::kStart) |
                               bit(EventKind::kFinish) | bit(EventKind::kClean);
  const std::uint64_t wide = narrow | bit(EventKind::kDepend) | bit(EventKind::kFree);
  TestEngine test(GroupG(true));
  test.engine.BeginStream(narrow);
  test.Feed(kSentinel);
  test.Feed(Mine(7) + Event(7, 2, "start"));
  test.engine.ResumeStream(wide);
  test.Feed(Whole({Mine(7), Event(7, 1.1, "depend"), Event(7, 2, "start")}));
  test.Feed(kSentinel);
  CHECK(Missing(test).empty());
  CHECK(test.observations(0, Variable::kPending) == 1);
  test.Feed(Finish(7, 4) + Event(7, 4.2, "free"));
  // The job has now five events that count, among them one that was not seen.
  test.engine.ResumeStream(wide);
  test.Feed(Whole({Mine(7), Event(7, 1.1, "depend"), Event(7, 2, "start"), Finish(7, 4),
                   Event(7, 4.2, "free"), Event(7, 4.3, "clean")}));
  test.Feed(kSentinel);
  CheckOneGoodJob(test);
  CHECK(test.Fired().size() == 1);
}

TEST_CASE("volatile events, which are in no eventlog, do not shift the known events") {
  TestEngine test(GroupG(), kSentinel);
  test.Feed(Mine(7) + Event(7, 1.1, "annotations") + Event(7, 1.2, "memo") +
            Event(7, 1.5, "annotations") + Event(7, 2, "start"));
  test.engine.ResumeStream(kAll);
  test.Feed(Whole({Mine(7), Event(7, 2, "start"), Finish(7, 4), Event(7, 4.3, "clean")}));
  test.Feed(kSentinel);
  CheckOneGoodJob(test);
}

TEST_CASE("a job that Flux does not know any more is counted as lost") {
  TestEngine test(GroupG(), kSentinel);
  test.Feed(Mine(7) + Event(7, 2, "start") + Mine(8) + Mine(9));
  test.engine.ResumeStream(kAll);
  test.Feed(Whole({Mine(9)}));
  test.Feed(kSentinel);
  CHECK(Missing(test) == std::vector<journal::JobId>{7, 8});
  test.Feed("{\"id\":7,\"events\":[]}\n");
  // An eventlog without an end has the same effect.
  test.Feed(Whole({Event(8, 1, "submit"), Event(8, 2, "start")}));
  CHECK(test.engine.active_jobs() == 1);
  CHECK(test.engine.totals().lost_jobs == 2);
  CHECK(test.count(0, Count::kSubmitted) == 3);
  CHECK(test.count(0, Count::kFinished) == 0);
  CHECK(test.count(0, Count::kPending) == 1);
  CHECK(test.count(0, Count::kRunning) == 0);
}

TEST_CASE("a job canceled meanwhile and a new job are counted") {
  TestEngine test(GroupG(), kSentinel);
  test.Feed(Mine(7));
  test.engine.ResumeStream(kAll);
  test.Feed(Whole({Mine(10), Event(10, 2, "start")}));
  test.Feed(kSentinel);
  CHECK(Missing(test) == std::vector<journal::JobId>{7});
  // Live events of others come before the answer.
  test.Feed(Finish(10, 4) + Event(10, 4.1, "clean"));
  test.Feed(Whole({Event(7, 1, "submit"), Exception(7, 2, "cancel"), Event(7, 3, "clean")}));
  CHECK(test.count(0, Count::kSubmitted) == 2);
  CHECK(test.count(0, Count::kCanceled) == 1);
  CHECK(test.count(0, Count::kException) == 1);
  CHECK(test.count(0, Count::kSuccess) == 1);
  CHECK(test.engine.active_jobs() == 0);
}

TEST_CASE("a job's events during its cleanup come from its eventlog") {
  const std::string started = Mine(7) + Event(7, 2, "start") + Finish(7, 4, 256);
  const auto is = [](TestEngine& test, double failed, double canceled) {
    CHECK(test.count(0, Count::kFinished) == 1);
    CHECK(test.count(0, Count::kFailed) == failed);
    CHECK(test.count(0, Count::kCanceled) == canceled);
    CHECK(test.engine.totals().lost_jobs == 0);
  };
  const std::vector<std::string> whole = {Event(7, 1, "submit"), Event(7, 2, "start"),
                                          Finish(7, 4, 256), Exception(7, 5, "cancel"),
                                          Event(7, 6, "clean")};
  SUBCASE("the eventlog is looked up") {
    TestEngine test(GroupG(true), std::string(kSentinel) + started);
    is(test, 0, 0);
    test.engine.ResumeStream(kAll);
    test.Feed(kSentinel);
    CHECK(Missing(test) == std::vector<journal::JobId>{7});
    test.Feed(Whole(whole));
    is(test, 0, 1);
    CHECK(test.count(0, Count::kRunning) == 0);
    CHECK(test.Fired().size() == 1);
  }
  SUBCASE("the eventlog is in the backlog") {
    TestEngine test(GroupG(true), std::string(kSentinel) + started);
    test.engine.ResumeStream(kAll);
    test.Feed(Whole({whole.begin(), whole.end() - 1}));
    test.Feed(kSentinel);
    is(test, 0, 1);
    test.Feed(whole.back());
    is(test, 0, 1);
    CHECK(test.engine.active_jobs() == 0);
  }
  SUBCASE("the eventlog is gone, so the finish decides") {
    TestEngine test(GroupG(true), std::string(kSentinel) + started);
    test.engine.ResumeStream(kAll);
    test.Feed(kSentinel);
    test.Feed("{\"id\":7,\"events\":[]}\n");
    is(test, 1, 0);
    CHECK(test.count(0, Count::kRunning) == 0);
    CHECK(test.engine.active_jobs() == 0);
  }
}

TEST_CASE("jobs of untracked groups are ignored") {
  TestEngine test(GroupG(), kSentinel);
  test.Feed(Submit(5, 1, "g", R"("ensemble":"another")") + Submit(6, 1, "other"));
  test.engine.ResumeStream(kAll);
  test.Feed(kSentinel);
  CHECK(Missing(test).empty());
}

}  // namespace flux_ensemble::engine
