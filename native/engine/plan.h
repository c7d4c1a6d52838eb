// An ensemble's rules, compiled: what TypeScript hands over at load, names resolved to indexes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/jobspec.h"
#include "engine/metric_table.h"
#include "engine/touch.h"

namespace flux_ensemble::engine {

enum class Comparison : std::uint8_t {
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kEqual,
  kNotEqual
};

constexpr bool Holds(Comparison comparison, double value, double threshold) {
  switch (comparison) {
    case Comparison::kLess:
      return value < threshold;
    case Comparison::kLessEqual:
      return value <= threshold;
    case Comparison::kGreater:
      return value > threshold;
    case Comparison::kGreaterEqual:
      return value >= threshold;
    case Comparison::kEqual:
      return value == threshold;
    case Comparison::kNotEqual:
      return value != threshold;
  }
  return false;
}

struct Condition {
  Comparison comparison = Comparison::kEqual;
  double threshold = 0;
};

enum class TriggerType : std::uint8_t { kStart, kHeartbeat, kMetric, kJob };

struct Rule {
  TriggerType trigger = TriggerType::kStart;
  // kJob: kNoGroup for any group's jobs. For kMetric, group and touch follow from the metric: the
  // engine fills them in.
  std::uint32_t group = kNoGroup;
  Touch touch = Touch::kNone;            // kMetric and kJob: what makes the rule due
  std::uint32_t metric = kNoMetric;      // kMetric: index into the table of metrics
  std::optional<Condition> condition;    // kMetric; without one, any value will do
  std::uint64_t repetitions = 1;         // runs left
  std::optional<std::uint64_t> backoff;  // occasions to let pass after each run
  std::uint64_t passing = 0;             // occasions still to let pass
  bool terminal = false;                 // its action ends the ensemble
  bool wants_event = false;              // its action gets to see the event's context
  std::vector<SubmitPortion> submit;     // what a source can submit by itself; else JavaScript acts
};

// A group of whose active jobs more is remembered (job_details.h).
struct RememberedGroup {
  std::uint32_t group = kNoGroup;
};

struct Plan {
  std::vector<std::string> groups;
  std::vector<RememberedGroup> remembered;
  // Take in every group that a record names, besides those listed.
  bool track_all = false;
  // This run's id; jobs that name another one are not ours. Empty: whatever they name.
  std::string ensemble;
  // Seconds between heartbeats, 0 for none.
  double heartbeat = 0;
  // For recordings: time is that of the events. The run begins with the first one, and heartbeats
  // come when an event's time has passed them.
  bool virtual_time = false;
  // What the rules refer to, by index.
  std::vector<Metric> metrics;
  std::vector<Rule> rules;
};

}  // namespace flux_ensemble::engine
