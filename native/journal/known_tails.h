// What nearly every record ends with: behind id and time, a `start` or a `clean` is like the last
// one, byte for byte. So the last ones are kept with what they said, and comparing 64 bytes takes
// the place of parsing them.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "journal/bytes.h"
#include "journal/known_event.h"

namespace flux_ensemble::journal {

// The end of a record with one event and nothing else, from behind the event's timestamp up to and
// with the record's closing brace.
struct KnownTail {
  std::array<char, kMaskBytes> bytes{};
  std::uint64_t ones = 0;  // a bit for each byte of the tail; none while there is no tail
  KnownEvent event;
  std::uint8_t size = 0;
};

class KnownTails {
 public:
  // The tail that the text at `at` begins with, or null. kMaskBytes must be readable there.
  const KnownTail* Find(const char* at) const {
    for (const KnownTail& tail : SetOf(at)) {
      if ((EqualBytes(at, tail.bytes.data()) & tail.ones) == tail.ones && tail.ones != 0) {
        return &tail;
      }
    }
    return nullptr;
  }

  // Keeps the tail in place of the one of its set that was kept first. False for one that is too
  // long.
  bool Keep(std::string_view tail, const Event& event) {
    if (tail.size() > kMaskBytes) return false;
    const std::size_t set = SetIndex(tail.data());
    KnownTail& kept = tails_[set][next_[set]++ % kWays];
    tail.copy(kept.bytes.data(), tail.size());
    kept.ones = ~std::uint64_t{0} >> (kMaskBytes - tail.size());
    kept.event = KnownEvent(tail.data(), event);
    kept.size = static_cast<std::uint8_t>(tail.size());
    return true;
  }

 private:
  // Finishes with several statuses, priorities and the like share a set.
  static constexpr std::size_t kWays = 4;
  static constexpr std::size_t kSets = 32;
  using Set = std::array<KnownTail, kWays>;

  // By the first letters of the event's name.
  static std::size_t SetIndex(const char* at) {
    constexpr unsigned shift = 64 - std::bit_width(kSets - 1);
    return static_cast<std::size_t>((EightBytes(at + KnownEvent::kNameAt) * 0x9e3779b97f4a7c15u) >>
                                    shift);
  }
  const Set& SetOf(const char* at) const { return tails_[SetIndex(at)]; }

  std::array<Set, kSets> tails_{};
  std::array<std::uint8_t, kSets> next_{};
};

}  // namespace flux_ensemble::journal
