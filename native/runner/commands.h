// Commands to a runner and the answers to them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "engine/output.h"
#include "engine/plan.h"
#include "runner/source.h"

namespace flux_ensemble::runner {

struct StartCommand {
  double now;  // seconds since the epoch
};
struct IngestCommand {
  std::string bytes;  // the journal's bytes, followed by journal::kPadding others
};
struct FinishStreamCommand {};
struct TickCommand {
  double now;  // seconds since the epoch
};
struct AdvanceCommand {
  double until;  // seconds since the epoch
};
// `metrics` are appended to the plan's, for the rule to refer to. `json` is both as the owner has
// them, for the log.
struct AddRuleCommand {
  engine::Rule rule;
  std::vector<engine::Metric> metrics;
  std::string json;
};
struct GoToCommand {
  std::uint32_t state;
};
struct ProbedCommand {
  std::uint32_t group;
  std::size_t first;
  std::vector<double> values;
  double time;  // seconds since the epoch
};
struct EndCommand {};
// A paused runner submits nothing for firings by itself and leaves that to its owner.
struct PauseCommand {
  bool on;
};
struct StatusCommand {};
struct SnapshotCommand {};
struct RulesCommand {};
struct FailuresCommand {};
struct ActiveJobsCommand {
  std::uint32_t group;  // engine::kNoGroup for all groups
};
// `wanted` has a bit for each journal::EventKind that the source brings. With `tap`, the source's
// records are copied to the outbox.
struct OpenSourceCommand {
  std::unique_ptr<Source> source;
  std::uint64_t wanted;
  bool tap;
};
struct CloseSourceCommand {};
// The order gets the command's number.
struct SubmitCommand {
  SubmitOrder order;
};
struct CancelCommand {
  std::vector<journal::JobId> ids;
  std::string note;
};
struct UrgencyCommand {
  std::vector<journal::JobId> ids;
  int urgency;
};
struct AskCommand {
  std::string topic;
  std::string json;
};

using CommandBody =
    std::variant<StartCommand, IngestCommand, FinishStreamCommand, TickCommand, AdvanceCommand,
                 AddRuleCommand, GoToCommand, ProbedCommand, EndCommand, PauseCommand,
                 StatusCommand, SnapshotCommand, RulesCommand, FailuresCommand, ActiveJobsCommand,
                 OpenSourceCommand, CloseSourceCommand, SubmitCommand, CancelCommand,
                 UrgencyCommand, AskCommand>;

// The answer carries the command's number.
struct Command {
  std::uint64_t number = 0;
  CommandBody body;
};

using AnswerBody = std::variant<std::monostate, std::uint32_t, double, engine::Status,
                                engine::Snapshot, engine::RuleReports,
                                std::vector<engine::GroupFailures>, std::vector<journal::JobId>,
                                SubmitReport, ControlReport, std::string, SourceFailure>;

struct Answer {
  std::uint64_t number = 0;
  AnswerBody body;
};

}  // namespace flux_ensemble::runner
