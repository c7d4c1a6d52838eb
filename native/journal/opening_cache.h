// A cache of openings: the text after the first timestamp of long records. A submission opens up to
// its jobspec, an annotation or alloc up to the allocated resources. Comparing with the last
// openings replaces parsing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "journal/bytes.h"
#include "journal/cached_event.h"

namespace flux_ensemble::journal {

struct CachedOpening {
  std::array<char, 128> bytes{};
  std::uint64_t name = 0;  // its first eight bytes
  CachedEvent event;
  bool in_context = false;  // the context continues after the opening
  std::uint8_t size = 0;
};

class OpeningCache {
 public:
  // The opening at the beginning of the text, or null. The first kMaskBytes must be readable.
  const CachedOpening* Find(std::string_view text) const {
    const std::uint64_t name = EightBytes(text.data() + CachedEvent::kNameAt);
    for (const CachedOpening& entry : entries_) {
      if (entry.name == name && entry.size <= text.size() &&
          std::memcmp(entry.bytes.data(), text.data(), entry.size) == 0) {
        return &entry;
      }
    }
    return nullptr;
  }

  // Inserts an opening in place of the one with the same name, or else of the oldest one.
  void Insert(std::string_view opening, const Event& event) {
    CachedOpening entry;
    if (opening.size() > entry.bytes.size()) return;
    opening.copy(entry.bytes.data(), opening.size());
    entry.name = EightBytes(opening.data() + CachedEvent::kNameAt);
    entry.size = static_cast<std::uint8_t>(opening.size());
    Event opened = event;
    entry.in_context = !event.context.empty() && &event.context.back() > &opening.back();
    if (entry.in_context) opened.context = event.context.substr(0, 0);
    entry.event = CachedEvent(opening.data(), opened);
    for (CachedOpening& old : entries_) {
      if (old.name != entry.name) continue;
      old = entry;
      return;
    }
    entries_[next_++ % entries_.size()] = entry;
  }

 private:
  // `submit`, `annotations`, `alloc`, and one spare entry.
  std::array<CachedOpening, 4> entries_;
  std::size_t next_ = 0;
};

}  // namespace flux_ensemble::journal
