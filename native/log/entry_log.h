// The entries of a log in a folder.
#pragma once

#include <cstdint>
#include <string>

#include "log/entries.h"
#include "log/reader.h"

namespace flux_ensemble::log {

struct EntryReport {
  ReadReport frames;
  // Whole frames with entries that can't be read: a frame that they need is lost, or a later
  // version wrote them.
  std::uint64_t unreadable_frames = 0;
};

// Words for what of a log is lost, empty for nothing.
std::string DescribeDamage(const EntryReport& report);

// Calls for all entries that are in the folder by now.
EntryReport ReadEntries(const std::string& folder, EntryVisitor& visitor);

}  // namespace flux_ensemble::log
