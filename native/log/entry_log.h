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
  // The first frame needs no frame before it, and the last one no frame after it.
  bool begins_whole = true;
  bool ends_whole = true;

  bool has_loss() const {
    return frames.error != 0 || frames.damaged_places > 0 || frames.missing_segments > 0 ||
           unreadable_frames > 0;
  }
};

// Words for what of a log is lost, empty for nothing.
std::string DescribeDamage(const EntryReport& report);

// Calls for all entries that are in these segments of the folder by now.
EntryReport ReadEntries(const std::string& folder, EntryVisitor& visitor, SegmentRange range = {});

}  // namespace flux_ensemble::log
