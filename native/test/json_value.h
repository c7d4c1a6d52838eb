// A small JSON reader for fixtures, so that expectations do not come from the decoder under test.
// Numbers keep their text: job ids need all 64 bits.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace flux_ensemble::test {

class JsonValue {
 public:
  enum class Type { kNull, kBoolean, kNumber, kString, kArray, kObject };

  // The value that `text` holds. Fixtures are well-formed: anything else ends the test run.
  static JsonValue Parse(std::string_view text);

  Type type() const { return type_; }
  bool IsNull() const { return type_ == Type::kNull; }
  bool IsString() const { return type_ == Type::kString; }
  bool IsObject() const { return type_ == Type::kObject; }

  // The text of a string, or the digits of a number.
  const std::string& text() const { return text_; }
  double Double() const;
  std::uint64_t Unsigned() const;
  const std::vector<JsonValue>& items() const { return items_; }

  // A member; null when it is missing or this is not an object.
  const JsonValue& operator[](std::string_view key) const;

 private:
  friend class JsonReader;

  Type type_ = Type::kNull;
  std::string text_;
  std::vector<JsonValue> items_;
  std::vector<std::string> keys_;  // of an object, for each item
};

}  // namespace flux_ensemble::test
