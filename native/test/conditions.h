// Conditions as a plan has them, for rules that are written by hand.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/program.h"

namespace flux_ensemble::test {

inline engine::Program ProgramOf(std::vector<engine::Step> steps, std::uint32_t metrics) {
  return *engine::Program::Make(std::move(steps), {}, metrics);
}

// The metric of that index compares with the threshold.
inline engine::Program Comparing(std::uint32_t metric, engine::Op comparison, double threshold) {
  return ProgramOf(
      {{0, metric, engine::Op::kMetric}, {threshold, 0, engine::Op::kNumber}, {0, 0, comparison}},
      metric + 1);
}

// The metric has a value.
inline engine::Program Known(std::uint32_t metric) {
  return ProgramOf({{0, metric, engine::Op::kMetric}, {0, 0, engine::Op::kKnown}}, metric + 1);
}

}  // namespace flux_ensemble::test
