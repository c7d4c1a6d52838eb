// Texts in a segment of the run log. Texts of jobs differ mostly in their numbers, so a text is
// stored as a pattern with the numbers taken out. A pattern is stored once in a segment.
//
//     {"entry":0,"rule":3,"index":1041}  ->  pattern {"entry":*,"rule":*,"index":*}  and  0 3 1041
//
// Layout: a number n, then
//   n = 0      the empty text
//   n = 1      a text as it is: length, bytes
//   n = 2k + 2 the pattern number k, then its numbers
//   n = 2k + 3 the pattern number k for the first time: its bytes (length, bytes), then its numbers
// In a pattern, the byte 1 stands for a number.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "log/entry_bytes.h"

namespace flux_ensemble::log {

inline constexpr char kNumberMark = '\x01';
inline constexpr std::size_t kMaxPatterns = 1 << 14;  // of a segment
inline constexpr std::size_t kMaxPatternBytes = 1 << 10;

class TextEncoder {
 public:
  void Put(ByteBuffer& out, std::string_view text);
  // A new segment has begun.
  void Clear() { patterns_.clear(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  std::unordered_map<std::string, std::uint64_t, Hash, std::equal_to<>> patterns_;
  std::string pattern_;
  std::vector<std::uint64_t> numbers_;
};

class TextDecoder {
 public:
  // Appends the text to `text`. False for invalid bytes, and for a pattern that was stored in a
  // lost frame.
  bool Take(Cursor& in, std::string& text);
  void Clear() { patterns_.clear(); }

 private:
  std::unordered_map<std::uint64_t, std::string> patterns_;
};

}  // namespace flux_ensemble::log
