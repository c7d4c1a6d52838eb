// A run that another process goes on with: its engine takes the log in again, and knows what is
// left to do.
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "log/entry_log.h"
#include "runner/job_rows.h"
#include "runner/known_jobs.h"
#include "test/conditions.h"
#include "test/journals.h"
#include "test/log_folder.h"
#include "test/runner_owner.h"
#include "test/support.h"

namespace flux_ensemble::runner {

namespace {

using engine::Count;
using engine::Plan;
using engine::Rule;
using engine::Snapshot;
using engine::TriggerType;
using test::Event;
using test::Exception;
using test::Finish;
using test::LogFolder;
using test::Submit;

// A start rule, a rule for each success, and one retry of failed jobs after `delay` seconds.
Plan SmallPlan(double delay = 0) {
  Plan plan;
  plan.groups = {"g"};
  plan.ensemble = "mine";
  engine::RetryPolicy policy;
  policy.times = 1;
  policy.failed = true;
  policy.initial = delay;
  plan.remembered = {{0, policy}};
  plan.metrics = test::AllMetrics(1);
  Rule rule;
  plan.rules.push_back(rule);
  rule.trigger = TriggerType::kJob;
  rule.change = engine::Change::kSuccess;
  rule.repetitions = 1000;
  plan.rules.push_back(rule);
  return plan;
}

std::string Made(journal::JobId id, double time, int firing, int index, int attempt = 0,
                 int part = 0) {
  return Submit(id, time, "g",
                R"("ensemble":"mine","origin":{"entry":0,"rule":0,"firing":)" +
                    std::to_string(firing) + R"(,"part":)" + std::to_string(part) + R"(,"index":)" +
                    std::to_string(index) + R"(,"attempt":)" + std::to_string(attempt) + "}") +
         Event(id, time, "validate");
}

std::unique_ptr<log::Writer> Write(const LogFolder& folder) {
  return std::make_unique<log::Writer>(folder.path());
}

// A process that drives the run in a folder, the first one or a later one.
struct Process {
  explicit Process(const LogFolder& folder, bool later = true, Plan plan = SmallPlan())
      : owner(std::move(plan), Write(folder), later) {
    REQUIRE(owner.runner.Start() == 0);
    if (later) restored = std::get<Restored>(owner.Ask(RestoreCommand{folder.path(), false}));
  }

  double count(Count which) {
    const auto snapshot = std::get<Snapshot>(owner.Ask(SnapshotCommand{}));
    return snapshot.counts[static_cast<std::size_t>(which)];
  }

  std::vector<std::uint64_t> open() const {
    std::vector<std::uint64_t> numbers;
    for (const OpenFiring& open : restored.firings) numbers.push_back(open.firing.number);
    return numbers;
  }

  // Ranges in the form "0-2 4-5".
  std::string known(std::uint64_t firing, std::uint32_t part = 0) {
    std::string text;
    const AnswerBody answer = owner.Ask(KnownJobsCommand{firing, false});
    for (const KnownRange& range : std::get<std::vector<KnownRange>>(answer)) {
      if (range.part != part) continue;
      text.append(text.empty() ? "" : " ").append(std::to_string(range.begin));
      text.append("-").append(std::to_string(range.end));
    }
    return text;
  }

  // Posts the command, and takes the retries that come no later than its answer.
  std::vector<engine::Retry> RetriesOf(ReconciledCommand command, double* lost = nullptr) {
    const std::uint64_t number = owner.Post(command);
    std::vector<engine::Retry> retries;
    for (bool answered = false; !answered;) {
      Outbox outbox = owner.Take();
      std::ranges::move(outbox.retries, std::back_inserter(retries));
      for (const Answer& answer : outbox.answers) {
        CHECK(answer.number == number);
        if (lost != nullptr) *lost = std::get<double>(answer.body);
        answered = true;
      }
    }
    owner.SkipAnswers(number);
    return retries;
  }

  Owner owner;
  Restored restored;
};

}  // namespace

TEST_CASE("known jobs are ranges, in any order of their coming") {
  std::mt19937 random(4);
  for (int round = 0; round < 200; ++round) {
    KnownJobs jobs;
    std::vector<bool> expected(40);
    for (int i = 0; i < 60; ++i) {
      const std::size_t index = random() % 38 + 1;
      expected[index] = true;
      jobs.Add(3, index);
    }
    std::vector<bool> found(40);
    std::uint64_t last = 0;
    for (const KnownRange& range : jobs.Ranges()) {
      CHECK(range.part == 3);
      // Ranges do not touch.
      CHECK(range.begin > last);
      CHECK(range.end > range.begin);
      for (std::uint64_t i = range.begin; i < range.end; ++i) found[i] = true;
      last = range.end;
    }
    CHECK(found == expected);
  }
}

TEST_CASE("a restored run has its statistics, and the firings and notes that are not done") {
  const LogFolder folder;
  Snapshot before;
  {
    Process first(folder, false);
    first.owner.Ask(StartCommand{1000});
    first.owner.Ask(NoteCommand{std::nullopt, "about the run"});
    first.owner.Ask(NoteCommand{0, "about the start"});
    first.owner.Ask(Bytes(Made(1, 1001, 0, 0) + Made(2, 1001, 0, 1) + Made(3, 1001, 0, 4) +
                          Event(1, 1002, "start") + Finish(1, 1005) + Event(1, 1005, "clean")));
    first.owner.Ask(NoteCommand{1, "about a success"});
    first.owner.Ask(DoneCommand{1});
    first.owner.Ask(Bytes(Event(2, 1006, "start") + Finish(2, 1007) + Event(2, 1007, "clean")));
    before = std::get<Snapshot>(first.owner.Ask(SnapshotCommand{}));
  }
  Process second(folder);
  CHECK(second.restored.error.empty());
  CHECK(second.restored.damage.empty());
  CHECK(second.restored.started);
  CHECK_FALSE(second.restored.ended);
  CHECK_FALSE(second.restored.interrupted);
  CHECK(second.restored.epoch == 2);
  CHECK(second.restored.latest >= 1007);
  CHECK(second.restored.jobs == 3);
  CHECK(second.restored.active == 1);
  CHECK(second.restored.notes == std::vector<std::string>{"about the run"});
  CHECK(second.open() == std::vector<std::uint64_t>{0, 2});
  CHECK(second.restored.firings[0].notes == std::vector<std::string>{"about the start"});
  CHECK(second.known(0) == "0-2 4-5");
  CHECK(second.owner.firings.empty());
  const auto after = std::get<Snapshot>(second.owner.Ask(SnapshotCommand{}));
  CHECK(after.counts == before.counts);
  CHECK(after.status.totals.firings == before.status.totals.firings);
  // The firings go on where they ended.
  second.owner.Ask(ResumeCommand{2000});
  second.owner.Ask(Bytes(Event(3, 2001, "start") + Finish(3, 2002) + Event(3, 2002, "clean")));
  REQUIRE(second.owner.firings.size() == 1);
  CHECK(second.owner.firings[0].number == 3);
}

TEST_CASE("jobs that are lost with their process are taken back and come again") {
  const LogFolder folder;
  {
    Process first(folder, false);
    first.owner.Ask(StartCommand{1000});
    first.owner.Ask(Bytes(Made(1, 1001, 0, 0) + Event(1, 1002, "start") + Made(2, 1001, 0, 1) +
                          Made(3, 1001, 0, 2) + Event(3, 1002, "start") + Finish(3, 1003) +
                          Made(4, 1001, 0, 3) + Exception(4, 1003, "cancel")));
    CHECK(first.count(Count::kSubmitted) == 4);
  }
  {
    Process second(folder);
    second.owner.Ask(ResumeCommand{2000});
    double lost = 0;
    const auto retries = second.RetriesOf({LostJobs::kAgain}, &lost);
    CHECK(lost == 2);
    REQUIRE(retries.size() == 2);
    CHECK(retries[0].details.index == 0);
    CHECK(retries[1].details.index == 1);
    CHECK(retries[0].details.attempt == 0);
    // The job that had finished counts as it did; the one that was canceled is canceled.
    CHECK(second.count(Count::kSubmitted) == 2);
    CHECK(second.count(Count::kPending) == 0);
    CHECK(second.count(Count::kRunning) == 0);
    CHECK(second.count(Count::kSuccess) == 1);
    CHECK(second.count(Count::kCanceled) == 1);
    // One of the two comes again before this process ends, too.
    second.owner.Ask(Bytes(Made(11, 2001, 0, 0) + Event(11, 2002, "start")));
    CHECK(second.count(Count::kSubmitted) == 3);
  }
  Process third(folder);
  CHECK(third.restored.active == 1);
  CHECK(third.restored.jobs == 5);
  CHECK(third.known(0) == "0-4");
  CHECK(third.count(Count::kSubmitted) == 3);
  // The job that never came is delivered again, and the active one with it.
  std::vector<std::uint64_t> indexes;
  for (const engine::Retry& retry : third.RetriesOf({LostJobs::kAgain})) {
    indexes.push_back(retry.details.index);
  }
  std::ranges::sort(indexes);
  CHECK(indexes == std::vector<std::uint64_t>{0, 1});
  // The rows of the jobs say how they ended.
  third.owner.runner.Stop();
  JobRows rows;
  CHECK(log::ReadEntries(folder.path(), rows).frames.lost_bytes == 0);
  const JobColumns columns = rows.Take();
  const auto result = [&](journal::JobId id) {
    const auto at = std::ranges::find(columns.ids, id) - columns.ids.begin();
    return static_cast<log::JobResult>(columns.result[static_cast<std::size_t>(at)]);
  };
  CHECK(result(1) == log::JobResult::kLost);
  CHECK(result(2) == log::JobResult::kLost);
  CHECK(result(3) == log::JobResult::kCompleted);
  CHECK(result(4) == log::JobResult::kCanceled);
  CHECK(result(11) == log::JobResult::kLost);
}

TEST_CASE("lost jobs may fail, and are retried by the policy of their group") {
  const LogFolder folder;
  {
    Process first(folder, false);
    first.owner.Ask(StartCommand{1000});
    first.owner.Ask(Bytes(Made(1, 1001, 0, 0) + Event(1, 1002, "start")));
  }
  Process second(folder, true, SmallPlan(1e9));
  second.owner.Ask(ResumeCommand{2000});
  CHECK(std::get<double>(second.owner.Ask(ReconciledCommand{LostJobs::kFail})) == 1);
  CHECK(second.count(Count::kSubmitted) == 1);
  CHECK(second.count(Count::kFailed) == 1);
  CHECK(second.count(Count::kRetried) == 1);
  CHECK(second.owner.AskStatus().retrying == 1);
}

TEST_CASE("a retry whose job never came is delivered again, and one whose job came is not") {
  const LogFolder folder;
  {
    Process first(folder, false);
    first.owner.Ask(StartCommand{1000});
    // Both are due in the past, so they are delivered at once.
    first.owner.Ask(Bytes(Made(1, 901, 0, 0) + Made(2, 901, 0, 1) + Finish(1, 903, 256) +
                          Finish(2, 903, 256) + Event(1, 903, "clean") + Event(2, 903, "clean")));
    CHECK(Eventually([&] { return first.owner.AskStatus().retrying == 0; }));
    first.owner.Ask(Bytes(Made(3, 1004, 0, 1, 1)));
  }
  Process second(folder);
  const auto retries = second.RetriesOf({LostJobs::kNone});
  REQUIRE(retries.size() == 1);
  CHECK(retries[0].details.index == 0);
  CHECK(retries[0].details.attempt == 1);
}

TEST_CASE("jobs of several submissions of a firing have places of their own") {
  const LogFolder folder;
  {
    Process first(folder, false);
    first.owner.Ask(StartCommand{1000});
    first.owner.Ask(
        Bytes(Made(1, 1001, 0, 0) + Made(2, 1001, 0, 0, 0, 1) + Made(3, 1001, 0, 1, 0, 1)));
  }
  Process second(folder);
  CHECK(second.known(0) == "0-1");
  CHECK(second.known(0, 1) == "0-2");
}

TEST_CASE("what an interrupted run does at its end does not count when it is restored") {
  const LogFolder folder;
  Snapshot before;
  {
    Process first(folder, false);
    first.owner.Ask(StartCommand{1000});
    first.owner.Ask(Bytes(Made(1, 1001, 0, 0) + Event(1, 1002, "start") + Finish(1, 1003) +
                          Event(1, 1003, "clean") + Made(2, 1001, 0, 1)));
    before = std::get<Snapshot>(first.owner.Ask(SnapshotCommand{}));
    first.owner.Ask(InterruptedCommand{});
    first.owner.Ask(EndCommand{});
    first.owner.Ask(NoteCommand{std::nullopt, "not seen"});
    first.owner.Ask(DoneCommand{0});
    first.owner.Ask(Bytes(Exception(2, 1004, "cancel") + Event(2, 1004, "clean") +
                          Made(3, 1004, 0, 2) + Event(3, 1005, "clean")));
    first.owner.Ask(FinishStreamCommand{});
  }
  for (int later = 0; later < 2; ++later) {
    Process process(folder);
    CHECK(process.restored.interrupted == (later == 0));
    CHECK_FALSE(process.restored.ended);
    CHECK(process.restored.active == (later == 0 ? 1 : 0));
    CHECK(process.restored.notes.empty());
    CHECK(process.open() == std::vector<std::uint64_t>{0, 1});
    CHECK(process.known(0) == "0-2");
    // The active job was taken back.
    CHECK(process.count(Count::kSubmitted) == 1);
    CHECK(process.count(Count::kSuccess) == 1);
    CHECK(process.count(Count::kCanceled) == 0);
  }
  CHECK(before.counts[static_cast<std::size_t>(Count::kSubmitted)] == 2);
}

TEST_CASE("a rule that was added to the run is asked for while the log is taken in") {
  const LogFolder folder;
  Rule added;
  added.trigger = TriggerType::kJob;
  added.change = engine::Change::kFail;
  added.repetitions = 5;
  const std::string failed = Made(1, 1001, 0, 0) + Finish(1, 1003, 256) + Event(1, 1003, "clean");
  {
    Process first(folder, false);
    first.owner.Ask(StartCommand{1000});
    first.owner.Ask(AddRuleCommand{added, {}, "the rule"});
    first.owner.Ask(Bytes(failed));
    REQUIRE(first.owner.firings.size() == 2);
  }
  Owner owner(SmallPlan(), Write(folder), true);
  REQUIRE(owner.runner.Start() == 0);
  const std::uint64_t number = owner.Post(RestoreCommand{folder.path(), false});
  std::vector<std::string> texts;
  Restored restored;
  for (bool answered = false; !answered;) {
    Outbox outbox = owner.Take();
    for (const std::string& text : outbox.rule_requests) {
      texts.push_back(text);
      owner.runner.SupplyRule(added, {});
    }
    for (Answer& answer : outbox.answers) {
      restored = std::get<Restored>(std::move(answer.body));
      answered = true;
    }
  }
  owner.SkipAnswers(number);
  CHECK(texts == std::vector<std::string>{"the rule"});
  REQUIRE(restored.firings.size() == 2);
  CHECK(restored.firings[1].firing.rule == 2);
}

TEST_CASE("a runner that waits for a rule ends") {
  const LogFolder folder;
  {
    Process first(folder, false);
    first.owner.Ask(AddRuleCommand{{}, {}, "the rule"});
  }
  Owner owner(SmallPlan(), Write(folder), true);
  REQUIRE(owner.runner.Start() == 0);
  owner.Post(RestoreCommand{folder.path(), false});
  CHECK(owner.Take().rule_requests.size() == 1);
  owner.runner.Stop();
}

TEST_CASE("an engine that only looks has all firings of the run, and writes nothing") {
  const LogFolder folder;
  {
    Process first(folder, false);
    first.owner.Ask(StartCommand{1000});
    first.owner.Ask(Bytes(Made(1, 1001, 0, 0) + Event(1, 1002, "start") + Finish(1, 1003) +
                          Event(1, 1003, "clean")));
    first.owner.Ask(DoneCommand{0});
  }
  const std::uint64_t bytes = test::ReadContent(folder.path()).report.bytes;
  Owner owner(SmallPlan(), nullptr, true);
  REQUIRE(owner.runner.Start() == 0);
  const auto restored = std::get<Restored>(owner.Ask(RestoreCommand{folder.path(), true}));
  CHECK(restored.firings.empty());
  REQUIRE(owner.firings.size() == 2);
  CHECK(owner.firings[1].rule == 1);
  CHECK(test::ReadContent(folder.path()).report.bytes == bytes);
}

TEST_CASE("a log that is missing is an error of the restoration") {
  const LogFolder folder;
  Owner owner(SmallPlan(), nullptr, true);
  REQUIRE(owner.runner.Start() == 0);
  const auto restored =
      std::get<Restored>(owner.Ask(RestoreCommand{folder.path() + "/missing", true}));
  CHECK(restored.error.find("missing") != std::string::npos);
}

}  // namespace flux_ensemble::runner
