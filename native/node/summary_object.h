// The JavaScript class `Summary`: the engine's own estimators over any stream of numbers.
#pragma once

#include "node/node_addon.h"
#include "stats/summary.h"

namespace flux_ensemble::node {

class SummaryObject : public Napi::ObjectWrap<SummaryObject> {
 public:
  static Napi::Function Class(Napi::Env env);
  explicit SummaryObject(const Napi::CallbackInfo& info);

 private:
  // observe(values: Float64Array): every value must be finite.
  void Observe(const Napi::CallbackInfo& info);
  // row(): the count and every statistic, NaN where there is none.
  Napi::Value Row(const Napi::CallbackInfo& info);

  stats::Summary summary_;
};

}  // namespace flux_ensemble::node
