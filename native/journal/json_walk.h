// Walks over the members and elements of JSON text in place. The text may be cut off: the walk ends
// there. Values are views of their text.
#pragma once

#include <cstddef>
#include <string_view>

#include "journal/json_text.h"

namespace flux_ensemble::journal {

// The size of the value at the beginning of `text`: a string, an object, an array, or anything up
// to the next separator. A value that is cut off takes the rest of the text.
inline std::size_t ValueSize(std::string_view text) {
  if (text.empty()) return 0;
  if (text[0] == '{' || text[0] == '[') return FirstObject(text).size();
  if (text[0] != '"') {
    const std::size_t end = text.find_first_of(",]} \t\r\n");
    return end == std::string_view::npos ? text.size() : end;
  }
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return text.size();
}

// Calls visit(key, value) for each member of the object at the beginning of `text`, where the key
// is text between its quotes, with its escapes. Ends early when visit returns false.
template <typename Visit>
void WalkObject(std::string_view text, Visit visit) {
  text = TrimLeft(text);
  if (!text.starts_with('{')) return;
  text.remove_prefix(1);
  for (;;) {
    text = TrimLeft(text);
    if (!text.starts_with('"')) return;
    const std::size_t key_size = ValueSize(text);
    if (key_size < 2) return;
    const std::string_view key = text.substr(1, key_size - 2);
    text = TrimLeft(text.substr(key_size));
    if (!text.starts_with(':')) return;
    text = TrimLeft(text.substr(1));
    const std::size_t size = ValueSize(text);
    if (size == 0 || !visit(key, text.substr(0, size))) return;
    text = TrimLeft(text.substr(size));
    if (!text.starts_with(',')) return;
    text.remove_prefix(1);
  }
}

// Calls visit(value) for each element of the array at the beginning of `text`. Ends early when
// visit returns false.
template <typename Visit>
void WalkArray(std::string_view text, Visit visit) {
  text = TrimLeft(text);
  if (!text.starts_with('[')) return;
  text = TrimLeft(text.substr(1));
  while (!text.empty() && text[0] != ']') {
    const std::size_t size = ValueSize(text);
    if (size == 0 || !visit(text.substr(0, size))) return;
    text = TrimLeft(text.substr(size));
    if (!text.starts_with(',')) return;
    text = TrimLeft(text.substr(1));
  }
}

// The value of the first member with this name; empty without one.
inline std::string_view FindValue(std::string_view object, std::string_view name) {
  std::string_view found;
  WalkObject(object, [&](std::string_view key, std::string_view value) {
    if (key != name) return true;
    found = value;
    return false;
  });
  return found;
}

}  // namespace flux_ensemble::journal
