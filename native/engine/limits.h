// Limits of an ensemble or of one of its groups, as they were loaded.
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/metric_table.h"

namespace flux_ensemble::engine {

enum class LimitKind : std::uint8_t {
  // These hold jobs back: active jobs at once, and submissions a second.
  kActive,
  kRate,
  // Budgets, which end submissions: submitted jobs, node hours, seconds since the run began or the
  // group's first job was submitted, failed jobs, and their share of the jobs that have ended.
  kJobs,
  kNodeHours,
  kWall,
  kFailures,
  kFailureShare,
};

constexpr bool IsBudget(LimitKind kind) {
  return kind >= LimitKind::kJobs;
}

struct Limit {
  LimitKind kind = LimitKind::kActive;
  std::uint32_t group = kNoGroup;  // kNoGroup for a limit of the ensemble
  double amount = 0;
};

}  // namespace flux_ensemble::engine
