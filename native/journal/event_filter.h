// Leaves out events of a journal record, as the job manager does for a stream with names of events.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "journal/json_walk.h"

namespace flux_ensemble::journal {

// Whether a record of a stream with more events belongs to a stream with these. Where only some of
// its events do, `kept` gets a record with them, and otherwise stays empty. No names stand for all
// events. A record that is not valid JSON belongs to each stream.
inline bool KeepEvents(std::string_view record, const std::vector<std::string>& names,
                       std::string& kept) {
  kept.clear();
  const std::string_view events = FindValue(record, "events");
  if (names.empty() || events.empty()) return true;
  std::string chosen = "[";
  std::size_t left_out = 0;
  WalkArray(events, [&](std::string_view event) {
    std::string_view name = FindValue(event, "name");
    if (name.size() >= 2) name = name.substr(1, name.size() - 2);
    if (std::ranges::find(names, name) == names.end()) {
      ++left_out;
      return true;
    }
    if (chosen.size() > 1) chosen.push_back(',');
    chosen.append(event);
    return true;
  });
  if (left_out == 0) return true;
  if (chosen.size() == 1) return false;
  const auto at = static_cast<std::size_t>(events.data() - record.data());
  kept.assign(record.substr(0, at)).append(chosen).append("]");
  kept.append(record.substr(at + events.size()));
  return true;
}

}  // namespace flux_ensemble::journal
