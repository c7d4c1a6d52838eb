#include "engine/event_collector.h"

namespace flux_ensemble::engine {

void EventCollector::Add(const journal::Event& event, journal::JobId job, std::uint32_t group) {
  columns_.ids.push_back(job);
  columns_.timestamps.push_back(event.timestamp);
  columns_.kinds.push_back(NumberOf(event));
  columns_.groups.push_back(group == kNoGroup ? -1 : static_cast<std::int32_t>(group));
}

std::uint16_t EventCollector::NumberOf(const journal::Event& event) {
  using journal::EventKind;
  const auto listed = static_cast<std::uint16_t>(event.kind);
  if (event.kind != EventKind::kOther && event.kind != EventKind::kDebug) return listed;
  const auto found = named_kinds_.find(event.name);
  if (found != named_kinds_.end()) return static_cast<std::uint16_t>(found->second);
  if (named_kinds_.size() >= kMaxNamedKinds) return listed;
  const auto number = static_cast<std::uint16_t>(kFirstNamedKind + named_kinds_.size());
  named_kinds_.emplace(event.name, number);
  new_kinds_.emplace_back(event.name);
  return number;
}

}  // namespace flux_ensemble::engine
