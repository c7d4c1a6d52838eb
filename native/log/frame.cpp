#include "log/frame.h"

#include <algorithm>

#include "log/crc32c.h"
#include "log/little_endian.h"

namespace flux_ensemble::log {

namespace {

constexpr std::size_t kHeaderCrcAt = kHeaderSize - 4;

}  // namespace

std::array<char, kHeaderSize> EncodeHeader(const SegmentHeader& header) {
  std::array<char, kHeaderSize> bytes{};
  std::copy(kMagic.begin(), kMagic.end(), bytes.begin());
  StoreLittle(header.version, bytes.data() + 8);
  StoreLittle(header.epoch, bytes.data() + 12);
  StoreLittle(header.number, bytes.data() + 16);
  StoreLittle(header.previous_size, bytes.data() + 24);
  StoreLittle(Crc32c({bytes.data(), kHeaderCrcAt}), bytes.data() + kHeaderCrcAt);
  return bytes;
}

std::optional<SegmentHeader> DecodeHeader(std::string_view bytes) {
  if (bytes.size() < kHeaderSize || !bytes.starts_with(kMagic)) return std::nullopt;
  const char* from = bytes.data();
  if (LoadLittle<std::uint32_t>(from + kHeaderCrcAt) != Crc32c(bytes.substr(0, kHeaderCrcAt))) {
    return std::nullopt;
  }
  return SegmentHeader{.version = LoadLittle<std::uint32_t>(from + 8),
                       .epoch = LoadLittle<std::uint32_t>(from + 12),
                       .number = LoadLittle<std::uint64_t>(from + 16),
                       .previous_size = LoadLittle<std::uint64_t>(from + 24)};
}

void EncodeFrame(std::uint8_t type, std::string_view payload, char* to) {
  std::copy(kMarker.begin(), kMarker.end(), to);
  StoreLittle(static_cast<std::uint32_t>(payload.size()), to + kCheckedFrom);
  to[12] = static_cast<char>(type);
  std::copy(payload.begin(), payload.end(), to + kFrameHeaderSize);
  const std::size_t checked = kFrameHeaderSize - kCheckedFrom + payload.size();
  StoreLittle(Crc32c({to + kCheckedFrom, checked}), to + 4);
}

FrameHeader::FrameHeader(const char* bytes)
    : marked(std::string_view(bytes, kMarker.size()) == kMarker),
      crc(LoadLittle<std::uint32_t>(bytes + 4)),
      payload_size(LoadLittle<std::uint32_t>(bytes + kCheckedFrom)),
      type(static_cast<std::uint8_t>(bytes[12])) {}

}  // namespace flux_ensemble::log
