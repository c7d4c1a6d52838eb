// A log whose segments are full gets checkpoints, and a run goes on from them.
#include <doctest/doctest.h>

#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "log/checkpoint_files.h"
#include "log/segment_files.h"
#include "runner/checkpoint.h"
#include "test/conditions.h"
#include "test/journals.h"
#include "test/log_folder.h"
#include "test/runner_owner.h"

namespace flux_ensemble::runner {

namespace {

using engine::Count;
using engine::Plan;
using engine::Rule;
using engine::Snapshot;
using engine::TriggerType;
using test::Event;
using test::Finish;
using test::LogFolder;
using test::Submit;

constexpr std::uint64_t kSegmentSize = 4096;

Plan SmallPlan() {
  Plan plan;
  plan.groups = {"g"};
  plan.ensemble = "mine";
  plan.metrics = test::AllMetrics(1);
  Rule rule;
  plan.rules.push_back(rule);
  rule.trigger = TriggerType::kJob;
  rule.change = engine::Change::kSuccess;
  rule.repetitions = 1000;
  plan.rules.push_back(rule);
  return plan;
}

std::string Life(journal::JobId id) {
  const double time = 1000 + static_cast<double>(id);
  return Submit(id, time, "g",
                R"("ensemble":"mine","origin":{"entry":0,"rule":0,"firing":0,"index":)" +
                    std::to_string(id) + "}") +
         Event(id, time, "validate") + Event(id, time + 0.5, "start") +
         (id % 10 == 0 ? std::string() : Finish(id, time + 1.25) + Event(id, time + 2, "clean"));
}

std::vector<std::uint64_t> Checkpoints(const LogFolder& folder) {
  std::vector<std::uint64_t> numbers;
  log::ListStateFiles(folder.path(), log::StateFile::kCheckpoint, &numbers);
  return numbers;
}

std::vector<std::uint64_t> Segments(const LogFolder& folder) {
  std::vector<std::uint64_t> numbers;
  log::ListSegments(folder.path(), &numbers);
  return numbers;
}

std::unique_ptr<log::Writer> Write(const LogFolder& folder) {
  return std::make_unique<log::Writer>(folder.path(),
                                       log::WriterOptions{.segment_size = kSegmentSize});
}

// Runs jobs, each in a command of its own, and waits for a second checkpoint after the segment.
Snapshot RunJobs(Owner& owner, const LogFolder& folder, journal::JobId first, journal::JobId last,
                 std::uint64_t segment = 0) {
  for (journal::JobId id = first; id <= last; ++id) {
    owner.Ask(Bytes(Life(id)));
    // Some firings stay open.
    if (id % 9 != 0) owner.Ask(DoneCommand{id - id / 10});
  }
  // The log grows on by events of jobs that are not of the run.
  std::string others;
  for (int i = 0; i < 100; ++i) others += Event(1'000'000, 1500 + i, "start");
  CHECK(Eventually([&] {
    owner.Ask(Bytes(others));
    const auto checkpoints = Checkpoints(folder);
    return checkpoints.size() == 2 && checkpoints.front() > segment;
  }));
  return std::get<Snapshot>(owner.Ask(SnapshotCommand{}));
}

struct Found {
  Restored restored;
  Snapshot snapshot;
  std::vector<engine::RuleReport> rules;
};

Found Restore(const LogFolder& folder, std::uint64_t keep) {
  Owner owner(SmallPlan(), nullptr, true, keep);
  REQUIRE(owner.runner.Start() == 0);
  Found found;
  found.restored = std::get<Restored>(owner.Ask(RestoreCommand{folder.path(), false}));
  found.snapshot = std::get<Snapshot>(owner.Ask(SnapshotCommand{}));
  return found;
}

std::vector<std::uint64_t> NumbersOf(const Restored& restored) {
  std::vector<std::uint64_t> numbers;
  for (const OpenFiring& open : restored.firings) numbers.push_back(open.firing.number);
  return numbers;
}

void RemoveCheckpoints(const LogFolder& folder) {
  for (const std::uint64_t number : Checkpoints(folder)) {
    log::RemoveStateFile(folder.path(), log::StateFile::kCheckpoint, number);
  }
}

}  // namespace

TEST_CASE(
    "a run that is restored from a checkpoint is as one that is restored from its whole log") {
  const LogFolder folder;
  Snapshot before;
  {
    Owner owner(SmallPlan(), Write(folder), false, UINT64_MAX);
    REQUIRE(owner.runner.Start() == 0);
    owner.Ask(StartCommand{1000});
    owner.Ask(NoteCommand{std::nullopt, "about the run"});
    owner.Ask(NoteCommand{0, "about the start"});
    before = RunJobs(owner, folder, 1, 400);
  }
  CHECK(Segments(folder).front() == 1);
  const Found fast = Restore(folder, UINT64_MAX);
  JobRows fast_rows;
  CHECK_FALSE(ReadJobs(folder.path(), fast_rows).has_loss());
  RemoveCheckpoints(folder);
  const Found whole = Restore(folder, UINT64_MAX);
  JobRows whole_rows;
  CHECK_FALSE(ReadJobs(folder.path(), whole_rows).has_loss());

  CHECK(fast.restored.checkpoint > 0);
  CHECK(whole.restored.checkpoint == 0);
  CHECK(fast.restored.error.empty());
  CHECK(fast.restored.damage.empty());
  CHECK(fast.snapshot.counts == before.counts);
  CHECK(fast.snapshot.statistics == whole.snapshot.statistics);
  CHECK(fast.restored.notes == whole.restored.notes);
  CHECK(NumbersOf(fast.restored) == NumbersOf(whole.restored));
  CHECK(NumbersOf(fast.restored).size() > 30);
  CHECK(fast.restored.firings[0].notes == std::vector<std::string>{"about the start"});
  CHECK(fast.restored.jobs == 400);
  CHECK(fast.restored.active == 40);
  const JobColumns fast_jobs = fast_rows.Take();
  const JobColumns whole_jobs = whole_rows.Take();
  CHECK(fast_jobs.ids == whole_jobs.ids);
  CHECK(fast_jobs.finish[0] == whole_jobs.finish[0]);
  CHECK(fast_jobs.index == whole_jobs.index);
  CHECK(fast_jobs.result == whole_jobs.result);
}

TEST_CASE(
    "a log that is bounded loses its first segments, and a later process its own checkpoints") {
  const LogFolder folder;
  const std::uint64_t keep = 3 * kSegmentSize;
  {
    Owner owner(SmallPlan(), Write(folder), false, keep);
    REQUIRE(owner.runner.Start() == 0);
    owner.Ask(StartCommand{1000});
    RunJobs(owner, folder, 1, 300);
  }
  const std::uint64_t first = Segments(folder).front();
  CHECK(first > 1);
  CHECK(Checkpoints(folder).size() == 2);
  {
    Owner owner(SmallPlan(), Write(folder), true, keep);
    REQUIRE(owner.runner.Start() == 0);
    const auto restored = std::get<Restored>(owner.Ask(RestoreCommand{folder.path(), false}));
    CHECK(restored.jobs == 300);
    CHECK(restored.damage.empty());
    owner.Ask(ResumeCommand{2000});
    const Snapshot snapshot = RunJobs(owner, folder, 301, 600, Segments(folder).back());
    CHECK(snapshot.counts[static_cast<std::size_t>(Count::kSubmitted)] == 600);
    CHECK(snapshot.counts[static_cast<std::size_t>(Count::kSuccess)] == 540);
  }
  CHECK(Segments(folder).front() > first);
  // The last checkpoint is damaged, and the one before is used.
  const Found last = Restore(folder, keep);
  const std::string path =
      folder.path() + "/" +
      log::StateFileName(log::StateFile::kCheckpoint, Checkpoints(folder).back());
  REQUIRE(truncate(path.c_str(), 100) == 0);
  const Found before = Restore(folder, keep);
  CHECK(before.restored.checkpoint < last.restored.checkpoint);
  CHECK(before.restored.damage.empty());
  CHECK(before.snapshot.counts == last.snapshot.counts);
  CHECK(before.restored.jobs == 600);
  JobRows rows;
  CHECK_FALSE(ReadJobs(folder.path(), rows).has_loss());
  CHECK(rows.Take().ids.size() == 600);
  // Without any checkpoint, the loss is reported.
  RemoveCheckpoints(folder);
  const Found none = Restore(folder, keep);
  CHECK(none.restored.damage.find("missing segment") != std::string::npos);
}

TEST_CASE("a checkpoint of another plan is not used") {
  const LogFolder folder;
  {
    Owner owner(SmallPlan(), Write(folder), false, UINT64_MAX);
    REQUIRE(owner.runner.Start() == 0);
    owner.Ask(StartCommand{1000});
    RunJobs(owner, folder, 1, 200);
  }
  Plan other = SmallPlan();
  other.rules[1].repetitions = 7;
  Owner owner(std::move(other), nullptr, true);
  REQUIRE(owner.runner.Start() == 0);
  const auto restored = std::get<Restored>(owner.Ask(RestoreCommand{folder.path(), false}));
  CHECK(restored.error.empty());
  CHECK(restored.checkpoint == 0);
  CHECK(restored.jobs == 200);
}

// Without metrics, whose list may grow.
Plan GoldenPlan() {
  Plan plan = SmallPlan();
  plan.metrics.clear();
  return plan;
}

// Written by the first version that made checkpoints. A change of the layout has to read it, too.
TEST_CASE("a checkpoint of the first format version is read, with the jobs before it") {
  const std::string folder = std::string(FLUX_ENSEMBLE_FIXTURES) + "/log/v1-checkpoint";
  Owner owner(GoldenPlan(), nullptr, true);
  REQUIRE(owner.runner.Start() == 0);
  const auto restored = std::get<Restored>(owner.Ask(RestoreCommand{folder, false}));
  CHECK(restored.error.empty());
  CHECK(restored.damage.empty());
  CHECK(restored.checkpoint == 7);
  CHECK(restored.jobs == 300);
  CHECK(restored.active == 30);
  CHECK(restored.notes == std::vector<std::string>{"about the run"});
  REQUIRE(restored.firings.size() == 27);
  CHECK(restored.firings[0].notes == std::vector<std::string>{"about the start"});
  const auto snapshot = std::get<Snapshot>(owner.Ask(SnapshotCommand{}));
  CHECK(snapshot.counts[static_cast<std::size_t>(Count::kSuccess)] == 270);
  CHECK(snapshot.counts[static_cast<std::size_t>(Count::kRunning)] == 30);
  JobRows rows;
  CHECK_FALSE(ReadJobs(folder, rows).has_loss());
  const JobColumns jobs = rows.Take();
  REQUIRE(jobs.size() == 300);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    CHECK(jobs.ids[i] == i + 1);
    CHECK(jobs.index[i] == static_cast<double>(i + 1));
    CHECK(jobs.submit[i] == 1001 + static_cast<double>(i));
    CHECK(jobs.start[i] == 1001.5 + static_cast<double>(i));
    if (jobs.ids[i] % 10 != 0) CHECK(jobs.clean[i] == 1003 + static_cast<double>(i));
  }
}

}  // namespace flux_ensemble::runner
