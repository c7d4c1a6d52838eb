// Values that jobs tell while they run: the context of a memo event (RFC 21) is an object of names
// and values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "journal/record.h"

namespace flux_ensemble::engine {

// A name under which the jobs of a group may tell a value.
struct ToldName {
  std::string name;
  bool is_text = false;
  // For a number, its index among the group's probe streams; for a text, among the texts.
  std::uint32_t index = 0;
};

// A value that a job told.
struct Told {
  bool is_text = false;
  bool ignored = false;  // the name is unknown, or the value is of another kind
  std::uint32_t index = 0;
  double number = 0;
  std::string text;  // the value of a text; for an ignored value, its name
};

// An ignored value, the first of its name.
struct IgnoredTell {
  std::uint32_t group = 0;
  journal::JobId job = 0;
  Told told;
};

class Tells {
 public:
  void AddGroup(std::uint32_t group, std::vector<ToldName> names);

  bool HasNames(std::uint32_t group) const {
    return group < names_.size() && !names_[group].empty();
  }

  // The values in the context of a memo. Valid until the next call.
  std::span<const Told> Read(std::uint32_t group, std::string_view context);
  // The indexes of the numbers that were read last.
  std::span<const std::uint32_t> variables() const { return variables_; }

  // Whether an ignored value is the first one of its name in its group. After some hundred names
  // of all groups, none is.
  bool IsNew(std::uint32_t group, const Told& ignored);

 private:
  std::vector<std::vector<ToldName>> names_;  // by group
  std::vector<Told> values_;
  std::vector<std::uint32_t> variables_;
  std::set<std::pair<std::uint32_t, std::string>> ignored_;
};

}  // namespace flux_ensemble::engine
