// Kinds of change that an event can cause in a group, one bit each. One mask selects the rules to
// evaluate.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/metrics.h"
#include "journal/event_kind.h"

namespace flux_ensemble::engine {

// Bits 0 to 26 are the event kinds. The derived triggers follow: RFC 21 states entered, outcomes
// that became known, jobs that stalled, and values that jobs told. The last bits are the group's
// two streams, the streams of its probes as one, and its counts.
enum class Change : std::uint8_t {
  kSchedState = journal::kEventKindCount,
  kRunState,
  kCleanupState,
  kInactiveState,
  kSuccess,
  kFail,
  kCancel,
  kTimeout,
  kStalled,
  kTell,
  kDurationStream,
  kPendingStream,
  kProbeStreams,
  kFirstCount,
  kNone = kFirstCount + kCountCount,
};
inline constexpr std::size_t kChangeCount = static_cast<std::size_t>(Change::kNone);
static_assert(kChangeCount <= 64);

constexpr Change ChangeOf(journal::EventKind kind) {
  return static_cast<Change>(kind);
}
constexpr Change ChangeOf(Variable variable) {
  return variable == Variable::kDuration ? Change::kDurationStream : Change::kPendingStream;
}
constexpr Change ChangeOf(Count count) {
  return static_cast<Change>(static_cast<std::uint8_t>(Change::kFirstCount) +
                             static_cast<std::uint8_t>(count));
}

// Rules on metrics come before rules on jobs when one event changes both, as in ensemble-python.
constexpr bool IsMetric(Change change) {
  return change >= Change::kDurationStream;
}

// Results that may become known only when a job is cleaned up.
constexpr bool IsOutcome(Change change) {
  return change == Change::kFail || change == Change::kCancel || change == Change::kTimeout;
}

class ChangeMask {
 public:
  constexpr void Add(Change change) { bits_ |= Bit(change); }
  constexpr void Add(ChangeMask other) { bits_ |= other.bits_; }
  constexpr bool Has(Change change) const { return (bits_ & Bit(change)) != 0; }
  constexpr bool Meets(ChangeMask other) const { return (bits_ & other.bits_) != 0; }
  constexpr bool empty() const { return bits_ == 0; }

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(bits_);
  }

 private:
  static constexpr std::uint64_t Bit(Change change) {
    return std::uint64_t{1} << static_cast<std::uint8_t>(change);
  }
  std::uint64_t bits_ = 0;
};

// The change that makes a trigger `job-<name>` due. The name is an event's or a derived one
// (`sched`, `run`, `cleanup`, `inactive`, `success`, `fail`, `cancel`, `timeout`, `stalled`,
// `tell`). Empty for any other name.
std::optional<Change> ChangeOfTrigger(std::string_view name);

}  // namespace flux_ensemble::engine
