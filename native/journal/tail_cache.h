// A cache of tails. After id and time, a `start` or a `clean` equals the last one, byte for byte.
// Comparing 64 bytes with the last tails replaces parsing.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "journal/bytes.h"
#include "journal/cached_event.h"

namespace flux_ensemble::journal {

// The end of a record with one event and nothing else: the text after the event's timestamp, with
// the record's closing brace.
struct CachedTail {
  std::array<char, kMaskBytes> bytes{};
  std::uint64_t ones = 0;  // a bit for each byte of the tail; 0 without a tail
  CachedEvent event;
  std::uint8_t size = 0;
};

class TailCache {
 public:
  // The tail at `at`, or null. kMaskBytes must be readable.
  const CachedTail* Find(const char* at) const {
    for (const CachedTail& tail : SetOf(at)) {
      if ((EqualBytes(at, tail.bytes.data()) & tail.ones) == tail.ones && tail.ones != 0) {
        return &tail;
      }
    }
    return nullptr;
  }

  // Inserts a tail in place of the oldest of its set. Returns false for a tail that is too long.
  bool Insert(std::string_view tail, const Event& event) {
    if (tail.size() > kMaskBytes) return false;
    const std::size_t set = SetIndex(tail.data());
    CachedTail& entry = tails_[set][next_[set]++ % kWays];
    tail.copy(entry.bytes.data(), tail.size());
    entry.ones = ~std::uint64_t{0} >> (kMaskBytes - tail.size());
    entry.event = CachedEvent(tail.data(), event);
    entry.size = static_cast<std::uint8_t>(tail.size());
    return true;
  }

 private:
  // Finish events with different statuses, priorities and so on share a set.
  static constexpr std::size_t kWays = 4;
  static constexpr std::size_t kSets = 32;
  using Set = std::array<CachedTail, kWays>;

  // Sets are indexed by the first letters of the event's name.
  static std::size_t SetIndex(const char* at) {
    constexpr unsigned shift = 64 - std::bit_width(kSets - 1);
    return static_cast<std::size_t>((EightBytes(at + CachedEvent::kNameAt) * 0x9e3779b97f4a7c15u) >>
                                    shift);
  }
  const Set& SetOf(const char* at) const { return tails_[SetIndex(at)]; }

  std::array<Set, kSets> tails_{};
  std::array<std::uint8_t, kSets> next_{};
};

}  // namespace flux_ensemble::journal
