// The engine on its own thread: commands, wakes, heartbeats and the end, mainly for
// ThreadSanitizer.
#include "runner/runner.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "test/journals.h"
#include "test/runner_owner.h"

namespace flux_ensemble::runner {

namespace {

using namespace std::chrono_literals;
using engine::ChangeOf;
using engine::kCountCount;
using engine::Plan;
using engine::Rule;
using engine::Snapshot;
using engine::TriggerType;
using journal::EventKind;
using test::Event;
using test::Submit;

// A source that has a few records at its first Pump, and is silent afterwards.
class Quiet final : public Source {
 public:
  explicit Quiet(std::vector<std::string> records) : records_(std::move(records)) {}

  void Open(SourceListener& listener) override {
    listener.OnStream();
    listener.OnOpen({});
  }
  int fd() const override { return -1; }
  std::optional<Clock::time_point> deadline() const override { return std::nullopt; }
  bool Pump(SourceListener& listener) override {
    for (std::string& record : std::exchange(records_, {})) {
      record.pop_back();
      const std::size_t size = record.size();
      record.append(journal::kPadding, ' ');
      listener.OnJournal(std::string_view(record).substr(0, size));
    }
    return false;
  }
  void Submit(SubmitOrder, SourceListener&) override {}
  void Cancel(std::uint64_t, std::vector<journal::JobId>, std::string, SourceListener&) override {}
  void SetUrgency(std::uint64_t, std::vector<journal::JobId>, int, SourceListener&) override {}
  void Ask(std::uint64_t, Question, SourceListener&) override {}
  void StopSubmitting(SourceListener&) override {}
  void LookupEventlog(journal::JobId) override {}
  void Close(SourceListener&) override {}
  void ShowActiveOnly() override {}
  bool interrupted() const override { return false; }
  std::uint64_t submitting() const override { return 0; }
  std::uint64_t accepted() const override { return 0; }

 private:
  std::vector<std::string> records_;
};

}  // namespace

TEST_CASE("a submit counts when the source is silent after it for a while") {
  Plan plan = GroupG();
  Rule rule;
  rule.trigger = TriggerType::kJob;
  rule.change = ChangeOf(EventKind::kSubmit);
  rule.repetitions = 9;
  plan.rules = {rule};
  Owner owner(plan);
  REQUIRE(owner.runner.Start() == 0);
  std::vector<std::string> records = {Submit(1, 1, "g"), Event(1, 1, "invalidate"),
                                      Submit(2, 1, "g")};
  owner.Ask(
      OpenSourceCommand{std::make_unique<Quiet>(std::move(records)), ~std::uint64_t{0}, false});
  // No command and no other record comes.
  while (owner.firings.empty()) owner.Take();
  REQUIRE(owner.firings.size() == 1);
  CHECK(owner.firings[0].job == 2);
  CHECK(std::get<Snapshot>(owner.Ask(SnapshotCommand{})).counts[0] == 1);
}

TEST_CASE("commands are answered in their order, each with its kind of answer") {
  Plan plan = GroupG();
  Rule rule;
  rule.trigger = TriggerType::kStart;
  plan.rules = {rule};
  Owner owner(plan);
  REQUIRE(owner.runner.Start() == 0);
  CHECK(std::holds_alternative<std::monostate>(owner.Ask(StartCommand{7})));
  REQUIRE(owner.firings.size() == 1);
  CHECK(owner.firings[0].timestamp == 7);
  CHECK(std::holds_alternative<std::monostate>(owner.Ask(Bytes(Submit(1, 1, "g")))));
  CHECK(std::get<std::uint32_t>(owner.Ask(AddRuleCommand{rule, {}, {}})) == 1);
  CHECK(std::get<Snapshot>(owner.Ask(SnapshotCommand{})).counts.size() == kCountCount);
  CHECK(std::get<std::vector<journal::JobId>>(owner.Ask(ActiveJobsCommand{engine::GroupPart(0)}))
            .size() == 1);
  CHECK(std::holds_alternative<std::monostate>(owner.Ask(TickCommand{8})));
  CHECK(owner.AskStatus().active_jobs == 1);
  owner.Post(Bytes(R"({"id":2,"events":[]})"));
  CHECK(owner.AskStatus().totals.records == 1);
  owner.Post(FinishStreamCommand{});
  CHECK(owner.AskStatus().totals.records == 2);
  owner.Post(EndCommand{});
  CHECK(owner.AskStatus().ended);
}

TEST_CASE("many commands are answered before one answer is taken") {
  Owner owner(GroupG());
  std::uint64_t last = 0;
  for (int i = 0; i < 1000; ++i) last = owner.Post(StatusCommand{});
  REQUIRE(owner.runner.Start() == 0);
  owner.Answered(last);  // checks the order of all
}

TEST_CASE("one wake is under way at most") {
  Owner owner(GroupG());
  REQUIRE(owner.runner.Start() == 0);
  owner.Post(StatusCommand{});
  CHECK(Eventually([&] { return owner.awake(); }));
  for (int i = 0; i < 100; ++i) owner.Post(StatusCommand{});
  std::this_thread::sleep_for(20ms);
  CHECK(owner.wakes() == 1);
  owner.Answered(101);
  CHECK(owner.wakes() <= 1 + 100);
}

TEST_CASE("all firings come with the answer or before it") {
  Plan plan = GroupG();
  Rule rule;
  rule.trigger = TriggerType::kJob;
  rule.change = ChangeOf(EventKind::kMemo);
  rule.repetitions = 100'000;
  plan.rules = {rule};
  Owner owner(plan);
  REQUIRE(owner.runner.Start() == 0);
  // More than one slice, so some come before the answer.
  owner.Ask(Bytes(Submit(1, 1, "g") + Memos(20'000)));
  REQUIRE(owner.firings.size() == 20'000);
  for (std::size_t i = 0; i < owner.firings.size(); ++i) {
    REQUIRE(owner.firings[i].number == i);
    REQUIRE(owner.firings[i].timestamp == static_cast<double>(i + 1));
  }
}

TEST_CASE("decode errors are handed over") {
  Owner owner(GroupG());
  REQUIRE(owner.runner.Start() == 0);
  owner.Post(Bytes("rubbish\n"));
  CHECK(owner.Take().decode_errors.size() == 1);
}

TEST_CASE("a runner starts and stops two hundred times") {
  for (int round = 0; round < 200; ++round) {
    Owner owner(GroupG());
    if (round % 10 != 0) REQUIRE(owner.runner.Start() == 0);
    owner.Post(Bytes(Submit(1, 1, "g")));
    if (round % 3 == 0 && round % 10 != 0) owner.Answered(1);
    owner.runner.Stop();
  }
}

TEST_CASE("several threads use runners of their own at once") {
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&good] {
      for (int round = 0; round < 10; ++round) {
        Owner owner(GroupG());
        if (owner.runner.Start() != 0) return;
        for (int id = 1; id <= 50; ++id) {
          owner.Post(Bytes(Submit(static_cast<journal::JobId>(id), 1, "g")));
        }
        if (owner.AskStatus().active_jobs == 50) ++good;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(good == 40);
}

TEST_CASE("heartbeats begin with the start and come by themselves") {
  Plan plan = GroupG();
  plan.heartbeat = 0.001;
  Rule rule;
  rule.trigger = TriggerType::kHeartbeat;
  rule.repetitions = 5;
  plan.rules = {rule};
  Owner owner(plan);
  REQUIRE(owner.runner.Start() == 0);
  std::this_thread::sleep_for(20ms);
  CHECK(owner.wakes() == 0);
  owner.Post(StartCommand{1});
  while (owner.firings.size() < 5) owner.Take();
  // Their times are in the run's own time, which began at 1.
  CHECK(owner.firings[0].timestamp > 1);
  CHECK(owner.firings[0].timestamp < 1e6);
  CHECK(owner.firings[4].timestamp >= owner.firings[0].timestamp);
  // Its repetitions are used up.
  std::this_thread::sleep_for(5ms);
  CHECK(owner.Poll().firings.empty());
}

TEST_CASE("beats faster than the engine leave room for commands, and centuries between them too") {
  for (const double heartbeat : {1e-9, 1e300}) {
    CAPTURE(heartbeat);
    Plan plan = GroupG();
    plan.heartbeat = heartbeat;
    Rule rule;
    rule.trigger = TriggerType::kHeartbeat;
    plan.rules = {rule};
    Owner owner(plan);
    REQUIRE(owner.runner.Start() == 0);
    owner.Ask(StartCommand{1});
    // More commands than the runner runs in a row.
    for (int i = 0; i < 100; ++i) owner.Ask(Bytes(Memos(2)));
    CHECK(owner.AskStatus().totals.events == 200);
    CHECK(owner.firings.size() == (heartbeat < 1 ? 1 : 0));
  }
}

}  // namespace flux_ensemble::runner
