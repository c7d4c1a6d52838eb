// Reads plain data out of JavaScript objects. A value of another type is an error, never a crash.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "journal/result.h"
#include "node/node_addon.h"

namespace flux_ensemble::node {

// The enumerator with this name; `names` are in the order of the enum. Nothing for an unknown name.
template <typename Enum, std::size_t N>
std::optional<Enum> EnumOf(std::string_view name, const std::array<std::string_view, N>& names) {
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

// Reads typed properties of one object; the first that is of another type is the error.
class PropertyReader {
 public:
  explicit PropertyReader(const Napi::Object& object) : object_(object) {}

  bool good() const { return good_; }
  // The first error.
  Error error() const { return {error_}; }

  std::optional<std::string> TextOrNull(const char* key) {
    const Napi::Value value = object_.Get(key);
    if (value.IsNull()) return std::nullopt;
    if (!value.IsString()) return Fail<std::string>(key, "a string or null");
    return value.As<Napi::String>().Utf8Value();
  }

  std::string Text(const char* key) {
    std::optional<std::string> text = TextOrNull(key);
    if (!text) Fail<std::string>(key, "a string");
    return text.value_or(std::string());
  }

  double Number(const char* key) {
    const Napi::Value value = object_.Get(key);
    const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : NAN;
    if (!std::isfinite(number)) Fail<double>(key, "a finite number");
    return std::isfinite(number) ? number : 0;
  }

  // An integer from `low` to 2^53.
  std::int64_t Integer(const char* key, std::int64_t low) {
    const double number = Number(key);
    if (good_ && (number != std::floor(number) || number < static_cast<double>(low) ||
                  number > 9007199254740992.0)) {
      Fail<double>(key, "an integer in range");
    }
    return good_ ? static_cast<std::int64_t>(number) : low;
  }

  // The index of one of `size` things.
  std::size_t Index(const char* key, std::size_t size) {
    const std::int64_t index = Integer(key, 0);
    if (good_ && static_cast<std::uint64_t>(index) >= size) Fail<bool>(key, "an index in range");
    return good_ ? static_cast<std::size_t>(index) : 0;
  }

  // Null, or the index of one of `size` things.
  std::optional<std::size_t> IndexOrNull(const char* key, std::size_t size) {
    if (object_.Get(key).IsNull()) return std::nullopt;
    return Index(key, size);
  }

  bool Boolean(const char* key) {
    const Napi::Value value = object_.Get(key);
    if (!value.IsBoolean()) return Fail<bool>(key, "a boolean").has_value();
    return value.As<Napi::Boolean>().Value();
  }

  // The entry of a table under the name that the property holds.
  template <typename T, std::size_t N>
  T OneOf(const char* key, const std::array<std::pair<std::string_view, T>, N>& table) {
    const std::string name = Text(key);
    for (const auto& [entry, result] : table) {
      if (entry == name) return result;
    }
    Fail<T>(key, "a known name");
    return table[0].second;
  }

  // The enumerator under the name that the property holds; `names` are in the order of the enum.
  template <typename Enum, std::size_t N>
  Enum OneOf(const char* key, const std::array<std::string_view, N>& names) {
    const std::optional<Enum> found = EnumOf<Enum>(Text(key), names);
    if (!found) Fail<Enum>(key, "a known name");
    return found.value_or(Enum{});
  }

  // Seconds, 0 or more.
  double Seconds(const char* key) {
    const double seconds = Number(key);
    if (seconds < 0) Fail<double>(key, "0 or more");
    return seconds;
  }

  std::vector<double> Numbers(const char* key) {
    std::vector<double> numbers;
    const Napi::Value value = object_.Get(key);
    if (!value.IsArray()) {
      Fail<bool>(key, "an array");
      return numbers;
    }
    const auto array = value.As<Napi::Array>();
    for (std::uint32_t i = 0; i < array.Length(); ++i) {
      const Napi::HandleScope scope(array.Env());
      const Napi::Value number = array.Get(i);
      if (!number.IsNumber()) {
        Fail<bool>(key, "an array of numbers");
        return numbers;
      }
      numbers.push_back(number.As<Napi::Number>().DoubleValue());
    }
    return numbers;
  }

  // The reader of an object that is a property of this one. Its error becomes this reader's error.
  PropertyReader Inner(const char* key, const Napi::Value& value) {
    if (!value.IsObject()) Fail<bool>(key, "an object or null");
    PropertyReader inner(value.IsObject() ? value.As<Napi::Object>() : object_);
    inner.good_ = good_;
    inner.outer_ = this;
    return inner;
  }

  template <typename T>
  std::optional<T> Fail(const char* key, const char* wanted) {
    Note(std::string(key) + " must be " + wanted);
    return std::nullopt;
  }

 private:
  void Note(std::string error) {
    if (outer_ != nullptr) outer_->Note(error);
    if (good_) error_ = std::move(error);
    good_ = false;
  }

  Napi::Object object_;
  std::string error_;
  bool good_ = true;
  PropertyReader* outer_ = nullptr;
};

// Empty for a value that is not an array of strings.
inline std::optional<std::vector<std::string>> ReadStrings(const Napi::Value& value) {
  if (!value.IsArray()) return std::nullopt;
  const auto array = value.As<Napi::Array>();
  std::vector<std::string> strings;
  strings.reserve(array.Length());
  for (std::uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::HandleScope scope(array.Env());
    const Napi::Value text = array.Get(i);
    if (!text.IsString()) return std::nullopt;
    strings.push_back(text.As<Napi::String>().Utf8Value());
  }
  return strings;
}

}  // namespace flux_ensemble::node
