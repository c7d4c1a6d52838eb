// Records of the shape that Flux gives them, which are nearly all, walked without a look at most of
// their bytes. A record that departs from the shape in the least is left to the general parser; for
// those that do not, both say the same.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "journal/known_head.h"
#include "journal/known_jobspecs.h"
#include "journal/known_openings.h"
#include "journal/known_resources.h"
#include "journal/known_tails.h"
#include "journal/record.h"

namespace flux_ensemble::journal {

class KnownShape {
 public:
  // Decodes the record that `text` begins with and gathers it. Returns the bytes that it took, up
  // to and with its closing brace, or 0 when it is not of the shape or `text` ends before it.
  // kPadding bytes behind `text` must be readable. Not to be called when full().
  std::size_t Decode(std::string_view text);

  // The records that have gathered, in views into the texts that they were decoded from.
  bool full() const { return record_count_ == kMostRecords; }
  std::span<const Record> records();
  void Clear() { record_count_ = event_count_ = 0; }

  // Takes back the record that was gathered last.
  void DropLast() { event_count_ = first_event_[--record_count_]; }

 private:
  class Walk;

  // The first eight of the ten digits that timestamps begin with: they change every 100 seconds.
  struct Epoch {
    std::uint64_t digits = 0;
    std::uint64_t value = 0;  // seconds
  };

  // Everything but what only exceptions have is filled in by whoever asked for it. Holds until the
  // next call.
  Event& NewEvent() {
    if (event_count_ == events_.size()) events_.resize(2 * event_count_);
    return events_[event_count_++];
  }

  // Records that are gathered before anybody is told of the first: what they will need from memory
  // can be asked for meanwhile.
  static constexpr std::size_t kMostRecords = 32;

  // Used again and again, because making them anew takes longer than filling them in.
  std::array<Record, kMostRecords> records_;
  std::array<std::size_t, kMostRecords> first_event_{};  // of each record
  std::vector<Event> events_{kMostRecords};              // of all records, one behind the other
  std::size_t record_count_ = 0;
  std::size_t event_count_ = 0;
  KnownHead head_;
  KnownTails tails_;
  KnownOpenings openings_;
  KnownJobspecs jobspecs_;
  KnownResources resources_;
  Epoch epoch_;
};

}  // namespace flux_ensemble::journal
