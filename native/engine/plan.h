// An ensemble's rules, compiled: what TypeScript hands over at load, names resolved to indexes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/change.h"
#include "engine/jobspec.h"
#include "engine/limits.h"
#include "engine/metric_table.h"
#include "engine/program.h"
#include "engine/retries.h"
#include "engine/tells.h"

namespace flux_ensemble::engine {

enum class TriggerType : std::uint8_t {
  kStart,
  kHeartbeat,
  kMetric,
  kJob,
  kInterval,
  kCron,
  kState,
  kLimit,
  kGroupDone,
  kEnd,
};
inline constexpr std::size_t kTriggerTypeCount = 10;

// States of an ensemble by index; a rule's are a mask.
inline constexpr std::uint32_t kNoState = ~std::uint32_t{0};
inline constexpr std::size_t kMaxStates = 64;

inline constexpr std::uint32_t kNoRule = ~std::uint32_t{0};

// A parameter by whose values the jobs of some groups are divided. Metrics and rules with its index
// are made once for each value.
struct Split {
  std::string parameter;
  std::vector<std::uint32_t> groups;
};

// The second action of a metric rule: it is due when the condition, for which the rule has fired,
// is evaluated and does not hold any more.
struct Resolution {
  std::uint32_t go_to = kNoState;  // the state that it leads to
  bool terminal = false;           // it ends the ensemble
  bool wants_event = false;        // it uses the event's context
};

// A rule as it was loaded. Its state in a run is a RuleState (rule_index.h).
struct Rule {
  TriggerType trigger = TriggerType::kStart;
  std::uint32_t group = kNoGroup;     // kJob: kNoGroup for any group's jobs; kGroupDone
  Change change = Change::kNone;      // kJob: what makes the rule due
  std::uint64_t in = 0;               // a mask of the states in which it is evaluated; 0 for all
  double hold_duration = 0;           // kMetric, kState: seconds that it must have held; 0 for none
  double cooldown = 0;                // least seconds between two firings
  std::uint32_t go_to = kNoState;     // the state that it leads to
  std::uint32_t state = kNoState;     // kState: that has to be entered
  double interval = 0;                // kInterval: seconds
  std::vector<std::uint32_t> limits;  // kLimit: indexes of those that make it due
  std::optional<Program> program;     // the condition; kMetric has one, kStart has none
  std::uint64_t repetitions = 1;      // times that it may fire
  std::optional<std::uint64_t> backoff;  // times that it is skipped after each firing
  bool terminal = false;                 // its action ends the ensemble
  bool wants_event = false;              // its action uses the event's context
  bool probing = false;                  // calls probes: not a rule of the user's
  std::vector<SubmitPortion> submit;     // what a source can submit by itself; else JavaScript acts
  std::optional<Resolution> resolve;     // kMetric
  // Index of the parameter for each value of which the rule is made; kMetric and kJob.
  std::uint32_t split = kNoSplit;
  // A rule for a value: the rule that it was made from, and the value as JSON. Others have none.
  std::uint32_t original = kNoRule;
  std::string value;

  // Whether the condition holds; true without one. For a metric rule, `value`, unless it is null,
  // is set to the value of the first metric that the condition names.
  bool Holds(const Facts& facts, MetricTable& metrics, double* value = nullptr) const {
    if (!program) return true;
    return program->Holds(facts, metrics, trigger == TriggerType::kMetric ? value : nullptr);
  }

  // Whether an action of the rule uses the context of the event.
  bool WantsContext() const { return wants_event || (resolve && resolve->wants_event); }

  // Calls with every metric that the condition names, once or more often.
  template <typename Call>
  void ForEachMetric(Call call) const {
    if (!program) return;
    for (const std::uint32_t metric : program->metrics()) call(metric);
  }
  // Whether the condition names a metric for which the call returns true.
  template <typename Call>
  bool NamesAny(Call call) const {
    return program && std::ranges::any_of(program->metrics(), call);
  }
};

// A group whose active jobs have stored details (job_details.h).
struct RememberedGroup {
  std::uint32_t group = kNoGroup;
  std::optional<RetryPolicy> retry;
};

struct Plan {
  std::vector<std::string> groups;
  std::vector<RememberedGroup> remembered;
  // Track every group that a record names, in addition to those listed.
  bool track_all = false;
  // This run's id. Jobs that name another run are ignored, unless the id is empty.
  std::string ensemble;
  // Seconds between heartbeats, 0 for none.
  double heartbeat = 0;
  // For recordings: time follows the events. The run begins with the first event, and heartbeats
  // come when an event's time has passed them.
  bool virtual_time = false;
  // Every stream of every group has a sketch, so that they can be merged.
  bool sketches = false;
  // The same, but snapshots do not have the sketches: a process that goes on with the run may want
  // them, from its beginning on.
  bool keeps_sketches = false;
  // States of the ensemble, at most kMaxStates. The first is the initial one.
  std::vector<std::string> states;
  // For each group the seconds after which an active job without an event has stalled; 0 for never.
  std::vector<double> stalled;
  // For each group the one that it follows, kNoGroup for none: it is done only after that one. A
  // group follows another one directly or indirectly, but never itself.
  std::vector<std::uint32_t> follows;
  // For each group the count of numbers that its probes measure and its jobs tell; shorter when the
  // last groups have none.
  std::vector<std::size_t> probes;
  // For each group the names of what its jobs may tell; shorter when jobs of the last groups tell
  // nothing.
  std::vector<std::vector<ToldName>> tells;
  std::vector<Split> splits;
  // Limits of the ensemble and of groups.
  std::vector<Limit> limits;
  // Metrics that the rules refer to, by index.
  std::vector<Metric> metrics;
  std::vector<Rule> rules;
};

}  // namespace flux_ensemble::engine
