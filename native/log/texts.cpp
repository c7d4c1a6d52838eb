#include "log/texts.h"

#include <charconv>

namespace flux_ensemble::log {

namespace {

constexpr std::size_t kMaxDigits = 18;

constexpr bool IsDigit(char byte) {
  return byte >= '0' && byte <= '9';
}

// The length of the digits at `from`.
std::size_t DigitsAt(std::string_view text, std::size_t from) {
  std::size_t end = from;
  while (end < text.size() && IsDigit(text[end])) ++end;
  return end - from;
}

}  // namespace

void TextEncoder::Put(ByteBuffer& out, std::string_view text) {
  if (text.empty()) return out.PutNumber(0);
  const auto put_as_it_is = [&] {
    out.PutNumber(1);
    out.PutBytes(text);
  };
  if (text.size() > kMaxPatternBytes) return put_as_it_is();
  pattern_.clear();
  numbers_.clear();
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == kNumberMark) return put_as_it_is();
    const std::size_t digits = DigitsAt(text, i);
    const std::string_view run = text.substr(i, digits);
    // Digits with a zero before them, and numbers of more than 64 bits, stay in the pattern.
    if (digits > 0 && digits <= kMaxDigits && (run[0] != '0' || digits == 1)) {
      std::uint64_t number = 0;
      std::from_chars(run.data(), run.data() + run.size(), number);
      numbers_.push_back(number);
      pattern_.push_back(kNumberMark);
    } else {
      pattern_.append(text.substr(i, digits == 0 ? 1 : digits));
    }
    i += digits == 0 ? 1 : digits;
  }
  const auto known = patterns_.find(std::string_view(pattern_));
  if (known != patterns_.end()) {
    out.PutNumber(2 * known->second + 2);
  } else if (patterns_.size() >= kMaxPatterns) {
    return put_as_it_is();
  } else {
    const std::uint64_t index = patterns_.size();
    patterns_.emplace(pattern_, index);
    out.PutNumber(2 * index + 3);
    out.PutBytes(pattern_);
  }
  for (const std::uint64_t number : numbers_) out.PutNumber(number);
}

bool TextDecoder::Take(Cursor& in, std::string& text) {
  const std::uint64_t tag = in.Number();
  if (tag == 0) return in.valid();
  if (tag == 1) {
    text.append(in.Bytes());
    return in.valid();
  }
  const std::uint64_t index = (tag - 2) / 2;
  if (index >= kMaxPatterns) return false;
  if (tag % 2 == 1) patterns_[index] = std::string(in.Bytes());
  const auto pattern = patterns_.find(index);
  // Without the pattern, the count of its numbers is unknown, so the rest of the frame is lost.
  if (pattern == patterns_.end()) return false;
  for (const char byte : pattern->second) {
    if (byte != kNumberMark) {
      text.push_back(byte);
    } else {
      char digits[20];
      const auto end = std::to_chars(digits, digits + sizeof digits, in.Number()).ptr;
      text.append(digits, end);
    }
  }
  return in.valid();
}

}  // namespace flux_ensemble::log
