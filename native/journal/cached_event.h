// A cached event, as offsets in the text after its timestamp. Equal text gives an equal event.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "journal/record.h"

namespace flux_ensemble::journal {

class CachedEvent {
 public:
  // The offset of the name in such a text, after `,"name":"`.
  static constexpr std::size_t kNameAt = sizeof(",\"name\":\"") - 1;

  CachedEvent() = default;

  // Caches an event whose views point into the first 255 bytes of `text`.
  CachedEvent(const char* text, const Event& event)
      : status_(event.status),
        kind_(event.kind),
        name_size_(static_cast<std::uint8_t>(event.name.size())),
        context_at_(event.context.data() == nullptr
                        ? std::uint8_t{0}
                        : static_cast<std::uint8_t>(event.context.data() - text)),
        context_size_(static_cast<std::uint8_t>(event.context.size())) {}

  // The event of an equal text at `text`, without its timestamp.
  void Apply(const char* text, Event& event) const {
    event.kind = kind_;
    event.status = status_;
    event.name = std::string_view(text + kNameAt, name_size_);
    event.context = std::string_view(text + context_at_, context_size_);
  }

 private:
  std::int32_t status_ = 0;
  EventKind kind_ = EventKind::kOther;
  std::uint8_t name_size_ = 0;
  std::uint8_t context_at_ = 0;
  std::uint8_t context_size_ = 0;
};

}  // namespace flux_ensemble::journal
