// What records begin with, behind the first timestamp, that are too long to be known whole: a
// submission up to its jobspec, and what the scheduler says up to what it has given. The last ones
// are kept with what they said, and comparing their bytes takes the place of parsing them.
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
  bool in_context = false;  // the context goes on behind the opening
  std::uint8_t size = 0;
};

class KnownOpenings {
 public:
  // The opening that the text begins with, or null. The first kMaskBytes must be readable, however
  // short it is.
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

  // Keeps an opening in place of the one with the same name, or else of the one that was kept
  // first.
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
  // `submit`, `annotations` and `alloc`, and one to spare.
  std::array<KnownOpening, 4> kept_;
  std::size_t next_ = 0;
};

}  // namespace flux_ensemble::journal
