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
napi_value WriteDoubles(napi_env env, const double* data, std::size_t count);

}  // namespace flux_ensemble::node
