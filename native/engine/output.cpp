#include "engine/output.h"

namespace flux_ensemble::engine {

void StreamStates::Add(const stats::Aggregate& stream) {
  const auto& [moments, sketch] = stream;
  const bool any = moments.welford.count() > 0;
  heads.insert(heads.end(),
               {static_cast<double>(moments.welford.count()), moments.welford.mean(),
                moments.welford.squares(), any ? moments.min : 0, any ? moments.max : 0,
                moments.sum.value(), static_cast<double>(sketch.zeros()),
                static_cast<double>(sketch.scale()), static_cast<double>(sketch.buckets().first()),
                static_cast<double>(sketch.buckets().size())});
  for (const std::uint64_t count : sketch.buckets().counts()) {
    buckets.push_back(static_cast<double>(count));
  }
}

}  // namespace flux_ensemble::engine
