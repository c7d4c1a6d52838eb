// The members of a small JSON object, such as an event's context, as C++ values.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace flux_ensemble::journal {

// One member of an object. The value is empty for null, an object or an array.
struct Member {
  std::string name;
  std::variant<std::monostate, double, bool, std::string> value;
  // The exact value of an integer from 0 to 2^64-1. A double holds less digits.
  std::optional<std::uint64_t> integer;
};

// The members of a JSON object. Invalid JSON ends the list. Defined beside JsonRecordParser,
// because only one file includes simdjson.
std::vector<Member> MembersOf(std::string_view object);

// The members of each element of the array that is the member `name` of a JSON object. An element
// that is not an object has none. Nothing for invalid JSON, and without such an array.
std::optional<std::vector<std::vector<Member>>> ObjectsIn(std::string_view object,
                                                          std::string_view name);

// The first member with this name; null without one.
inline const Member* FindMember(const std::vector<Member>& members, std::string_view name) {
  const auto found = std::ranges::find(members, name, &Member::name);
  return found == members.end() ? nullptr : &*found;
}

// The first member with this name, if it is a string; otherwise an empty text.
inline std::string TextOf(const std::vector<Member>& members, std::string_view name) {
  const Member* const member = FindMember(members, name);
  const auto* const text = member == nullptr ? nullptr : std::get_if<std::string>(&member->value);
  return text == nullptr ? std::string() : *text;
}

// The first member with this name, if it is an integer from 0 to 2^64-1.
inline std::optional<std::uint64_t> IntegerOf(const std::vector<Member>& members,
                                              std::string_view name) {
  const Member* const member = FindMember(members, name);
  return member == nullptr ? std::nullopt : member->integer;
}

}  // namespace flux_ensemble::journal
