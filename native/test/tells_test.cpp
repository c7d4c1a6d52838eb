// Values that jobs tell in memos: statistics, rules, the jobs table, and a stream that was lost.
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "log/entry_log.h"
#include "log/entry_tee.h"
#include "runner/job_rows.h"
#include "runner/run_log.h"
#include "test/conditions.h"
#include "test/journals.h"
#include "test/log_folder.h"

namespace flux_ensemble::engine {

namespace {

using test::Event;
using test::Finish;
using test::Submit;
using test::TestEngine;

// Group 0 tells the number `energy`, after a number of a probe, and the text `phase`.
Plan TellingPlan() {
  Plan plan;
  plan.groups = {"g", "silent"};
  plan.ensemble = "mine";
  plan.probes = {2};
  plan.tells = {{{"energy", false, 1}, {"phase", true, 0}}};
  return plan;
}

Rule OnTell(std::vector<Step> steps = {}, std::vector<std::string> texts = {}) {
  Rule rule;
  rule.trigger = TriggerType::kJob;
  rule.change = Change::kTell;
  rule.repetitions = 1000;
  if (!steps.empty()) rule.program = *Program::Make(std::move(steps), std::move(texts), 0);
  return rule;
}

Metric EnergyMetric(std::uint32_t probe) {
  Metric metric;
  metric.kind = Metric::Kind::kStatistic;
  metric.statistic = stats::Statistic::kMax;
  metric.group = 0;
  metric.probe = probe;
  return metric;
}

std::string Memo(journal::JobId id, double time, const std::string& context) {
  return Event(id, time, "memo", context);
}

std::string Started(journal::JobId id, const std::string& group = "g") {
  return Submit(id, 1, group, R"("ensemble":"mine")") + Event(id, 1.1, "validate") +
         Event(id, 2, "start");
}

// Count and maximum of what probe variable 1 has seen.
std::pair<double, double> Energies(TestEngine& test) {
  const Snapshot snapshot = test.engine.GetSnapshot();
  const std::size_t width = snapshot.probes.size() / 2;
  return {snapshot.probes[width], snapshot.probes[width + 4]};
}

}  // namespace

TEST_CASE("numbers that jobs tell are observations of their group") {
  TestEngine test(TellingPlan(), Started(1) + Started(2) + Memo(1, 3, R"({"energy":-3.5})") +
                                     Memo(2, 4, R"({"energy":2,"phase":"hot"})"));
  CHECK(Energies(test) == std::pair{2.0, 2.0});
  CHECK(test.engine.totals().ignored_tells == 0);
}

TEST_CASE(
    "values of unknown names and of another kind are counted, and each name is reported once") {
  TestEngine test(TellingPlan(), Started(1) + Started(2, "silent") + Memo(1, 3, R"({"enrgy":1})") +
                                     Memo(1, 4, R"({"enrgy":2,"energy":"cold","phase":7})") +
                                     Memo(1, 5, R"({"energy":null,"uri":"ssh://host/path"})") +
                                     Memo(2, 6, R"({"energy":1})"));
  CHECK(Energies(test).first == 0);
  CHECK(test.engine.totals().ignored_tells == 5);
  std::vector<std::string> names;
  for (const IgnoredTell& ignored : test.engine.ignored_tells()) {
    CHECK(ignored.job == 1);
    names.push_back(ignored.told.text);
  }
  CHECK(names == std::vector<std::string>{"enrgy", "energy", "phase"});
}

TEST_CASE("a memo makes rules due: on its values, on tells, and on metrics that it changed") {
  Plan plan = TellingPlan();
  plan.metrics = {EnergyMetric(1), EnergyMetric(0)};
  plan.rules.push_back(OnTell());
  plan.rules.push_back(OnTell(
      {{.index = 0, .op = Op::kNumberTold}, {.number = 5, .op = Op::kNumber}, {.op = Op::kGreater}},
      {"energy"}));
  plan.rules.push_back(
      OnTell({{.index = 0, .op = Op::kTextTold}, {.index = 1, .op = Op::kText}, {.op = Op::kSame}},
             {"phase", "hot"}));
  for (const std::uint32_t metric : {0u, 1u}) {
    Rule rule;
    rule.trigger = TriggerType::kMetric;
    rule.repetitions = 1000;
    rule.program =
        *Program::Make({{.index = metric, .op = Op::kMetric}, {.op = Op::kKnown}}, {}, 2);
    plan.rules.push_back(std::move(rule));
  }
  TestEngine test(std::move(plan), Started(1));
  // The metric of the other variable has a value, and no memo changes it.
  test.engine.Probed(0, 0, std::vector<double>{1}, 2.5);
  CHECK(test.Fired() == std::vector<std::uint32_t>{4});
  test.Feed(Memo(1, 3, R"({"energy":6})"));
  CHECK(test.Fired() == std::vector<std::uint32_t>{3, 0, 1});
  test.Feed(Memo(1, 4, R"({"phase":"hot"})"));
  CHECK(test.Fired() == std::vector<std::uint32_t>{0, 2});
  test.Feed(Memo(1, 5, R"({"phase":"cold","energy":1})"));
  CHECK(test.Fired() == std::vector<std::uint32_t>{3, 0});
  // Nothing that the group tells.
  test.Feed(Memo(1, 6, R"({"other":1})") + Event(1, 7, "memo"));
  CHECK(test.Fired().empty());
}

TEST_CASE("a stream that begins again brings the memos that were missed, and no others") {
  const std::string seen = Memo(1, 3, R"({"energy":1})");
  const std::string missed = Memo(1, 5, R"({"energy":9})");
  TestEngine test(TellingPlan(), Started(1) + seen);
  test.engine.ResumeStream(~std::uint64_t{0});
  test.Feed(test::Whole({Submit(1, 1, "g", R"("ensemble":"mine")"), Event(1, 1.1, "validate"),
                         Event(1, 2, "start"), seen, missed}) +
            "{\"id\":-1,\"events\":[]}\n");
  CHECK(Energies(test) == std::pair{2.0, 9.0});
}

TEST_CASE("the jobs table has the last value that a job told under each name") {
  const test::LogFolder folder;
  runner::RunLog log(std::make_unique<log::Writer>(folder.path(), log::WriterOptions()));
  log.Run("mine", {"g", "silent"});
  log.KeepContexts(false);
  TestEngine test(TellingPlan());
  test.engine.Follow(&log);
  test.Feed(Started(1) + Started(2) + Memo(1, 3, R"({"energy":1,"phase":"warm"})") +
            Memo(2, 4, R"({"phase":"hot"})") + Memo(1, 5, R"({"energy":-2.5,"phase":"cold"})") +
            Finish(2, 6) + Event(2, 7, "clean"));
  log.Sync();

  // As a checkpoint is made: the rows follow the log beside an engine.
  runner::JobRows rows;
  struct Ignoring final : log::PartialVisitor {
  } engine;
  log::EntryTee both(engine, rows);
  log::ReadEntries(folder.path(), both);
  // The same through bytes: first the job that has ended, then the other one.
  const std::string ended = rows.TakeEnded();
  runner::JobRows joined;
  joined.OnRun("mine", {"g", "silent"});
  REQUIRE(joined.Add(ended));
  CHECK(joined.Take().told_row.size() == 1);
  REQUIRE(rows.Add(ended));
  const runner::JobColumns jobs = rows.Take();
  REQUIRE(jobs.ids == std::vector<journal::JobId>{1, 2});
  CHECK(jobs.measured_row == std::vector<std::uint32_t>{0});
  CHECK(jobs.measured_variable == std::vector<std::uint32_t>{1});
  CHECK(jobs.measured_value == std::vector<double>{-2.5});
  REQUIRE(jobs.told_row.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(jobs.texts[jobs.told_text[i]] == (jobs.told_row[i] == 0 ? "cold" : "hot"));
  }

  // An engine that takes in the log has the statistics: the log has the contexts of memos.
  struct Replay final : log::PartialVisitor {
    void OnRecords(std::span<const journal::Record> records) override {
      for (const journal::Record& record : records) {
        for (const journal::Event& event : record.events) memos += event.context.size();
      }
    }
    std::size_t memos = 0;
  } replay;
  log::ReadEntries(folder.path(), replay);
  CHECK(replay.memos > 0);
}

}  // namespace flux_ensemble::engine
