// A cache of resource sets (R, RFC 20). R objects of equal shape differ only in digits, so the last
// few are cached as patterns in which a digit matches any digit. They find the end of an R without
// parsing it. Its content is never used.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "journal/bytes.h"

namespace flux_ensemble::journal {

class ResourceCache {
 public:
  // The size of the R at the beginning of the text, or 0 when no pattern matches. `hint` is any
  // number that R objects of one length often share.
  std::size_t Find(std::string_view text, std::size_t hint) const {
    for (const Entry& entry : sets_[hint % kSets]) {
      if (entry.size == 0 || entry.size > text.size()) continue;
      // Most mismatches are near the beginning.
      const char* const pattern = entry.pattern.data();
      if (FitsPattern(text.data(), pattern, kBeginning) &&
          FitsPattern(text.data() + kBeginning, pattern + kBeginning, entry.size - kBeginning)) {
        return entry.size;
      }
    }
    return 0;
  }

  // Inserts one in place of the oldest of its set.
  void Insert(std::string_view R, std::size_t hint) {
    if (R.size() < kBeginning + 16 || R.size() > kMaxBytes) return;
    Entry& entry = sets_[hint % kSets][next_[hint % kSets]++ % kWays];
    entry.size = R.size();
    std::transform(R.begin(), R.end(), entry.pattern.begin(),
                   [](char c) { return c >= '0' && c <= '9' ? '0' : c; });
  }

 private:
  static constexpr std::size_t kSets = 4;
  static constexpr std::size_t kWays = 4;
  static constexpr std::size_t kMaxBytes = 512;
  static constexpr std::size_t kBeginning = 64;  // bytes

  struct Entry {
    std::array<char, kMaxBytes> pattern{};
    std::size_t size = 0;
  };

  std::array<std::array<Entry, kWays>, kSets> sets_{};
  std::array<std::uint8_t, kSets> next_{};
};

}  // namespace flux_ensemble::journal
