// Raw events on their way from the engine to their consumer, in a bounded queue. Without room, the
// queue drops and counts events, or leaves them with the engine, which then waits.
//
// Threads: the queue has no lock; the runner's mutex guards it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/output.h"

namespace flux_ensemble::runner {

// Raw events are taken apart from the outbox: only when their consumer wants them.
struct EventBatch {
  engine::EventColumns columns;
  std::vector<std::string> new_groups;   // as in an outbox
  std::vector<std::string> named_kinds;  // new ones, in the order of their numbers
  std::uint64_t dropped = 0;             // since the last batch
};

class EventQueue {
 public:
  // At most `capacity` events wait. When the queue is full, `hold` leaves events with the engine
  // instead of dropping them. A capacity of 0 discards all events.
  void SetCapacity(std::size_t capacity, bool hold);
  // From now on, a full queue drops events.
  void StopHolding() { hold_ = false; }

  bool wanted() const { return capacity_ > 0; }
  bool empty() const { return batch_.columns.size() == 0; }
  // Whether Add() would make progress.
  bool accepts() const { return !hold_ || capacity_ == 0 || batch_.columns.size() < capacity_; }

  // Moves events and the names of new kinds in, and empties `events` unless the engine has to wait.
  void Add(engine::EventColumns& events, std::vector<std::string>& named_kinds);

  EventBatch Take();

 private:
  std::size_t capacity_ = 0;
  bool hold_ = false;
  EventBatch batch_;
};

}  // namespace flux_ensemble::runner
