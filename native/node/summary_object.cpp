#include "node/summary_object.h"

#include <cmath>

#include "node/value_writer.h"

namespace flux_ensemble::node {

Napi::Function SummaryObject::Class(Napi::Env env) {
  return DefineClass(env, "Summary",
                     {
                         InstanceMethod<&SummaryObject::Observe>("observe"),
                         InstanceMethod<&SummaryObject::Row>("row"),
                     });
}

SummaryObject::SummaryObject(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<SummaryObject>(info) {}

void SummaryObject::Observe(const Napi::CallbackInfo& info) {
  if (!info[0].IsTypedArray() ||
      info[0].As<Napi::TypedArray>().TypedArrayType() != napi_float64_array) {
    Napi::TypeError::New(info.Env(), "observe(values) needs a Float64Array")
        .ThrowAsJavaScriptException();
    return;
  }
  const auto values = info[0].As<Napi::Float64Array>();
  for (std::size_t i = 0; i < values.ElementLength(); ++i) {
    if (std::isfinite(values[i])) continue;
    Napi::RangeError::New(info.Env(), "observe(values) needs finite values")
        .ThrowAsJavaScriptException();
    return;
  }
  for (std::size_t i = 0; i < values.ElementLength(); ++i) summary_.Observe(values[i]);
}

Napi::Value SummaryObject::Row(const Napi::CallbackInfo& info) {
  const stats::Summary::Row row = summary_.ToRow();
  return {info.Env(), WriteDoubles(info.Env(), row.data(), row.size())};
}

}  // namespace flux_ensemble::node
