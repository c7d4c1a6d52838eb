// Records of the shape that Flux gives them, which are nearly all, walked without a look at most of
// their bytes. A record that departs from the shape in the least is left to the general parser; for
// those that do not, both say the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "journal/known_jobspecs.h"
#include "journal/known_tails.h"
#include "journal/record.h"

namespace flux_ensemble::journal {

class KnownShape {
 public:
  // Decodes the record that `text` begins with. Returns the bytes that it took, up to and with its
  // closing brace, or 0 when it is not of the shape or `text` ends before it. kPadding bytes behind
  // `text` must be readable.
  std::size_t Decode(std::string_view text);

  // What the last call of Decode that returned more than 0 found; holds until the next one.
  const Record& record() const { return record_; }

 private:
  class Walk;

  // The first eight of the ten digits that timestamps begin with: they change every 100 seconds.
  struct Epoch {
    std::uint64_t digits = 0;
    std::uint64_t value = 0;  // seconds
  };

  Record record_;
  std::vector<Event> events_;
  KnownTails tails_;
  KnownJobspecs jobspecs_;
  std::uint32_t id_size_ = 0;  // of the last record's id, in digits
  Epoch epoch_;
};

}  // namespace flux_ensemble::journal
