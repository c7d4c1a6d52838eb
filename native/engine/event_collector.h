// Collects raw events as columns, while a consumer wants them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/name_index.h"
#include "engine/output.h"
#include "journal/record.h"

namespace flux_ensemble::engine {

class EventCollector {
 public:
  void Enable(bool on) { enabled_ = on; }
  bool enabled() const { return enabled_; }

  // Adds an event of a job; `group` is kNoGroup for a job that the ensemble does not track.
  void Add(const journal::Event& event, journal::JobId job, std::uint32_t group);

  bool empty() const { return columns_.size() == 0; }
  // The taker empties them.
  EventColumns& columns() { return columns_; }
  // Names of kinds without an EventKind of their own, in the order of their numbers.
  std::vector<std::string>& new_kinds() { return new_kinds_; }

 private:
  std::uint16_t NumberOf(const journal::Event& event);

  bool enabled_ = false;
  EventColumns columns_;
  NameIndex named_kinds_;
  std::vector<std::string> new_kinds_;
};

}  // namespace flux_ensemble::engine
