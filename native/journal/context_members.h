// The members of a small JSON object, such as an event's context, as C++ values.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace flux_ensemble::journal {

// One member of an object. The value is empty for null, an object or an array.
struct Member {
  std::string name;
  std::variant<std::monostate, double, bool, std::string> value;
};

// The members of a JSON object. Invalid JSON ends the list. Defined beside JsonRecordParser,
// because only one file includes simdjson.
std::vector<Member> MembersOf(std::string_view object);

// The first member with this name; null without one.
inline const Member* FindMember(const std::vector<Member>& members, std::string_view name) {
  const auto found = std::ranges::find(members, name, &Member::name);
  return found == members.end() ? nullptr : &*found;
}

}  // namespace flux_ensemble::journal
