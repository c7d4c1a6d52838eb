// Finds the frames of a segment, also after damaged bytes. The time is linear in the size of the
// segment, whatever its bytes are:
//  - A frame that has a right checksum is hashed once, and its bytes are not looked at again.
//  - The bytes of a wrong one may belong to many others, so they are hashed a second time, into
//    checksums of all that precedes each 64th byte. Any frame that begins there is then checked
//    with two of these checksums, in a time that does not depend on its size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "log/frame.h"
#include "log/window.h"

namespace flux_ensemble::log {

enum class Verdict {
  kFrame,
  kEnd,       // the end of the segment
  kNoMarker,  // something else than a frame
  kTooLong,   // more than kMaxPayload bytes
  kChecksum,  // the checksum is wrong
  kCut,       // the file ends inside of what may be a frame
};

class FrameFinder {
 public:
  // The window must stay.
  explicit FrameFinder(Window& window) : window_(window) {}

  struct Found {
    Verdict verdict = Verdict::kNoMarker;
    std::uint8_t type = 0;
    std::string_view payload = {};  // valid until the next call
  };

  // Looks for a frame at this place. Offsets don't go back.
  Found At(std::uint64_t offset);

  // The place of the first whole frame from `offset` on; empty without one.
  std::optional<std::uint64_t> Next(std::uint64_t offset);

 private:
  static constexpr std::size_t kStep = 64;
  static_assert(kStep <= Window::kKept);

  bool HasChecksum(std::uint64_t begin, std::uint32_t size, std::uint32_t crc);
  std::uint64_t HashedEnd() const { return hashed_from_ + kStep * (checksums_.size() - 1); }
  void HashTo(std::uint64_t end);
  std::uint32_t ChecksumBefore(std::uint64_t offset);

  Window& window_;
  // Element [i] is the checksum of the i * kStep bytes from hashed_from_ on. The vector is empty
  // while all frames are right.
  std::vector<std::uint32_t> checksums_;
  std::uint64_t hashed_from_ = 0;
};

}  // namespace flux_ensemble::log
