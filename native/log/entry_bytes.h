// Numbers and texts of the run log as bytes: LEB128 for whole numbers, IEEE 754 little-endian for
// doubles.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace flux_ensemble::log {

constexpr std::uint64_t ZigZag(std::int64_t number) {
  return (static_cast<std::uint64_t>(number) << 1) ^ static_cast<std::uint64_t>(number >> 63);
}
constexpr std::int64_t UnZigZag(std::uint64_t number) {
  return static_cast<std::int64_t>(number >> 1) ^ -static_cast<std::int64_t>(number & 1);
}

inline constexpr std::size_t kMaxNumberBytes = 10;
// Writes a number to memory with room for kMaxNumberBytes, and returns the end of it.
inline char* WriteNumber(char* to, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7) *to++ = static_cast<char>(number | 0x80);
  *to++ = static_cast<char>(number);
  return to;
}

// Bytes that grow at their end. Short pieces are written in place, which costs half of appending
// them to a string.
class ByteBuffer {
 public:
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::string_view view() const { return {bytes_.get(), size_}; }
  void Clear() { size_ = 0; }

  // Memory for `count` bytes at the end, which End() then makes a part of the buffer.
  char* Room(std::size_t count) {
    if (capacity_ - size_ < count) [[unlikely]] {
      Grow(count);
    }
    return bytes_.get() + size_;
  }
  void End(const char* end) { size_ = static_cast<std::size_t>(end - bytes_.get()); }

  void PutByte(std::uint8_t byte) {
    char* const to = Room(1);
    *to = static_cast<char>(byte);
    End(to + 1);
  }
  void PutNumber(std::uint64_t number) { End(WriteNumber(Room(kMaxNumberBytes), number)); }
  void PutDouble(double number) {
    static_assert(std::endian::native == std::endian::little);
    char* const to = Room(sizeof number);
    std::memcpy(to, &number, sizeof number);
    End(to + sizeof number);
  }
  // The size, then the bytes.
  void PutBytes(std::string_view bytes) {
    PutNumber(bytes.size());
    char* const to = Room(bytes.size());
    std::copy(bytes.begin(), bytes.end(), to);
    End(to + bytes.size());
  }

 private:
  void Grow(std::size_t count) {
    capacity_ = std::max<std::size_t>(2 * capacity_, size_ + count + 4096);
    auto grown = std::make_unique<char[]>(capacity_);
    std::copy_n(bytes_.get(), size_, grown.get());
    bytes_ = std::move(grown);
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

// Times of events follow each other closely. So do the bits of positive doubles, as whole numbers.
inline std::uint64_t BitsOf(double number) {
  return std::bit_cast<std::uint64_t>(number);
}

// Reads what a buffer holds. Reading beyond the end, and a number of more than 64 bits,
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
