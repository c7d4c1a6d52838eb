// The statistics of a job group: its counts, and two variables.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/failures.h"
#include "stats/stream.h"

namespace flux_ensemble::engine {

// kPending (NEW to SCHED), kRunning (RUN and CLEANUP) and kQueued (held back by a limit, before the
// submission) are gauges and come last; the others only grow, by one a job. The addon exports the
// names; src/model/metric-names.ts lists the same ones, and the loader compares both lists.
enum class Count : std::uint8_t {
  kSubmitted,
  kFinished,
  kSuccess,
  kFailed,
  kCanceled,
  kTimeout,
  kException,
  kRetried,
  kPending,
  kRunning,
  kQueued,
};
inline constexpr std::size_t kCountCount = static_cast<std::size_t>(Count::kQueued) + 1;

// In the order of the enum.
inline constexpr std::array<std::string_view, kCountCount> kCountNames = {
    "submitted", "finished", "success", "failed",  "canceled", "timeout",
    "exception", "retried",  "pending", "running", "queued",
};
static_assert(!kCountNames.back().empty(), "a count has no name");

constexpr bool IsGauge(Count count) {
  return count >= Count::kPending;
}

// Seconds from submit to start, and from start to finish.
enum class Variable : std::uint8_t { kDuration, kPending };
inline constexpr std::size_t kVariableCount = 2;

class GroupMetrics {
 public:
  void Add(Count count, std::int64_t amount) {
    const auto index = static_cast<std::size_t>(count);
    counts_[index] += amount;
    seen_ |= static_cast<std::uint16_t>(1u << index);
  }
  std::int64_t count(Count count) const { return counts_[static_cast<std::size_t>(count)]; }

  // Counts a job's first fatal exception by its type. The list of types is open, so it is bounded
  // here: types after the first 64 count as "other".
  void AddException(std::string_view type) {
    for (auto& [name, count] : exceptions_) {
      if (name != type) continue;
      ++count;
      return;
    }
    if (exceptions_.size() >= kMaxExceptionTypes && type != "other") return AddException("other");
    exceptions_.emplace_back(type, 1);
  }
  const std::vector<std::pair<std::string, std::uint64_t>>& exceptions() const {
    return exceptions_;
  }

  FailureDigest& failures() { return failures_; }
  const FailureDigest& failures() const { return failures_; }

  // Whether the count has ever changed. A count that never changed is unknown to rules.
  bool seen(Count count) const { return (seen_ >> static_cast<std::size_t>(count) & 1) != 0; }

  stats::Stream& stream(Variable variable) { return streams_[static_cast<std::size_t>(variable)]; }
  const stats::Stream& stream(Variable variable) const {
    return streams_[static_cast<std::size_t>(variable)];
  }

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(counts_, seen_, streams_, exceptions_, failures_);
  }

 private:
  std::array<std::int64_t, kCountCount> counts_{};
  std::uint16_t seen_ = 0;  // a bit for each count
  static_assert(kCountCount <= 16);
  std::array<stats::Stream, kVariableCount> streams_;
  std::vector<std::pair<std::string, std::uint64_t>> exceptions_;
  FailureDigest failures_;

  static constexpr std::size_t kMaxExceptionTypes = 64;
};

}  // namespace flux_ensemble::engine
