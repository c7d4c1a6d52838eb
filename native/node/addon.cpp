// The exports of the addon.

#include <array>
#include <string_view>

#include "engine/metrics.h"
#include "journal/event_kind.h"
#include "node/engine_object.h"
#include "node/node_addon.h"
#include "node/run_log_reader.h"
#include "node/summary_object.h"
#include "stats/statistic.h"

namespace flux_ensemble::node {

namespace {

// The number of the interface to JavaScript. Change it with every change of the interface:
// src/engine/addon.ts reads the same file and refuses an addon with another number.
constexpr int kAbi =
#include "abi.json"
    ;

template <std::size_t N>
Napi::Array Names(Napi::Env env, const std::array<std::string_view, N>& names) {
  Napi::Array array = Napi::Array::New(env, N);
  std::uint32_t index = 0;
  for (const std::string_view name : names) {
    array.Set(index++, Napi::String::New(env, name.data(), name.size()));
  }
  return array;
}

Napi::Value Function(Napi::Env env, const char* name, napi_callback callback) {
  napi_value function = nullptr;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
  return {env, function};
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("abi", kAbi);
  exports.Set("Engine", EngineObject::Class(env));
  exports.Set("Summary", SummaryObject::Class(env));
  exports.Set("readRunLog", Function(env, "readRunLog", &ReadRunLog));
  exports.Set("countNames", Names(env, engine::kCountNames));
  exports.Set("statisticNames", Names(env, stats::kStatisticNames));
  exports.Set("keptStatistics", static_cast<double>(stats::kKeptStatisticCount));
  exports.Set("eventNames", Names(env, journal::kEventNames));
  exports.Set("firstNamedKind", engine::kFirstNamedKind);
  return exports;
}

}  // namespace

NODE_API_MODULE(flux_ensemble, Init)

}  // namespace flux_ensemble::node
