#include "node/summary_object.h"

#include <cmath>
#include <optional>

#include "node/property_reader.h"
#include "node/value_writer.h"

namespace flux_ensemble::node {

Napi::Function SummaryObject::Class(Napi::Env env) {
  return DefineClass(env, "Summary",
                     {
                         InstanceMethod<&SummaryObject::Observe>("observe"),
                         InstanceMethod<&SummaryObject::Row>("row"),
                         InstanceMethod<&SummaryObject::Get>("get"),
                         InstanceMethod<&SummaryObject::State>("state"),
                     });
}

SummaryObject::SummaryObject(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<SummaryObject>(info) {
  const double window = info[1].IsNumber() ? info[1].As<Napi::Number>().DoubleValue() : NAN;
  if (!info[0].IsBoolean() || !std::isfinite(window) || (window != 0 && window < 1)) {
    Napi::TypeError::New(info.Env(),
                         "new Summary(sketch, window) needs a boolean, and a window of at least 1 "
                         "or 0 for none")
        .ThrowAsJavaScriptException();
    return;
  }
  if (info[0].As<Napi::Boolean>().Value()) stream_.Keep(stats::Statistic::kQuantile);
  if (window > 0) stream_.KeepWindow(window);
}

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
  for (std::size_t i = 0; i < values.ElementLength(); ++i)
    stream_.Observe(values[i], static_cast<double>(stream_.summary().count()));
}

Napi::Value SummaryObject::Row(const Napi::CallbackInfo& info) {
  const stats::Summary::Row row = stream_.summary().ToRow();
  return {info.Env(), WriteColumn(info.Env(), row)};
}

Napi::Value SummaryObject::Get(const Napi::CallbackInfo& info) {
  std::optional<stats::Statistic> statistic;
  if (info[0].IsString()) {
    statistic =
        EnumOf<stats::Statistic>(info[0].As<Napi::String>().Utf8Value(), stats::kStatisticNames);
  }
  const double quantile = info[1].IsNumber() ? info[1].As<Napi::Number>().DoubleValue() : -1;
  if (!statistic || !(quantile >= 0 && quantile <= 1)) {
    Napi::TypeError::New(info.Env(), "get(statistic, quantile) needs a known name and 0 to 1")
        .ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  return Napi::Number::New(info.Env(), stream_.Get(*statistic, quantile));
}

Napi::Value SummaryObject::State(const Napi::CallbackInfo& info) {
  if (stream_.sketched() == nullptr) {
    Napi::TypeError::New(info.Env(), "state() needs a sketch").ThrowAsJavaScriptException();
    return info.Env().Undefined();
  }
  engine::StreamStates states;
  states.Add(*stream_.sketched());
  return {info.Env(), WriteStates(info.Env(), states)};
}

}  // namespace flux_ensemble::node
