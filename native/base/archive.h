// Objects as bytes, so that their state can be stored and restored. A class lists its members once,
// and both directions use the list:
//
//     template <typename Archive>
//     void Persist(Archive& archive) {
//       archive(count_, mean_);
//     }
//
// Numbers have their lowest byte first, floating-point numbers are their bits, and sizes come
// before elements. Equal states have equal bytes: elements of unordered containers are sorted.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

namespace flux_ensemble {

static_assert(std::endian::native == std::endian::little);

template <typename T>
concept Plain = std::is_arithmetic_v<T> || std::is_enum_v<T>;

template <typename T>
concept Map = requires { typename T::mapped_type; };

template <typename T>
concept UnorderedMap = Map<T> && requires { typename T::hasher; };

// Vectors, deques and lists.
template <typename T>
concept Sequence = requires(T& values) { values.emplace_back(); } && !
std::is_same_v<T, std::vector<bool>>;

class StateWriter {
 public:
  static constexpr bool kReads = false;

  template <typename... Values>
  void operator()(Values&... values) {
    (Put(values), ...);
  }

  std::string Take() { return std::move(bytes_); }

 private:
  template <Plain T>
  void Put(const T& number) {
    bytes_.append(reinterpret_cast<const char*>(&number), sizeof number);
  }
  void Put(const std::vector<bool>& bits) {
    PutSize(bits.size());
    for (const bool bit : bits) Put(bit);
  }
  void Put(const std::string& text) {
    PutSize(text.size());
    bytes_.append(text);
  }
  template <typename A, typename B>
  void Put(std::pair<A, B>& pair) {
    Put(pair.first);
    Put(pair.second);
  }
  template <typename T, std::size_t size>
  void Put(std::array<T, size>& values) {
    for (T& value : values) Put(value);
  }
  template <typename T>
  void Put(std::optional<T>& value) {
    Put(value.has_value());
    if (value) Put(*value);
  }
  template <typename T>
  void Put(std::unique_ptr<T>& value) {
    Put(value != nullptr);
    if (value != nullptr) Put(*value);
  }
  void Put(Sequence auto& values) {
    PutSize(values.size());
    for (auto& value : values) Put(value);
  }
  template <Map T>
  void Put(T& map) {
    PutSize(map.size());
    for (auto& [key, value] : map) {
      PutKey(key);
      Put(value);
    }
  }
  template <UnorderedMap T>
  void Put(T& map) {
    std::vector<typename T::value_type*> entries;
    entries.reserve(map.size());
    for (auto& entry : map) entries.push_back(&entry);
    std::ranges::sort(entries, {}, [](const auto* entry) { return entry->first; });
    PutSize(entries.size());
    for (auto* entry : entries) {
      PutKey(entry->first);
      Put(entry->second);
    }
  }
  template <typename T>
  void Put(std::unordered_set<T>& set) {
    std::vector<T> values(set.begin(), set.end());
    std::ranges::sort(values);
    Put(values);
  }
  template <typename T>
    requires requires(T& object, StateWriter& archive) { object.Persist(archive); }
  void Put(T& object) {
    object.Persist(*this);
  }

  template <typename K>
  void PutKey(K key) {
    Put(key);
  }
  void PutSize(std::size_t size) { Put(static_cast<std::uint64_t>(size)); }
  std::string bytes_;
};

// Reads what a StateWriter has made. Bytes of something else, and too few, make it invalid. An
// invalid reader leaves values as they are, and containers empty.
class StateReader {
 public:
  static constexpr bool kReads = true;

  explicit StateReader(std::string_view bytes) : bytes_(bytes) {}

  bool valid() const { return valid_; }
  bool at_end() const { return bytes_.empty(); }
  std::size_t left() const { return bytes_.size(); }
  void Invalidate() {
    valid_ = false;
    bytes_ = {};
  }

  template <typename... Values>
  void operator()(Values&... values) {
    (Get(values), ...);
  }

 private:
  template <Plain T>
  void Get(T& number) {
    const std::string_view bytes = Bytes(sizeof number);
    if (bytes.empty()) return;
    if constexpr (std::is_same_v<T, bool>) {
      number = bytes[0] != 0;
    } else {
      std::memcpy(&number, bytes.data(), sizeof number);
    }
  }
  void Get(std::vector<bool>& bits) {
    bits.assign(Size(), false);
    for (std::size_t i = 0; i < bits.size(); ++i) {
      bool bit = false;
      Get(bit);
      bits[i] = bit;
    }
  }
  void Get(std::string& text) { text = Bytes(Size()); }
  template <typename A, typename B>
  void Get(std::pair<A, B>& pair) {
    Get(pair.first);
    Get(pair.second);
  }
  template <typename T, std::size_t size>
  void Get(std::array<T, size>& values) {
    for (T& value : values) Get(value);
  }
  template <typename T>
  void Get(std::optional<T>& value) {
    bool any = false;
    Get(any);
    value.reset();
    if (any) Get(value.emplace());
  }
  template <typename T>
  void Get(std::unique_ptr<T>& value) {
    bool any = false;
    Get(any);
    value = any ? std::make_unique<T>() : nullptr;
    if (any) Get(*value);
  }
  void Get(Sequence auto& values) {
    values.clear();
    for (std::size_t left = Size(); left > 0 && valid_; --left) Get(values.emplace_back());
  }
  template <Map T>
  void Get(T& map) {
    map.clear();
    for (std::size_t left = Size(); left > 0 && valid_; --left) {
      typename T::key_type key{};
      Get(key);
      typename T::mapped_type value{};
      Get(value);
      map.emplace_hint(map.end(), std::move(key), std::move(value));
    }
  }
  template <typename T>
  void Get(std::unordered_set<T>& set) {
    set.clear();
    for (std::size_t left = Size(); left > 0 && valid_; --left) {
      T value{};
      Get(value);
      set.insert(std::move(value));
    }
  }
  template <typename T>
    requires requires(T& object, StateReader& archive) { object.Persist(archive); }
  void Get(T& object) {
    object.Persist(*this);
  }

  // Each element has at least one byte.
  std::size_t Size() {
    std::uint64_t size = 0;
    Get(size);
    if (size > bytes_.size()) Invalidate();
    return valid_ ? static_cast<std::size_t>(size) : 0;
  }
  std::string_view Bytes(std::size_t count) {
    if (count > bytes_.size()) {
      Invalidate();
      return {};
    }
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }
  std::string_view bytes_;
  bool valid_ = true;
};

}  // namespace flux_ensemble
