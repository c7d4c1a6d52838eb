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
#include "journal/known_event.h"

namespace flux_ensemble::journal {

struct KnownOpening {
  std::array<char, 128> bytes{};
  std::uint64_t name = 0;  // its first eight bytes
  KnownEvent event;
  bool in_context = false;  // the context continues after the opening
  std::uint8_t size = 0;
};

class KnownOpenings {
 public:
  // The opening at the beginning of the text, or null. The first kMaskBytes must be readable.
  const KnownOpening* Find(std::string_view text) const {
    const std::uint64_t name = EightBytes(text.data() + KnownEvent::kNameAt);
    for (const KnownOpening& kept : kept_) {
      if (kept.name == name && kept.size <= text.size() &&
          std::memcmp(kept.bytes.data(), text.data(), kept.size) == 0) {
        return &kept;
      }
    }
    return nullptr;
  }

  // Inserts an opening in place of the one with the same name, or else of the oldest one.
  void Keep(std::string_view opening, const Event& event) {
    KnownOpening kept;
    if (opening.size() > kept.bytes.size()) return;
    opening.copy(kept.bytes.data(), opening.size());
    kept.name = EightBytes(opening.data() + KnownEvent::kNameAt);
    kept.size = static_cast<std::uint8_t>(opening.size());
    Event known = event;
    kept.in_context = !event.context.empty() && &event.context.back() > &opening.back();
    if (kept.in_context) known.context = event.context.substr(0, 0);
    kept.event = KnownEvent(opening.data(), known);
    for (KnownOpening& old : kept_) {
      if (old.name != kept.name) continue;
      old = kept;
      return;
    }
    kept_[next_++ % kept_.size()] = kept;
  }

 private:
  // `submit`, `annotations`, `alloc`, and one spare entry.
  std::array<KnownOpening, 4> kept_;
  std::size_t next_ = 0;
};

}  // namespace flux_ensemble::journal
