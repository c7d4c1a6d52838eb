// A restored run whose jobs are under Flux: the stream shows their ends.
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "flux/flux_session.h"
#include "log/entry_log.h"
#include "runner/job_rows.h"
#include "test/fake_broker.h"
#include "test/journals.h"
#include "test/log_folder.h"
#include "test/runner_owner.h"

namespace flux_ensemble::flux {

namespace {

using engine::Count;
using test::Event;
using test::FakeBroker;
using test::Finish;

engine::Plan MyPlan() {
  engine::Plan plan = runner::GroupG();
  plan.ensemble = "mine";
  return plan;
}

// The submission of the job with an index in firing 0.
std::string Made(journal::JobId id, int index) {
  return test::Submit(id, 1001, "g",
                      R"("ensemble":"mine","origin":{"entry":0,"rule":0,"firing":0,"index":)" +
                          std::to_string(index) + "}");
}

// One response of the journal for each line.
void Show(FakeBroker& broker, const std::string& lines) {
  for (std::size_t begin = 0, end = 0; begin < lines.size(); begin = end + 1) {
    end = lines.find('\n', begin);
    broker.Journal(lines.substr(begin, end - begin));
  }
}

// Job 1 has ended, 2 and 3 are active.
void FirstProcess(const test::LogFolder& folder) {
  runner::Owner owner(MyPlan(), std::make_unique<log::Writer>(folder.path()));
  REQUIRE(owner.runner.Start() == 0);
  owner.Ask(runner::StartCommand{1000});
  owner.Ask(runner::Bytes(Made(1, 0) + Event(1, 1002, "start") + Finish(1, 1003) +
                          Event(1, 1003, "clean") + Made(2, 1) + Event(2, 1002, "start") +
                          Made(3, 2) + Event(3, 1002, "start")));
}

// Flux keeps job 1, knows the end of job 2, does not know job 3, and has job 4, which the first
// process has not seen.
void ShowJobs(FakeBroker& broker) {
  Show(broker, Made(1, 0) + Event(1, 1002, "start") + Finish(1, 1003) + Event(1, 1003, "clean"));
  // The whole eventlog comes at once.
  broker.Journal(R"({"id":2,"events":[{"timestamp":1001,"name":"submit"},)"
                 R"({"timestamp":1002,"name":"start"},)"
                 R"({"timestamp":1012,"name":"finish","context":{"status":0}},)"
                 R"({"timestamp":1013,"name":"clean"}]})");
  Show(broker, Made(4, 3));
}

// The process that goes on.
struct SecondProcess {
  SecondProcess(const test::LogFolder& folder, const std::string& instance,
                void (*show)(FakeBroker&) = &ShowJobs)
      : owner(MyPlan(), std::make_unique<log::Writer>(folder.path()), true) {
    REQUIRE(owner.runner.Start() == 0);
    owner.Ask(runner::RestoreCommand{folder.path(), false});
    show(broker);
    broker.Sentinel();
    broker.on_call = [](FakeBroker& called, std::uint64_t request) {
      called.Answer(request, ENOENT, "unknown");
    };
    FluxSessionOptions options;
    options.inactive_jobs = 100;
    options.instance = instance;
    owner.Ask(runner::OpenSourceCommand{
        std::make_unique<FluxSession>(ConnectAlone(broker.api()), options), ~std::uint64_t{0},
        false});
    CHECK(runner::Eventually([&] { return owner.AskStatus().backlog_over; }));
  }

  double count(Count which) {
    const auto snapshot = std::get<engine::Snapshot>(owner.Ask(runner::SnapshotCommand{}));
    return snapshot.counts[static_cast<std::size_t>(which)];
  }

  FakeBroker broker;
  runner::Owner owner;
};

}  // namespace

TEST_CASE(
    "each job of a restored run counts once, whether it ended before, meanwhile, or not yet") {
  const test::LogFolder folder;
  FirstProcess(folder);
  SecondProcess second(folder, "instance");
  CHECK(second.broker.journals.at(0) == R"({"full":true})");
  CHECK(second.count(Count::kSubmitted) == 4);
  CHECK(second.count(Count::kSuccess) == 2);
  // Flux has purged job 3.
  const engine::Status status = second.owner.AskStatus();
  CHECK(status.totals.lost_jobs == 1);
  CHECK(status.active_jobs == 1);
  second.owner.Ask(runner::ResumeCommand{2000});
  CHECK(std::get<double>(second.owner.Ask(runner::ReconciledCommand{runner::LostJobs::kAgain})) ==
        0);
  CHECK(second.owner.AskStatus().submitting == 0);
}

TEST_CASE("jobs that another instance does not know are lost, also for the next process") {
  const test::LogFolder folder;
  FirstProcess(folder);
  {
    SecondProcess second(folder, "earlier");
    const engine::Status status = second.owner.AskStatus();
    CHECK(status.totals.lost_jobs == 0);
    CHECK(status.active_jobs == 2);
    second.owner.Ask(runner::ResumeCommand{2000});
    CHECK(std::get<double>(second.owner.Ask(runner::ReconciledCommand{runner::LostJobs::kAgain})) ==
          1);
    CHECK(second.count(Count::kSubmitted) == 3);
    CHECK(second.owner.AskStatus().active_jobs == 1);
    // A job of this process is not taken for one of the earlier processes.
    CHECK(second.owner.AskStatus().submitting == 0);
  }
  runner::Owner third(MyPlan(), std::make_unique<log::Writer>(folder.path()), true);
  REQUIRE(third.runner.Start() == 0);
  const auto restored =
      std::get<runner::Restored>(third.Ask(runner::RestoreCommand{folder.path(), false}));
  CHECK(restored.active == 1);
  CHECK(restored.jobs == 4);
  CHECK(third.AskStatus().totals.lost_jobs == 0);
}

TEST_CASE("another instance may have other jobs under the ids of earlier ones") {
  const test::LogFolder folder;
  FirstProcess(folder);
  {
    SecondProcess second(folder, "earlier", [](FakeBroker& broker) {
      // Job 1 is a new one of the run, job 2 one of others.
      Show(broker, Made(1, 3) + Event(1, 1102, "start"));
      Show(broker, test::Submit(2, 1101, "h") + Event(2, 1102, "start") + Finish(2, 1103) +
                       Event(2, 1103, "clean"));
    });
    CHECK(second.count(Count::kSubmitted) == 4);
    CHECK(second.count(Count::kSuccess) == 1);
    CHECK(second.owner.AskStatus().active_jobs == 3);
    second.owner.Ask(runner::ResumeCommand{2000});
    CHECK(std::get<double>(second.owner.Ask(runner::ReconciledCommand{runner::LostJobs::kAgain})) ==
          2);
    CHECK(second.count(Count::kSubmitted) == 2);
  }
  runner::JobRows rows;
  log::ReadEntries(folder.path(), rows);
  const runner::JobColumns jobs = rows.Take();
  CHECK(jobs.ids == std::vector<journal::JobId>{1, 2, 3, 1});
  CHECK(jobs.index == std::vector<double>{0, 1, 2, 3});
  using enum log::JobResult;
  const std::vector results{kCompleted, kLost, kLost, kActive};
  CHECK(std::ranges::equal(jobs.result, results, {}, {}, [](log::JobResult result) {
    return static_cast<std::uint8_t>(result);
  }));
}

}  // namespace flux_ensemble::flux
