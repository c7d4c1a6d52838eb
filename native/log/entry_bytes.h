// Numbers and texts of the run log as bytes: LEB128 for whole numbers, IEEE 754 little-endian for
// doubles.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace flux_ensemble::log {

constexpr std::uint64_t ZigZag(std::int64_t number) {
  return (static_cast<std::uint64_t>(number) << 1) ^ static_cast<std::uint64_t>(number >> 63);
}
constexpr std::int64_t UnZigZag(std::uint64_t number) {
  return static_cast<std::int64_t>(number >> 1) ^ -static_cast<std::int64_t>(number & 1);
}

inline void PutByte(std::string& out, std::uint8_t byte) {
  out.push_back(static_cast<char>(byte));
}
inline void PutNumber(std::string& out, std::uint64_t number) {
  char bytes[10];
  std::size_t count = 0;
  for (; number >= 0x80; number >>= 7) bytes[count++] = static_cast<char>(number | 0x80);
  bytes[count++] = static_cast<char>(number);
  out.append(bytes, count);
}
inline void PutDouble(std::string& out, double number) {
  static_assert(std::endian::native == std::endian::little);
  char bytes[sizeof number];
  std::memcpy(bytes, &number, sizeof number);
  out.append(bytes, sizeof number);
}
inline void PutBytes(std::string& out, std::string_view bytes) {
  PutNumber(out, bytes.size());
  out.append(bytes);
}

// Reads what the functions above wrote. Reading beyond the end, and a number of more than 64 bits,
// make it invalid. An invalid cursor returns zeros and empty texts.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}

  bool valid() const { return valid_; }
  bool at_end() const { return bytes_.empty(); }
  std::size_t left() const { return bytes_.size(); }
  void Invalidate() {
    valid_ = false;
    bytes_ = {};
  }

  std::uint8_t Byte() {
    if (bytes_.empty()) {
      Invalidate();
      return 0;
    }
    const auto byte = static_cast<std::uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return byte;
  }
  std::uint64_t Number() {
    std::uint64_t number = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t byte = Byte();
      if (shift == 63 && byte > 1) break;
      number |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return number;
    }
    Invalidate();
    return 0;
  }
  double Double() {
    double number = 0;
    const std::string_view bytes = Take(sizeof number);
    if (!bytes.empty()) std::memcpy(&number, bytes.data(), sizeof number);
    return number;
  }
  std::string_view Bytes() { return Take(Number()); }

 private:
  std::string_view Take(std::uint64_t count) {
    if (count > bytes_.size()) {
      Invalidate();
      return {};
    }
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }

  std::string_view bytes_;
  bool valid_ = true;
};

}  // namespace flux_ensemble::log
