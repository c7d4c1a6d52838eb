// The time of day, in which journals and allocations count.
#pragma once

#include <chrono>

namespace flux_ensemble::tree {

inline double SecondsSinceEpoch() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

}  // namespace flux_ensemble::tree
