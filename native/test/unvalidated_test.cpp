// Jobs that the job manager refuses after their submit event do not count.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "engine/engine.h"
#include "test/conditions.h"
#include "test/journals.h"

namespace flux_ensemble::engine {

namespace {

using journal::EventKind;
using test::Event;
using test::Finish;
using test::Submit;
using test::TestEngine;
using Names = std::vector<std::string>;

Rule OnJob(EventKind kind) {
  Rule rule;
  rule.trigger = TriggerType::kJob;
  rule.change = ChangeOf(kind);
  rule.repetitions = 1000;
  rule.wants_event = true;
  return rule;
}

// Rules 0 and 1 are on events, 2 on the count of submitted jobs.
Plan Watched(bool virtual_time) {
  Plan plan;
  plan.groups = {"g", "h"};
  plan.ensemble = "mine";
  plan.virtual_time = virtual_time;
  plan.metrics = {{.kind = Metric::Kind::kCount, .count = Count::kSubmitted},
                  {.kind = Metric::Kind::kRate, .count = Count::kSubmitted, .window = 60}};
  Rule metric;
  metric.trigger = TriggerType::kMetric;
  metric.program = test::Known(0);
  metric.repetitions = 1000;
  plan.rules = {OnJob(EventKind::kSubmit), OnJob(EventKind::kInvalidate), metric};
  return plan;
}

std::string Mine(journal::JobId id, double time) {
  return Submit(id, time, "g", R"("ensemble":"mine")");
}

// Firings since the last call, as rule and job: "0:7".
Names Fired(TestEngine& test) {
  Names names;
  for (const Firing& firing : test.engine.firings()) {
    names.push_back(std::to_string(firing.rule) + ":" + std::to_string(firing.job.value_or(0)));
  }
  test.engine.firings().clear();
  return names;
}

// Submitted, pending and running jobs, and those in the table.
std::vector<double> Counts(TestEngine& test) {
  return {test.count(0, Count::kSubmitted), test.count(0, Count::kPending),
          test.count(0, Count::kRunning), static_cast<double>(test.engine.active_jobs())};
}

// A record as it comes from a source.
void Hear(TestEngine& test, std::string line) {
  line.pop_back();
  const std::size_t size = line.size();
  line.append(journal::kPadding, '}');
  test.engine.IngestRecord(std::string_view(line).substr(0, size));
}

using Row = std::vector<double>;

}  // namespace

TEST_CASE("a refused job has no effect, with the stream cut anywhere") {
  const std::vector<std::string> lines = {
      Mine(1, 10), Event(1, 10, "dependency-add", R"({"description":"begin-time=1"})"),
      Event(1, 10, "invalidate"), Mine(2, 11), Event(2, 12, "validate")};
  std::string all;
  for (const std::string& line : lines) all += line;
  for (std::size_t cut = 0; cut <= all.size(); ++cut) {
    CAPTURE(cut);
    TestEngine test(Watched(true));
    test.Feed(all.substr(0, cut));
    test.Feed(all.substr(cut));
    CHECK(Fired(test) == Names{"1:1", "2:2", "0:2"});
    CHECK(Counts(test) == Row{1, 1, 0, 1});
    CHECK(test.engine.totals().own_jobs == 1);
  }
  // A source hands over one record at a time.
  TestEngine test(Watched(false));
  for (const std::string& line : lines) Hear(test, line);
  CHECK(Fired(test) == Names{"1:1", "2:2", "0:2"});
  CHECK(Counts(test) == Row{1, 1, 0, 1});
  CHECK(test.engine.totals().own_jobs == 1);
}

TEST_CASE("a submit counts with the next record that shows that the job was accepted") {
  TestEngine test(Watched(false));
  Hear(test, Mine(1, 10));
  CHECK(test.engine.unvalidated_job() == 1);
  CHECK(Counts(test) == Row{0, 0, 0, 1});
  CHECK(Fired(test).empty());
  Hear(test, Mine(2, 11));
  CHECK(test.engine.unvalidated_job() == 2);
  CHECK(Counts(test) == Row{1, 1, 0, 2});
  REQUIRE(test.engine.firings().size() == 2);
  const Firing& firing = test.engine.firings()[1];
  CHECK(firing.timestamp == 10);
  CHECK(firing.event == "submit");
  CHECK(firing.context == R"({"urgency":16})");
  CHECK(Fired(test) == Names{"2:1", "0:1"});
  Hear(test, Event(2, 11.5, "memo", R"({"a":1})"));
  CHECK(Counts(test) == Row{1, 1, 0, 2});
  Hear(test, Event(2, 12, "alloc"));
  CHECK(Counts(test) == Row{2, 1, 1, 2});
  CHECK(Fired(test) == Names{"2:2", "0:2"});
  // The end of the backlog, and a job of another ensemble, do as well.
  Hear(test, Mine(3, 13));
  Hear(test, "{\"id\":-1,\"events\":[]}\n");
  CHECK(Counts(test) == Row{3, 2, 1, 3});
  Hear(test, Mine(4, 14));
  Hear(test, Submit(5, 15, "nobody"));
  CHECK(Counts(test) == Row{4, 3, 1, 4});
  CHECK_FALSE(test.engine.unvalidated_job());
  CHECK(test.engine.totals().own_jobs == 4);
}

TEST_CASE("a submit that has waited long enough counts, and a refusal takes it back") {
  TestEngine test(Watched(false));
  test.engine.Start(5);
  Hear(test, Mine(1, 10));
  test.engine.Settle();
  test.engine.Settle();
  CHECK(Counts(test) == Row{1, 1, 0, 1});
  CHECK(Fired(test) == Names{"2:1", "0:1"});
  Hear(test, Event(1, 10.5, "invalidate"));
  CHECK(Counts(test) == Row{0, 0, 0, 0});
  CHECK(Fired(test) == Names{"2:1", "1:1"});
  CHECK(test.engine.totals().own_jobs == 0);
  // The rate forgets it, too.
  Hear(test, Mine(2, 40));
  Hear(test, Event(2, 66, "validate"));
  CHECK(test.engine.GetSnapshot().metrics[1] == doctest::Approx(1.0 / 60));
}

TEST_CASE("a job that is refused in its only record does not count") {
  TestEngine test(Watched(false));
  test.Feed(
      R"({"id":1,"events":[{"timestamp":10,"name":"submit"},{"timestamp":10,"name":"memo"},)"
      R"({"timestamp":10,"name":"invalidate"}],"jobspec":{"attributes":{"user":{"group":"g"}}}})"
      "\n");
  CHECK(Counts(test) == Row{0, 0, 0, 0});
  CHECK(Fired(test) == Names{"1:1"});
}

}  // namespace flux_ensemble::engine
