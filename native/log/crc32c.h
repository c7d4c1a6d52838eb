// CRC-32C (Castagnoli), the checksum of iSCSI (RFC 3720), with the CPU's instruction where there is
// one.
#pragma once

#include <cstdint>
#include <string_view>

namespace flux_ensemble::log {

// The checksum of `bytes`. With `before`, the checksum of everything so far with `bytes` after it.
std::uint32_t Crc32c(std::string_view bytes, std::uint32_t before = 0);

// The same without the CPU's instruction.
std::uint32_t Crc32cByTables(std::string_view bytes, std::uint32_t before = 0);

// The greatest `size` that Crc32cOfEnd() takes.
inline constexpr std::uint32_t kMaxCrcEnd = (std::uint32_t{1} << 21) - 1;

// The checksum of the last `size` bytes of a text, out of the checksums of the whole text and of
// the text without these bytes. Its time does not depend on `size`.
std::uint32_t Crc32cOfEnd(std::uint32_t whole, std::uint32_t start, std::uint32_t size);

}  // namespace flux_ensemble::log
