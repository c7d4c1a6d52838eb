// What `require` of the addon gives.

#include "journal/event_kind.h"
#include "node/engine_object.h"
#include "node/node_addon.h"
#include "node/summary_object.h"

namespace flux_ensemble::node {

namespace {

// Changes with every change of what crosses to JavaScript; src/engine/addon.ts has the same number.
constexpr int kAbi = 12;

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("abi", kAbi);
  exports.Set("Engine", EngineObject::Class(env));
  exports.Set("Summary", SummaryObject::Class(env));
  Napi::Array names = Napi::Array::New(env, journal::kEventKindCount);
  std::uint32_t index = 0;
  for (const std::string_view name : journal::kEventNames) {
    names.Set(index++, Napi::String::New(env, name.data(), name.size()));
  }
  exports.Set("eventNames", names);
  exports.Set("firstNamedKind", engine::kFirstNamedKind);
  return exports;
}

}  // namespace

NODE_API_MODULE(flux_ensemble, Init)

}  // namespace flux_ensemble::node
