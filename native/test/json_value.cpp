#include "test/json_value.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>

namespace flux_ensemble::test {

// Recursive descent over one text.
class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : rest_(text) {}

  JsonValue Value() {
    JsonValue value;
    switch (Peek()) {
      case '{':
        value.type_ = JsonValue::Type::kObject;
        Items(value, '}');
        break;
      case '[':
        value.type_ = JsonValue::Type::kArray;
        Items(value, ']');
        break;
      case '"':
        value.type_ = JsonValue::Type::kString;
        value.text_ = String();
        break;
      case 'n':
        Word("null");
        break;
      case 't':
        value.type_ = JsonValue::Type::kBoolean;
        Word("true");
        break;
      case 'f':
        value.type_ = JsonValue::Type::kBoolean;
        Word("false");
        break;
      default:
        value.type_ = JsonValue::Type::kNumber;
        value.text_ = Number();
    }
    return value;
  }

 private:
  [[noreturn]] void Fail() {
    std::fprintf(stderr, "a fixture is not JSON at: %.40s\n",
                 std::string(rest_.substr(0, 40)).c_str());
    std::abort();
  }

  char Peek() {
    while (!rest_.empty() && std::string_view(" \t\r\n").find(rest_.front()) != rest_.npos) {
      rest_.remove_prefix(1);
    }
    if (rest_.empty()) Fail();
    return rest_.front();
  }

  void Word(std::string_view word) {
    if (!rest_.starts_with(word)) Fail();
    rest_.remove_prefix(word.size());
  }

  // The items between brackets, with keys for an object.
  void Items(JsonValue& value, char end) {
    rest_.remove_prefix(1);
    for (bool first = true; Peek() != end; first = false) {
      if (!first) {
        Word(",");
        Peek();
      }
      if (end == '}') {
        value.keys_.push_back(String());
        Peek();
        Word(":");
      }
      value.items_.push_back(Value());
    }
    rest_.remove_prefix(1);
  }

  std::string Number() {
    std::size_t length = 0;
    while (length < rest_.size() &&
           std::string_view("+-.eE0123456789").find(rest_[length]) != rest_.npos) {
      ++length;
    }
    if (length == 0) Fail();
    std::string digits(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return digits;
  }

  std::string String() {
    std::string text;
    Word("\"");
    for (;;) {
      if (rest_.empty()) Fail();
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return text;
      if (c != '\\') {
        text.push_back(c);
        continue;
      }
      c = rest_.front();
      rest_.remove_prefix(1);
      switch (c) {
        case 'b':
          text.push_back('\b');
          break;
        case 'f':
          text.push_back('\f');
          break;
        case 'n':
          text.push_back('\n');
          break;
        case 'r':
          text.push_back('\r');
          break;
        case 't':
          text.push_back('\t');
          break;
        case 'u':
          AppendUtf8(text);
          break;
        default:
          text.push_back(c);
      }
    }
  }

  // Fixtures escape nothing beyond the basic plane.
  void AppendUtf8(std::string& text) {
    unsigned code = 0;
    std::from_chars(rest_.data(), rest_.data() + 4, code, 16);
    rest_.remove_prefix(4);
    if (code < 0x80) {
      text.push_back(static_cast<char>(code));
    } else if (code < 0x800) {
      text.push_back(static_cast<char>(0xc0 | (code >> 6)));
      text.push_back(static_cast<char>(0x80 | (code & 0x3f)));
    } else {
      text.push_back(static_cast<char>(0xe0 | (code >> 12)));
      text.push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3f)));
      text.push_back(static_cast<char>(0x80 | (code & 0x3f)));
    }
  }

  std::string_view rest_;
};

JsonValue JsonValue::Parse(std::string_view text) {
  return JsonReader(text).Value();
}

double JsonValue::Double() const {
  return std::strtod(text_.c_str(), nullptr);
}

std::uint64_t JsonValue::Unsigned() const {
  return std::strtoull(text_.c_str(), nullptr, 10);
}

const JsonValue& JsonValue::operator[](std::string_view key) const {
  static const JsonValue kNull;
  for (std::size_t i = keys_.size(); i > 0; --i) {
    if (keys_[i - 1] == key) return items_[i - 1];
  }
  return kNull;
}

}  // namespace flux_ensemble::test
