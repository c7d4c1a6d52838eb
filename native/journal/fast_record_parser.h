// The fast path of the decoder. Nearly all records have the shape that Flux gives them, and are
// decoded without looking at most of their bytes. Any other record is left to the general parser.
// Both paths give the same records.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "journal/head_pattern.h"
#include "journal/jobspec_cache.h"
#include "journal/opening_cache.h"
#include "journal/record.h"
#include "journal/resource_cache.h"
#include "journal/tail_cache.h"

namespace flux_ensemble::journal {

class FastRecordParser {
 public:
  // Decodes the record at the beginning of `text` and adds it to the batch. Returns its size with
  // the closing brace, or 0 when the shape differs or `text` ends before it. kPadding bytes after
  // `text` must be readable. Must not be called when full().
  std::size_t Decode(std::string_view text);

  // The records of the batch, as views into the texts that they were decoded from.
  bool full() const { return record_count_ == kMaxRecords; }
  std::span<const Record> records();
  void Clear() { record_count_ = event_count_ = 0; }

  // Removes the last record of the batch.
  void DropLast() { event_count_ = first_event_[--record_count_]; }

 private:
  class Scanner;

  // The first eight of the ten digits of a timestamp. They change every 100 seconds.
  struct Epoch {
    std::uint64_t digits = 0;
    std::uint64_t value = 0;  // seconds
  };

  // The caller fills in every field except those of exceptions. Valid until the next call.
  Event& NewEvent() {
    if (event_count_ == events_.size()) events_.resize(2 * event_count_);
    return events_[event_count_++];
  }

  // The size of a batch. Records are delivered together, so that memory can be prefetched for them.
  static constexpr std::size_t kMaxRecords = 32;

  // Reused, because construction takes longer than filling in.
  std::array<Record, kMaxRecords> records_;
  std::array<std::size_t, kMaxRecords> first_event_{};  // of each record
  std::vector<Event> events_{kMaxRecords};              // of all records, one after the other
  std::size_t record_count_ = 0;
  std::size_t event_count_ = 0;
  HeadPattern head_;
  TailCache tails_;
  OpeningCache openings_;
  JobspecCache jobspecs_;
  ResourceCache resources_;
  Epoch epoch_;
};

}  // namespace flux_ensemble::journal
