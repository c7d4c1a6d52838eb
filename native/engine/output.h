// The engine's output, gathered until it is taken.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/failures.h"
#include "engine/job_details.h"
#include "engine/metrics.h"
#include "engine/plan.h"
#include "engine/rule_index.h"
#include "journal/record.h"

namespace flux_ensemble::engine {

// Raw events as columns of one length.
struct EventColumns {
  std::vector<journal::JobId> ids;
  std::vector<double> timestamps;    // seconds since the epoch
  std::vector<std::uint16_t> kinds;  // EventKind, or kFirstNamedKind + n for the n-th unlisted name
  std::vector<std::int32_t> groups;  // -1 for jobs that are not ours

  std::size_t size() const { return ids.size(); }
  void Clear() {
    ids.clear();
    timestamps.clear();
    kinds.clear();
    groups.clear();
  }
};
inline constexpr std::uint16_t kFirstNamedKind = 64;
inline constexpr std::size_t kMaxNamedKinds = 4096;

struct Totals {
  std::uint64_t records = 0;
  std::uint64_t events = 0;          // in all records
  std::uint64_t tracked_events = 0;  // of jobs that are ours
  std::uint64_t decode_errors = 0;
  std::uint64_t negative_intervals = 0;  // times left out because a job's clock ran backwards
  std::uint64_t firings = 0;
  std::uint64_t own_jobs = 0;       // that carry this run's id
  std::uint64_t lost_jobs = 0;      // that ended with an unknown result while the stream was lost
  std::uint64_t ignored_tells = 0;  // values that jobs told under a name that is not theirs to tell
  double earliest = 0;              // event, in seconds since the epoch; 0 before the first one
  double latest = 0;

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(records, events, tracked_events, decode_errors, negative_intervals, firings, own_jobs,
            lost_jobs, ignored_tells, earliest, latest);
  }
};

// A limit of the plan that was reached, by index.
struct ReachedLimit {
  std::uint32_t limit = 0;
  double time = 0;  // seconds since the epoch

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(limit, time);
  }
};

struct Status {
  std::uint64_t active_jobs = 0;
  // Jobs that limits hold back, on their way to the source, or accepted and not in the journal yet.
  std::uint64_t submitting = 0;
  std::uint64_t queued = 0;      // jobs that limits hold back
  std::uint64_t retrying = 0;    // jobs that wait for their next submission
  bool time_could_fire = false;  // no job is active, yet time alone might make a rule due
  bool ended = false;            // a terminal rule has fired, or End() was called
  bool backlog_over = false;     // the stream goes on after its backlog
  std::string state;             // of the ensemble; empty for an ensemble without states
  Totals totals;
  // Seconds since the oldest write to the runner's log that is not on the disk; NaN without a log.
  double log_lag = std::numeric_limits<double>::quiet_NaN();

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(active_jobs, submitting, retrying, time_could_fire, ended, backlog_over, state, totals);
  }
};

// Streams in a form in which those of several engines can be merged: see src/engine/mergeable.ts.
struct StreamStates {
  static constexpr std::size_t kHead = 10;
  // For each stream its count, mean, sum of squared differences from the mean, minimum, maximum and
  // sum; then of its sketch the zeros, the scale, the index of the first bucket and how many there
  // are.
  std::vector<double> heads;
  std::vector<double> buckets;  // of all streams

  void Add(const stats::Aggregate& stream);

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(heads, buckets);
  }
};

struct Snapshot {
  std::vector<double> counts;  // kCountCount for each group, in the order of their indexes
  // For each group its fatal exceptions by type.
  std::vector<std::vector<std::pair<std::string, std::uint64_t>>> exceptions;
  std::vector<double> statistics;  // for each group duration's row, then pending's (Summary::Row)
  std::vector<double> probes;      // a row for each number that probes measure, by group
  std::vector<double> metrics;     // values of the plan's metrics
  StreamStates states;             // in the order of the rows, when all streams have sketches
  Status status;

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(counts, exceptions, statistics, probes, metrics, states, status);
  }
};

// The history of a rule. That of a rule for each value of a parameter is the sum of theirs.
struct RuleReport {
  RuleState state;
  std::uint64_t came = 0;        // times that it was due, since it was added
  std::uint64_t came_after = 0;  // of these, after its last repetition
  bool pending = false;          // its condition holds, or its state lasts, but not for long enough
  bool holds = false;  // its condition holds now, in a state that it is in; not where events decide
  bool probing = false;
  // kNoValue unless its condition or its state lasts, but not for long enough: since when.
  double since = stats::kNoValue;
  double ready = stats::kNoValue;  // the end of its cooldown; kNoValue outside of one
  // When time alone evaluates it next: an interval, a cron time, the end of its `for`, or of a
  // cooldown that held it back. kNoValue for no such time, and without repetitions.
  double next = stats::kNoValue;
  std::uint64_t values = 0;  // values of the parameter for which there are rules

  // Adds the report of a rule for a value.
  void Add(const RuleReport& other);
};

// The values of a parameter by which rules and metrics are divided, see Split.
struct SplitReport {
  std::vector<std::string> values;  // as JSON, in the order in which they came
  std::vector<double> metrics;      // for each value those of the split, in the order of the plan
  std::vector<double> firings;      // for each value of each rule of the split, likewise
  std::uint64_t beyond = 0;         // jobs with values beyond the limit of values
  std::uint64_t without = 0;        // jobs without the parameter
};

// All rules, and the values of the plan's metrics.
struct RuleReports {
  std::vector<RuleReport> rules;
  std::vector<double> metrics;
  std::vector<SplitReport> splits;
};

// One time that a rule's action is due.
struct Firing {
  std::uint64_t number = 0;  // counted from 0 in this run
  std::uint32_t rule = 0;
  double timestamp = 0;  // of the event or tick, seconds since the epoch
  std::optional<journal::JobId> job;
  std::uint32_t group = kNoGroup;
  std::uint32_t state = kNoState;  // in which it was evaluated
  std::uint32_t go_to = kNoState;  // that it led to
  double value = stats::kNoValue;  // of the metric, for metric rules
  std::string event;    // the event's name, of a stalled job its last one's; empty without an event
  std::string context;  // its context's JSON, for rules that want it
  // All metrics as they were then, for the same rules: a function's decision must not depend on
  // when it runs.
  std::shared_ptr<const Snapshot> snapshot;
  // Details of the job, for the same rules, when its group is remembered: see JobDetails.
  std::shared_ptr<const JobParameters> parameters;
  std::optional<std::uint32_t> entry;
  std::string origin;
  bool submitting = false;  // the source submits the rule's jobs, JavaScript need not
  bool resolved = false;    // the rule's condition has stopped holding: its Resolution is due
  std::string by;  // the value of the parameter for which the rule fired, as JSON; empty for none

  template <typename Archive>
  void Persist(Archive& archive) {
    auto copy = snapshot == nullptr ? nullptr : std::make_unique<Snapshot>(*snapshot);
    // The flags are in one byte, which was `submitting` alone at first.
    auto flags =
        static_cast<std::uint8_t>((submitting ? 1 : 0) | (resolved ? 2 : 0) | (by.empty() ? 0 : 4));
    archive(number, rule, timestamp, job, group, state, go_to, value, event, context, copy, entry,
            origin, flags);
    submitting = (flags & 1) != 0;
    resolved = (flags & 2) != 0;
    if ((flags & 4) != 0) archive(by);
    PersistParameters(archive, parameters);
    if constexpr (Archive::kReads) snapshot = std::move(copy);
  }
};

}  // namespace flux_ensemble::engine
