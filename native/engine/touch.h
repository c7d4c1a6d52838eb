// What an event can touch, one bit each, so that one mask says which rules have to be looked at.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/metrics.h"
#include "journal/event_kind.h"

namespace flux_ensemble::engine {

// Bits 0 to 26 are the event kinds. Behind them the derived triggers: RFC 21 states entered and
// outcomes that became known, and jobs that stalled; then the group's two streams, those of its
// probes as one, and its counts.
enum class Touch : std::uint8_t {
  kSchedState = journal::kEventKindCount,
  kRunState,
  kCleanupState,
  kInactiveState,
  kSuccess,
  kFail,
  kCancel,
  kTimeout,
  kStalled,
  kDurationStream,
  kPendingStream,
  kProbeStreams,
  kFirstCount,
  kNone = kFirstCount + kCountCount,
};
inline constexpr std::size_t kTouchCount = static_cast<std::size_t>(Touch::kNone);
static_assert(kTouchCount <= 64);

constexpr Touch TouchOf(journal::EventKind kind) {
  return static_cast<Touch>(kind);
}
constexpr Touch TouchOf(Variable variable) {
  return variable == Variable::kDuration ? Touch::kDurationStream : Touch::kPendingStream;
}
constexpr Touch TouchOf(Count count) {
  return static_cast<Touch>(static_cast<std::uint8_t>(Touch::kFirstCount) +
                            static_cast<std::uint8_t>(count));
}

// Rules on metrics come before rules on jobs when one event touches both, as in ensemble-python.
constexpr bool IsMetric(Touch touch) {
  return touch >= Touch::kDurationStream;
}

// The results that may be known only when a job is cleaned up.
constexpr bool IsOutcome(Touch touch) {
  return touch == Touch::kFail || touch == Touch::kCancel || touch == Touch::kTimeout;
}

class TouchSet {
 public:
  constexpr void Add(Touch touch) { bits_ |= Bit(touch); }
  constexpr bool Has(Touch touch) const { return (bits_ & Bit(touch)) != 0; }
  constexpr bool Meets(TouchSet other) const { return (bits_ & other.bits_) != 0; }
  constexpr bool empty() const { return bits_ == 0; }

 private:
  static constexpr std::uint64_t Bit(Touch touch) {
    return std::uint64_t{1} << static_cast<std::uint8_t>(touch);
  }
  std::uint64_t bits_ = 0;
};

// What the trigger `job-<name>` waits for: an event's name or a derived one (`sched`, `run`,
// `cleanup`, `inactive`, `success`, `fail`, `cancel`, `timeout`). Nothing for a name that is
// neither.
std::optional<Touch> TouchOfTrigger(std::string_view name);

}  // namespace flux_ensemble::engine
