// The bounded queue of raw events.
#include "runner/event_queue.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace flux_ensemble::runner {

namespace {

using Times = std::vector<double>;

// Events that happen one second after another, from `first` on.
engine::EventColumns Events(double first, int count) {
  engine::EventColumns events;
  for (int i = 0; i < count; ++i) {
    events.ids.push_back(1);
    events.timestamps.push_back(first + i);
    events.kinds.push_back(0);
    events.groups.push_back(0);
  }
  return events;
}

std::vector<std::string> no_kinds;

}  // namespace

TEST_CASE("a full queue drops events and counts them") {
  EventQueue queue;
  queue.SetCapacity(2, false);
  engine::EventColumns events = Events(1, 5);
  queue.Add(events, no_kinds);
  CHECK(events.size() == 0);
  CHECK(queue.accepts());
  const EventBatch batch = queue.Take();
  CHECK(batch.columns.timestamps == Times{1, 2});
  CHECK(batch.dropped == 3);
  CHECK(queue.empty());
  CHECK(queue.Take().dropped == 0);
}

TEST_CASE("a full queue that holds leaves events with the engine until it has room") {
  EventQueue queue;
  queue.SetCapacity(2, true);
  engine::EventColumns events = Events(1, 3);
  queue.Add(events, no_kinds);
  CHECK(events.timestamps == Times{3});
  CHECK_FALSE(queue.accepts());
  CHECK(queue.Take().columns.timestamps == Times{1, 2});
  CHECK(queue.accepts());
  queue.Add(events, no_kinds);
  const EventBatch batch = queue.Take();
  CHECK(batch.columns.timestamps == Times{3});
  CHECK(batch.dropped == 0);
}

TEST_CASE("a queue that stops holding drops the events that have no room") {
  EventQueue queue;
  queue.SetCapacity(1, true);
  engine::EventColumns events = Events(1, 3);
  queue.Add(events, no_kinds);
  queue.StopHolding();
  CHECK(queue.accepts());
  queue.Add(events, no_kinds);
  CHECK(events.size() == 0);
  CHECK(queue.Take().dropped == 2);
}

TEST_CASE("a queue without capacity discards events and counts none of them") {
  EventQueue queue;
  queue.SetCapacity(1, false);
  engine::EventColumns events = Events(1, 3);
  queue.Add(events, no_kinds);
  queue.SetCapacity(0, true);
  CHECK_FALSE(queue.wanted());
  CHECK(queue.empty());
  events = Events(1, 3);
  queue.Add(events, no_kinds);
  CHECK(events.size() == 0);
  CHECK(queue.Take().dropped == 0);
}

TEST_CASE("the names of new kinds go with the next batch, once") {
  EventQueue queue;
  queue.SetCapacity(1, false);
  std::vector<std::string> kinds = {"mine", "yours"};
  engine::EventColumns events = Events(1, 1);
  queue.Add(events, kinds);
  CHECK(kinds.empty());
  CHECK(queue.Take().named_kinds == std::vector<std::string>{"mine", "yours"});
  CHECK(queue.Take().named_kinds.empty());
}

}  // namespace flux_ensemble::runner
