// A cache of jobspecs. Jobs of a group mostly have the same jobspec, so the last few are cached
// with their memberships.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "journal/record.h"

namespace flux_ensemble::journal {

class JobspecCache {
 public:
  // The size of the cached jobspec at the beginning of `text`, or 0. On a hit, `membership` holds
  // views into `text`.
  std::size_t Find(std::string_view text, Membership& membership) {
    for (std::size_t i = 0; i < kJobspecs; ++i) {
      // Jobs of one group arrive together.
      const std::size_t at = (last_ + i) % kJobspecs;
      const Entry& entry = entries_[at];
      const std::size_t size = entry.text.size();
      if (size < kEnd || size > text.size()) continue;
      // The jobspecs of groups differ near the end, in attributes.user.
      const std::size_t end = size - kEnd;
      if (std::memcmp(text.data() + end, entry.text.data() + end, kEnd) != 0 ||
          std::memcmp(text.data(), entry.text.data(), end) != 0) {
        continue;
      }
      last_ = at;
      membership.group = entry.group.In(text);
      membership.ensemble = entry.ensemble.In(text);
      membership.origin = entry.origin.In(text);
      membership.parameters = entry.parameters.In(text);
      return size;
    }
    return 0;
  }

  // Inserts a jobspec in place of the oldest one. The views of its membership point into it.
  void Insert(std::string_view jobspec, const Membership& membership) {
    if (jobspec.size() > kMaxBytes) return;
    last_ = next_++ % kJobspecs;
    Entry& entry = entries_[last_];
    entry.text = jobspec;
    entry.group = Place(membership.group, jobspec);
    entry.ensemble = Place(membership.ensemble, jobspec);
    entry.origin = Place(membership.origin, jobspec);
    entry.parameters = Place(membership.parameters, jobspec);
  }

 private:
  static constexpr std::size_t kJobspecs = 16;
  static constexpr std::size_t kMaxBytes = 4096;
  static constexpr std::size_t kEnd = 48;  // bytes

  struct Place {
    Place() = default;
    Place(const std::optional<std::string_view>& part, std::string_view whole)
        : there(part.has_value()),
          at(part ? static_cast<std::size_t>(part->data() - whole.data()) : 0),
          size(part ? part->size() : 0) {}

    std::optional<std::string_view> In(std::string_view whole) const {
      if (!there) return std::nullopt;
      return whole.substr(at, size);
    }

    bool there = false;
    std::size_t at = 0;
    std::size_t size = 0;
  };

  struct Entry {
    std::string text;
    Place group;
    Place ensemble;
    Place origin;
    Place parameters;
  };

  std::array<Entry, kJobspecs> entries_;
  std::size_t next_ = 0;
  std::size_t last_ = 0;  // that was found or inserted
};

}  // namespace flux_ensemble::journal
