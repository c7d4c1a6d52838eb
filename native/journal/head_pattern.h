// The usual beginning of a record: an id with as many digits as the last id, and a timestamp of
// this era. The number of digits gives all offsets, so one comparison replaces parsing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "journal/bytes.h"
#include "journal/record.h"

namespace flux_ensemble::journal {

// A record's bytes up to and with the point of its first event's timestamp, whose seconds have ten
// digits.
class HeadPattern {
 public:
  // The longest head.
  static constexpr std::size_t kMaxBytes = 64;

  // Whether the text at `at` begins with such a head. kMaxBytes must be readable.
  bool Fits(const char* at) const {
    return size_ != 0 && at[kIdAt] != '0' && at[seconds_at()] != '0' &&
           FitsPattern(at, pattern_.data(), kFirstBytes) &&
           FitsPattern(at + size_ - 16, pattern_.data() + size_ - 16, 16);
  }

  // For a matching text: the size of the head, the offset of the seconds, and the id.
  std::size_t size() const { return size_; }
  std::size_t seconds_at() const { return size_ - kSeconds - 1; }
  JobId IdOf(const char* at) const {
    return SixteenDigits(at + last_digits_at_, keep_.data()) + FirstDigits(at + kIdAt);
  }

  // Sets the number of digits of ids. Numbers of digits that Flux gives only in its first moments
  // are not supported.
  void SetIdDigits(std::size_t id_digits) {
    if (id_digits == id_digits_) return;
    id_digits_ = id_digits;
    size_ = 0;
    if (id_digits < kMinDigits || id_digits > kMaxDigits) return;
    Append(kBeforeId);
    Append(kZeros.substr(0, id_digits));
    Append(kAfterId);
    Append(kZeros.substr(0, kSeconds));
    Append(".");
    last_digits_at_ = kIdAt + id_digits - keep_.size();
    for (std::size_t i = 0; i < keep_.size(); ++i) {
      keep_[i] = last_digits_at_ + i < kIdAt ? 0 : 15;
    }
  }

 private:
  static constexpr std::string_view kBeforeId = "{\"id\":";
  static constexpr std::string_view kAfterId = ",\"events\":[{\"timestamp\":";
  static constexpr std::size_t kIdAt = kBeforeId.size();
  static constexpr std::size_t kSeconds = 10;
  // The last sixteen digits are read at once, from within the record.
  static constexpr std::size_t kMinDigits = 16 - kIdAt;
  static constexpr std::size_t kMaxDigits = 18;
  static constexpr std::size_t kOtherBytes = kIdAt + kAfterId.size() + kSeconds + 1;
  static_assert(kOtherBytes + kMaxDigits <= kMaxBytes);
  // Multiples of 16, except for the last bytes, which are compared from the end.
  static constexpr std::size_t kFirstBytes = (kOtherBytes + kMinDigits) / 16 * 16;
  static_assert(kFirstBytes + 16 >= kOtherBytes + kMaxDigits);

  static constexpr std::string_view kZeros = "000000000000000000";
  static_assert(kZeros.size() >= kMaxDigits);

  void Append(std::string_view text) { size_ += text.copy(pattern_.data() + size_, text.size()); }

  // The number spelled by the digits before the last sixteen.
  JobId FirstDigits(const char* id) const {
    JobId first = 0;
    for (std::size_t i = 16; i < id_digits_; ++i) {
      first = first * 10 + static_cast<unsigned>(id[i - 16] - '0');
    }
    return first * 10'000'000'000'000'000u;
  }

  std::array<char, kMaxBytes> pattern_{};  // as for FitsPattern
  std::size_t size_ = 0;
  std::array<char, 16> keep_{};  // of the last digits' bytes
  std::size_t last_digits_at_ = 0;
  std::size_t id_digits_ = 0;
};

}  // namespace flux_ensemble::journal
