// The bytes of the run log. A log is a folder of segments, files that are named by their numbers.
// A segment is a header with frames after it. Numbers have their lowest byte first.
//
//     segment header, 36 bytes              frame, 13 bytes and the payload
//      0  8  magic                          0  4  marker
//      8  4  format version                 4  4  CRC-32C of all that follows
//     12  4  epoch                          8  4  size of the payload
//     16  8  number of the segment         12  1  type
//     24  8  size of the segment before    13     payload
//     32  4  CRC-32C of the bytes before
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace flux_ensemble::log {

inline constexpr std::uint32_t kFormatVersion = 1;

// The first byte is not ASCII, and the ends of lines are those that transfers as text change.
inline constexpr std::string_view kMagic =
    "\x89"
    "FELOG\r\n";
inline constexpr std::size_t kHeaderSize = 36;

// The first byte occurs in no UTF-8 text.
inline constexpr std::string_view kMarker = "\xf5\x6a\xc3\x9d";
inline constexpr std::size_t kFrameHeaderSize = 13;

inline constexpr std::size_t kMaxPayload = std::size_t{1} << 20;
inline constexpr std::size_t kMaxFrame = kFrameHeaderSize + kMaxPayload;

struct SegmentHeader {
  std::uint32_t version = kFormatVersion;
  // The process of the run that wrote the segment: 1 for the first one.
  std::uint32_t epoch = 0;
  // Segments are numbered from 1 on, across epochs.
  std::uint64_t number = 0;
  // Size in bytes of the segment with the number before, when this one was made; 0 for a missing
  // one.
  std::uint64_t previous_size = 0;

  bool operator==(const SegmentHeader&) const = default;
};

// The header's bytes.
std::array<char, kHeaderSize> EncodeHeader(const SegmentHeader& header);

// Empty for bytes that are not a whole and undamaged header, of any version.
std::optional<SegmentHeader> DecodeHeader(std::string_view bytes);

// Writes a frame to `to`, which has room for kFrameHeaderSize bytes and the payload. The payload
// has at most kMaxPayload bytes.
void EncodeFrame(std::uint8_t type, std::string_view payload, char* to);

// The fields of a frame that begins with these kFrameHeaderSize bytes; nothing is checked.
struct FrameHeader {
  explicit FrameHeader(const char* bytes);

  bool marked;  // whether the marker is right
  std::uint32_t crc;
  std::uint32_t payload_size;
  std::uint8_t type;
};

// The checksum of a frame is that of its bytes from here on.
inline constexpr std::size_t kCheckedFrom = 8;

}  // namespace flux_ensemble::log
