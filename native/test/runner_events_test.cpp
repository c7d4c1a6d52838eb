// Raw events on their way out of the engine's thread: bounded, dropped or held.
#include "runner/runner.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

#include "test/journals.h"
#include "test/runner_owner.h"

namespace flux_ensemble::runner {

namespace {

using namespace std::chrono_literals;
using engine::ChangeOf;
using engine::kFirstNamedKind;
using engine::Plan;
using engine::Rule;
using engine::TriggerType;
using journal::EventKind;
using test::Event;
using test::Submit;

}  // namespace

TEST_CASE("events that are not taken are dropped and counted") {
  Owner owner(GroupG());
  REQUIRE(owner.runner.Start() == 0);
  owner.runner.GatherEvents(10, false);
  owner.Ask(Bytes(Memos(1000)));
  EventBatch batch = owner.runner.TakeEvents();
  CHECK(batch.columns.size() == 10);
  CHECK(batch.columns.timestamps.back() == 10);
  CHECK(batch.dropped == 990);
  owner.Ask(Bytes(Memos(5)));
  batch = owner.runner.TakeEvents();
  CHECK(batch.columns.size() == 5);
  CHECK(batch.dropped == 0);
  CHECK(owner.AskStatus().totals.events == 1005);
}

TEST_CASE("with hold, no event is dropped at any capacity") {
  Owner owner(GroupG());
  REQUIRE(owner.runner.Start() == 0);
  owner.runner.GatherEvents(7, true);
  const std::uint64_t ingest = owner.Post(Bytes(Memos(3000)));
  std::vector<double> times;
  bool answered = false;
  while (!answered || times.size() < 3000) {
    const Outbox outbox = owner.Take();
    for (const Answer& answer : outbox.answers) answered = answered || answer.number == ingest;
    const EventBatch batch = owner.runner.TakeEvents();
    CHECK(batch.dropped == 0);
    CHECK(batch.columns.size() <= 7);
    times.insert(times.end(), batch.columns.timestamps.begin(), batch.columns.timestamps.end());
  }
  REQUIRE(times.size() == 3000);
  for (std::size_t i = 0; i < times.size(); ++i) REQUIRE(times[i] == static_cast<double>(i + 1));
}

TEST_CASE("firings do not wait for events that are not taken") {
  Plan plan = GroupG();
  Rule rule;
  rule.trigger = TriggerType::kJob;
  rule.change = ChangeOf(EventKind::kClean);
  plan.rules = {rule};
  Owner owner(plan);
  REQUIRE(owner.runner.Start() == 0);
  owner.runner.GatherEvents(4, true);
  owner.Ask(Bytes(Submit(1, 1, "g") + Memos(3)));
  // The queue is full: the engine holds with the firing done.
  owner.Post(Bytes(Event(1, 2, "clean")));
  owner.Take();
  CHECK(owner.firings.size() == 1);
  CHECK(owner.runner.TakeEvents().columns.size() == 4);
  CHECK(Eventually([&] { return owner.runner.TakeEvents().columns.size() == 1; }));
}

TEST_CASE("names of new kinds come once, with their events") {
  Owner owner(GroupG());
  REQUIRE(owner.runner.Start() == 0);
  owner.runner.GatherEvents(100, false);
  owner.Ask(Bytes(Event(1, 1, "mine") + Event(1, 2, "yours") + Event(1, 3, "mine")));
  EventBatch batch = owner.runner.TakeEvents();
  CHECK(batch.named_kinds == std::vector<std::string>{"mine", "yours"});
  CHECK(batch.columns.kinds ==
        std::vector<std::uint16_t>{kFirstNamedKind, kFirstNamedKind + 1, kFirstNamedKind});
  owner.Ask(Bytes(Event(1, 4, "yours")));
  batch = owner.runner.TakeEvents();
  CHECK(batch.named_kinds.empty());
  CHECK(batch.columns.kinds == std::vector<std::uint16_t>{kFirstNamedKind + 1});
}

TEST_CASE("an end to gathering frees an engine that holds") {
  Owner owner(GroupG());
  REQUIRE(owner.runner.Start() == 0);
  owner.runner.GatherEvents(1, true);
  owner.Post(Bytes(Memos(100)));
  owner.Take();
  owner.runner.GatherEvents(0, false);
  CHECK(owner.AskStatus().totals.events == 100);
  CHECK(owner.runner.TakeEvents().columns.size() == 0);
  owner.Ask(Bytes(Memos(1)));
  CHECK(owner.runner.TakeEvents().columns.size() == 0);
}

TEST_CASE("an engine that holds continues when it may drop events") {
  Owner owner(GroupG());
  REQUIRE(owner.runner.Start() == 0);
  owner.runner.GatherEvents(1, true);
  owner.Post(Bytes(Memos(100)));
  owner.Take();
  // The engine waits by then.
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  owner.runner.GatherEvents(1, false);
  CHECK(owner.AskStatus().totals.events == 100);
  const EventBatch batch = owner.runner.TakeEvents();
  CHECK(batch.columns.size() == 1);
  CHECK(batch.dropped == 99);
}

TEST_CASE("a runner stops while the engine is busy, and while it holds") {
  const std::string bytes = Memos(50'000);
  for (int round = 0; round < 20; ++round) {
    Owner owner(GroupG());
    REQUIRE(owner.runner.Start() == 0);
    if (round % 2 == 1) owner.runner.GatherEvents(3, true);
    for (int i = 0; i < 5; ++i) owner.Post(Bytes(bytes));
    if (round % 4 >= 2) std::this_thread::sleep_for(std::chrono::microseconds(300 * round));
    owner.runner.Stop();
    owner.runner.Stop();
    // Later calls have no effect.
    owner.Post(StatusCommand{});
    owner.runner.Take();
    owner.runner.TakeEvents();
  }
}

TEST_CASE("taking and gathering race with a busy engine") {
  Plan plan = GroupG();
  Rule rule;
  rule.trigger = TriggerType::kJob;
  rule.change = ChangeOf(EventKind::kMemo);
  rule.repetitions = 1'000'000;
  plan.rules = {rule};
  Owner owner(plan);
  REQUIRE(owner.runner.Start() == 0);
  const std::string bytes = Submit(1, 1, "g") + Memos(2000);
  for (int i = 0; i < 20; ++i) {
    owner.runner.GatherEvents(static_cast<std::size_t>(i % 3) * 500, i % 2 == 0);
    owner.Post(Bytes(bytes));
    for (int poll = 0; poll < 5; ++poll) {
      owner.Poll();
      CHECK(owner.runner.TakeEvents().columns.size() <= 1000);
    }
  }
  owner.runner.GatherEvents(0, false);
  CHECK(Eventually([&] {
    owner.Poll();
    return owner.firings.size() == 40'000;
  }));
  for (std::size_t i = 0; i < owner.firings.size(); ++i) REQUIRE(owner.firings[i].number == i);
}

TEST_CASE("names of new groups come once, and no later than their events") {
  Plan plan = GroupG();
  plan.track_all = true;
  Owner owner(plan);
  REQUIRE(owner.runner.Start() == 0);
  using Names = std::vector<std::string>;
  owner.Post(Bytes(Submit(1, 1, "g") + Submit(2, 1, "x") + Submit(3, 1, "y") + Submit(4, 1, "x")));
  const Outbox outbox = owner.Take();
  CHECK(outbox.answers.size() == 1);
  CHECK(outbox.new_groups == Names{"x", "y"});
  CHECK(owner.runner.TakeEvents().new_groups.empty());

  owner.runner.GatherEvents(100, false);
  owner.Post(Bytes(Submit(5, 1, "z") + Submit(6, 1, "x")));
  CHECK(Eventually([&] { return owner.awake(); }));
  const EventBatch batch = owner.runner.TakeEvents();
  CHECK(batch.new_groups == Names{"z"});
  CHECK(batch.columns.groups == std::vector<std::int32_t>{3, 1});
  CHECK(owner.Take().new_groups.empty());
}

}  // namespace flux_ensemble::runner
