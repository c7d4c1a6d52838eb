// C++ values -> JavaScript values by raw Node-API calls. Every function returns null when the
// environment cannot make values (a worker is being terminated). Callers return null at once.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "node/node_addon.h"
#include "runner/runner.h"

namespace flux_ensemble::node {

// Builds one object; `value()` is null when anything failed.
class ObjectWriter {
 public:
  explicit ObjectWriter(napi_env env) : env_(env) {
    if (napi_create_object(env, &object_) != napi_ok) object_ = nullptr;
  }
  ObjectWriter& Set(const char* key, napi_value value);
  ObjectWriter& Set(const char* key, double value);
  ObjectWriter& Set(const char* key, bool value);
  ObjectWriter& Set(const char* key, std::string_view value);
  ObjectWriter& Set(const char* key, const char*) = delete;
  ObjectWriter& SetNull(const char* key);
  napi_value value() const { return object_; }

 private:
  napi_env env_;
  napi_value object_ = nullptr;
};

napi_value WriteString(napi_env env, std::string_view text);
napi_value WriteStrings(napi_env env, const std::vector<std::string>& strings);
napi_value WriteStatus(napi_env env, const engine::Status& status);
napi_value WriteOutbox(napi_env env, const runner::Outbox& outbox);
napi_value WriteEvents(napi_env env, const runner::EventBatch& batch);
napi_value WriteStates(napi_env env, const engine::StreamStates& states);

template <typename T>
inline constexpr napi_typedarray_type kColumnType = [] {
  static_assert(sizeof(T) == 0, "not a type of a column");
  return napi_uint8_array;
}();
template <>
inline constexpr napi_typedarray_type kColumnType<std::uint8_t> = napi_uint8_array;
template <>
inline constexpr napi_typedarray_type kColumnType<std::uint16_t> = napi_uint16_array;
template <>
inline constexpr napi_typedarray_type kColumnType<std::uint32_t> = napi_uint32_array;
template <>
inline constexpr napi_typedarray_type kColumnType<std::int32_t> = napi_int32_array;
template <>
inline constexpr napi_typedarray_type kColumnType<std::uint64_t> = napi_biguint64_array;
template <>
inline constexpr napi_typedarray_type kColumnType<double> = napi_float64_array;

// A typed array with a copy of the bytes of `count` elements.
napi_value WriteTypedArray(napi_env env, napi_typedarray_type type, const void* data,
                           std::size_t count, std::size_t bytes);

// A typed array with a copy of a column: a vector or an array.
template <typename Column>
napi_value WriteColumn(napi_env env, const Column& column) {
  using T = typename Column::value_type;
  return WriteTypedArray(env, kColumnType<T>, column.data(), column.size(),
                         column.size() * sizeof(T));
}

}  // namespace flux_ensemble::node
