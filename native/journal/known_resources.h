// What jobs of one size are given (R, RFC 20) differs in nothing but numbers, so the last few are
// kept with every digit taken for any other: what fits them ends where they end. Nobody asks what
// it says.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "journal/bytes.h"

namespace flux_ensemble::journal {

class KnownResources {
 public:
  // The size of the R that the text begins with, or 0 when it fits none of those kept. `hint` may
  // be anything that R of one length often share.
  std::size_t Find(std::string_view text, std::size_t hint) const {
    for (const Kept& kept : sets_[hint % kSets]) {
      if (kept.size == 0 || kept.size > text.size()) continue;
      // Most that do not fit differ near their beginning.
      const char* const pattern = kept.pattern.data();
      if (FitsPattern(text.data(), pattern, kBeginning) &&
          FitsPattern(text.data() + kBeginning, pattern + kBeginning, kept.size - kBeginning)) {
        return kept.size;
      }
    }
    return 0;
  }

  // Keeps one in place of the one of its set that was kept first.
  void Keep(std::string_view R, std::size_t hint) {
    if (R.size() < kBeginning + 16 || R.size() > kMaxBytes) return;
    Kept& kept = sets_[hint % kSets][next_[hint % kSets]++ % kWays];
    kept.size = R.size();
    std::transform(R.begin(), R.end(), kept.pattern.begin(),
                   [](char c) { return c >= '0' && c <= '9' ? '0' : c; });
  }

 private:
  static constexpr std::size_t kSets = 4;
  static constexpr std::size_t kWays = 4;
  static constexpr std::size_t kMaxBytes = 512;
  static constexpr std::size_t kBeginning = 64;  // bytes

  struct Kept {
    std::array<char, kMaxBytes> pattern{};
    std::size_t size = 0;
  };

  std::array<std::array<Kept, kWays>, kSets> sets_{};
  std::array<std::uint8_t, kSets> next_{};
};

}  // namespace flux_ensemble::journal
