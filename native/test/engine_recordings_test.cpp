// Journals recorded from a real Flux, compared with Flux's own results of the jobs.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "test/conditions.h"
#include "test/journals.h"
#include "test/support.h"

namespace flux_ensemble::engine {

namespace {

using journal::EventKind;
using stats::Statistic;
using test::GroupExpectation;
using test::TestEngine;

std::string Journal(const std::string& name) {
  return test::ReadFixture("journals/" + name + ".ndjson");
}

Plan TrackAll() {
  Plan plan;
  plan.track_all = true;
  return plan;
}

void CheckStream(TestEngine& engine, std::uint32_t group, Variable variable,
                 const std::vector<double>& seconds) {
  CHECK(engine.observations(group, variable) == static_cast<double>(seconds.size()));
  if (seconds.empty()) return;
  CHECK(engine.statistic(group, variable, Statistic::kMin) ==
        *std::min_element(seconds.begin(), seconds.end()));
  CHECK(engine.statistic(group, variable, Statistic::kMax) ==
        *std::max_element(seconds.begin(), seconds.end()));
  const double mean =
      std::accumulate(seconds.begin(), seconds.end(), 0.0) / static_cast<double>(seconds.size());
  CHECK(std::abs(engine.statistic(group, variable, Statistic::kMean) - mean) <= 1e-12 * mean);
}

// Every group's counts and times equal those of a plain reading of the recording.
void CheckRecording(const std::string& name, std::size_t group_count,
                    const test::Outcomes& outcomes) {
  CAPTURE(name);
  const std::string bytes = Journal(name);
  std::map<std::string, GroupExpectation> expected = test::Expect(bytes, outcomes);
  CHECK(expected.size() == group_count);
  TestEngine engine(TrackAll());
  engine.Feed(bytes);
  const Snapshot snapshot = engine.engine.GetSnapshot();
  const std::vector<std::string>& groups = engine.engine.new_groups();
  REQUIRE(groups.size() == expected.size());
  CHECK(snapshot.status.totals.decode_errors == 0);
  CHECK(snapshot.status.backlog_over);
  for (std::uint32_t group = 0; group < groups.size(); ++group) {
    CAPTURE(groups[group]);
    REQUIRE(expected.contains(groups[group]));
    GroupExpectation& expectation = expected[groups[group]];
    for (std::size_t i = 0; i < kCountCount; ++i) {
      CAPTURE(kCountNames[i]);
      CHECK(engine.count(group, static_cast<Count>(i)) == expectation.counts[i]);
    }
    CheckStream(engine, group, Variable::kPending, expectation.pending);
    CheckStream(engine, group, Variable::kDuration, expectation.duration);
  }
}

std::uint32_t GroupIndex(TestEngine& engine, const std::string& name) {
  const std::vector<std::string>& groups = engine.engine.new_groups();
  const auto found = std::find(groups.begin(), groups.end(), name);
  REQUIRE(found != groups.end());
  return static_cast<std::uint32_t>(found - groups.begin());
}

// Rules of every kind over the groups of d_mock2000.
Plan BusyPlan() {
  Plan plan = TrackAll();
  plan.groups = {"alpha", "beta", "gamma", "delta", "fail", "held"};
  plan.metrics = test::AllMetrics(6);
  for (std::uint32_t group = 0; group < plan.groups.size(); ++group) {
    for (const Variable variable : {Variable::kDuration, Variable::kPending}) {
      for (std::size_t i = 0; i < stats::kKeptStatisticCount; ++i) {
        Rule rule;
        rule.trigger = TriggerType::kMetric;
        rule.program = test::Comparing(test::IndexOf(group, variable, static_cast<Statistic>(i)),
                                       Op::kGreater, 0.01 * static_cast<double>(i));
        rule.repetitions = 100 + i;
        rule.backoff = i;
        plan.rules.push_back(rule);
      }
    }
    for (std::size_t change = 0; change < static_cast<std::size_t>(Change::kDurationStream);
         ++change) {
      Rule rule;
      rule.trigger = TriggerType::kJob;
      rule.change = static_cast<Change>(change);
      rule.group = change % 2 == 0 ? group : kNoGroup;
      rule.repetitions = 20;
      rule.wants_event = true;
      plan.rules.push_back(rule);
    }
  }
  return plan;
}

void CheckSame(Engine& a, Engine& b) {
  const Snapshot x = a.GetSnapshot();
  const Snapshot y = b.GetSnapshot();
  CHECK(a.new_groups() == b.new_groups());
  CHECK(x.counts == y.counts);
  REQUIRE(x.statistics.size() == y.statistics.size());
  // Bits, not values: NaN is like NaN, and 0 is not -0.
  CHECK(std::memcmp(x.statistics.data(), y.statistics.data(),
                    x.statistics.size() * sizeof(double)) == 0);
  REQUIRE(a.firings().size() == b.firings().size());
  std::size_t different = 0;
  for (std::size_t i = 0; i < a.firings().size(); ++i) {
    const Firing& f = a.firings()[i];
    const Firing& g = b.firings()[i];
    different += f.number != g.number || f.rule != g.rule || f.timestamp != g.timestamp ||
                 f.job != g.job || f.group != g.group || f.event != g.event ||
                 f.context != g.context || std::memcmp(&f.value, &g.value, sizeof f.value) != 0;
  }
  CHECK(different == 0);
}

}  // namespace

TEST_CASE("recordings give the results that Flux reported") {
  const test::Outcomes outcomes = test::ReadOutcomes();
  CHECK(outcomes.size() == 55);
  CheckRecording("a_hello", 2, outcomes);
  CheckRecording("b_failures", 18, outcomes);
  CheckRecording("c_backlog_full", 21, outcomes);
  CheckRecording("c_backlog_active", 2, outcomes);
  CheckRecording("c_backlog_false_empty", 0, outcomes);
  // Another Flux instance, whose ids mean other jobs.
  CheckRecording("d_mock2000", 4, {});
  CheckRecording("d_mock2000_backlog", 4, {});
}

TEST_CASE("some counts of the recordings equal those made by hand") {
  TestEngine b(TrackAll());
  b.Feed(Journal("b_failures"));
  const std::uint32_t fail = GroupIndex(b, "fail");
  CHECK(b.count(fail, Count::kSubmitted) == 8);
  CHECK(b.count(fail, Count::kFailed) == 7);
  CHECK(b.count(fail, Count::kSuccess) == 1);
  CHECK(b.count(fail, Count::kException) == 3);
  const std::uint32_t held = GroupIndex(b, "held");
  CHECK(b.count(held, Count::kSubmitted) == 2);
  CHECK(b.count(held, Count::kSuccess) == 1);
  CHECK(b.count(held, Count::kCanceled) == 1);
  CHECK(b.count(held, Count::kFinished) == 1);
  const std::uint32_t slow = GroupIndex(b, "slow");
  CHECK(b.count(slow, Count::kTimeout) == 1);
  CHECK(b.count(slow, Count::kFailed) == 1);
  const std::uint32_t invalid = GroupIndex(b, "invalid");
  // A plugin refused the third.
  CHECK(b.count(invalid, Count::kSubmitted) == 2);
  CHECK(b.count(invalid, Count::kSuccess) == 1);
  CHECK(b.count(invalid, Count::kFailed) == 1);
  GroupIndex(b,
             "gr\"oup\\back\\\\sl / \u00fcn\u00efc\u00f6d\u00e9 \u540d\u524d \U0001f30a {\"x\":1}");
  GroupIndex(b,
             "tab\tnl\nnul\x01"
             "end\u2028");
  CHECK(b.engine.GetStatus().active_jobs == 0);

  TestEngine d(TrackAll());
  d.Feed(Journal("d_mock2000"));
  CHECK(d.count(GroupIndex(d, "delta"), Count::kFailed) == 500);
  CHECK(d.count(GroupIndex(d, "alpha"), Count::kSuccess) == 500);
  CHECK(d.engine.GetStatus().totals.negative_intervals == 0);
}

TEST_CASE("a filtered backlog has the same jobs, times and finishes") {
  TestEngine full(TrackAll());
  TestEngine filtered(TrackAll());
  full.Feed(Journal("c_backlog_full"));
  filtered.Feed(Journal("c_backlog_full_allow"));
  for (const std::string& name : full.engine.new_groups()) {
    CAPTURE(name);
    const std::uint32_t a = GroupIndex(full, name);
    const std::uint32_t b = GroupIndex(filtered, name);
    for (const Count count : {Count::kSubmitted, Count::kFinished, Count::kSuccess}) {
      CHECK(full.count(a, count) == filtered.count(b, count));
    }
    for (const Variable variable : {Variable::kDuration, Variable::kPending}) {
      CHECK(full.observations(a, variable) == filtered.observations(b, variable));
    }
  }
  CHECK(filtered.engine.GetStatus().active_jobs == 2);
}

TEST_CASE("a backlog after the live events does not change active jobs") {
  const std::string live = Journal("c_backlog_active");
  TestEngine once(TrackAll());
  TestEngine twice(TrackAll());
  once.Feed(live);
  twice.Feed(live + live);
  CHECK(once.engine.GetSnapshot().counts == twice.engine.GetSnapshot().counts);
  CHECK(twice.engine.GetStatus().active_jobs == 2);
}

TEST_CASE("the same bytes give the same firings and statistics, in pieces of any size") {
  for (const char* name : {"d_mock2000", "b_failures"}) {
    CAPTURE(name);
    const std::string bytes = Journal(name);
    TestEngine whole(BusyPlan());
    whole.engine.Start(1);
    whole.Feed(bytes);
    whole.engine.Heartbeat(2e9);
    CHECK(whole.engine.firings().size() > 100);
    std::mt19937_64 random(5);
    for (int round = 0; round < 8; ++round) {
      std::vector<std::size_t> sizes(101);
      for (std::size_t& size : sizes) size = 1 + random() % (std::size_t{4} << (2 * round));
      TestEngine cut(BusyPlan());
      cut.engine.Start(1);
      test::InPieces(bytes, sizes, [&](std::string_view piece) { cut.engine.Ingest(piece); });
      cut.engine.Heartbeat(2e9);
      CheckSame(whole.engine, cut.engine);
    }
  }
}

TEST_CASE("the job table is empty again after 2,000 jobs") {
  TestEngine engine(TrackAll());
  engine.Feed(Journal("d_mock2000"));
  CHECK(engine.engine.GetStatus().active_jobs == 0);
  CHECK(engine.engine.ActiveJobs(kNoGroup).empty());
}

}  // namespace flux_ensemble::engine
