// The words in an exception's context.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

#include "journal/context_members.h"
#include "journal/record.h"

namespace flux_ensemble::engine {

// Empty when they are missing.
struct ExceptionWords {
  explicit ExceptionWords(const journal::Event& event) {
    for (journal::Member& member : journal::MembersOf(event.context)) {
      auto* const text = std::get_if<std::string>(&member.value);
      const auto* const number = std::get_if<double>(&member.value);
      if (member.name == "note" && text != nullptr) note = std::move(*text);
      if (member.name == "userid" && number != nullptr && *number >= 0 && *number <= UINT32_MAX) {
        user = std::to_string(static_cast<std::uint32_t>(*number));
      }
    }
  }

  std::string note;
  std::string user;  // its id
};

}  // namespace flux_ensemble::engine
