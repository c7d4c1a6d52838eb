// The JavaScript class `Summary`: the engine's own estimators over any stream of numbers.
#pragma once

#include "node/node_addon.h"
#include "stats/stream.h"

namespace flux_ensemble::node {

class SummaryObject : public Napi::ObjectWrap<SummaryObject> {
 public:
  static Napi::Function Class(Napi::Env env);
  // new Summary(sketch: boolean = true, window: number = 0): whether to keep a sketch, and the
  // length of the window in seconds, 0 without one. Observations are a second apart.
  explicit SummaryObject(const Napi::CallbackInfo& info);

 private:
  // observe(values: Float64Array): every value must be finite.
  void Observe(const Napi::CallbackInfo& info);
  // row(): the count and every statistic that is kept of all streams, NaN where the value is
  // unknown.
  Napi::Value Row(const Napi::CallbackInfo& info);
  // get(statistic: string, quantile: number): NaN where the value is unknown.
  Napi::Value Get(const Napi::CallbackInfo& info);
  // state(): a form that can be merged with others; needs a sketch.
  Napi::Value State(const Napi::CallbackInfo& info);

  stats::Stream stream_;
};

}  // namespace flux_ensemble::node
