#include "runner/event_queue.h"

#include <algorithm>
#include <utility>

#include "runner/move_items.h"

namespace flux_ensemble::runner {

namespace {

template <typename T>
void MoveFirst(std::vector<T>& from, std::vector<T>& to, std::size_t count) {
  const auto end = from.begin() + static_cast<std::ptrdiff_t>(count);
  to.insert(to.end(), from.begin(), end);
  from.erase(from.begin(), end);
}

}  // namespace

void EventQueue::SetCapacity(std::size_t capacity, bool hold) {
  capacity_ = capacity;
  hold_ = hold;
  if (capacity > 0) return;
  batch_.columns.Clear();
  batch_.dropped = 0;
}

void EventQueue::Add(engine::EventColumns& events, std::vector<std::string>& named_kinds) {
  MoveItems(named_kinds, batch_.named_kinds);
  engine::EventColumns& to = batch_.columns;
  const std::size_t room = capacity_ > to.size() ? capacity_ - to.size() : 0;
  const std::size_t count = std::min(room, events.size());
  MoveFirst(events.ids, to.ids, count);
  MoveFirst(events.timestamps, to.timestamps, count);
  MoveFirst(events.kinds, to.kinds, count);
  MoveFirst(events.groups, to.groups, count);
  if (hold_ && capacity_ > 0) return;
  if (capacity_ > 0) batch_.dropped += events.size();
  events.Clear();
}

EventBatch EventQueue::Take() {
  return std::exchange(batch_, {});
}

}  // namespace flux_ensemble::runner
