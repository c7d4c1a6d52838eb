// Commands to a runner and the answers to them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/output.h"
#include "engine/plan.h"
#include "log/entries.h"
#include "runner/known_jobs.h"
#include "runner/restoration.h"
#include "runner/source.h"

namespace flux_ensemble::runner {

struct StartCommand {
  double now;  // seconds since the epoch
};
// Takes in the log in a folder again. The first command of a runner that restores.
struct RestoreCommand {
  std::string folder;
  bool keep_firings;  // firings come as they did in the run; the run does not go on
};
// A restored run goes on at `now`.
struct ResumeCommand {
  double now;  // seconds since the epoch
};
// The fate of jobs that are active at the reconciliation of a restored run.
enum class LostJobs : std::uint8_t {
  kNone,   // they are not lost
  kAgain,  // they are taken back, and come as retries
  kFail,   // they fail
};
// The source has shown all jobs of the run that it knows.
struct ReconciledCommand {
  LostJobs lost;
};
// Asks for the known jobs of a firing that was open when the run was restored, or of a request from
// outside.
struct KnownJobsCommand {
  std::uint64_t firing;
  bool from_outside;
};
// A note of the owner for the log. The answer comes when the kernel has it.
struct NoteCommand {
  std::optional<std::uint64_t> firing;
  std::string text;
};
// A firing's action is done, with all that followed from it.
struct DoneCommand {
  std::uint64_t firing;
};
// The run is interrupted. Later entries of the log do not count when the run is restored.
struct InterruptedCommand {};
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
  log::Probed probed;
};
struct EndCommand {};
// A paused runner submits nothing for firings by itself and leaves that to its owner.
struct PauseCommand {
  bool on;
};
// Asks for leave to submit jobs of a group; the answer is a number of jobs, once limits allow one
// or more, 0 when the submission was dropped or all its jobs have left. `ticket` is the owner's
// name of the submission. It asks again until the answer is 0; `lost` jobs of the last answer did
// not become jobs.
struct AdmitCommand {
  std::uint64_t ticket;
  std::uint32_t group;
  std::uint64_t count;
  int urgency;
  bool again;
  std::uint64_t lost;
};
// Sets the most jobs that are active at once, in place of a limit of the plan.
struct WindowCommand {
  std::uint64_t active;
};
// Drops what limits hold back of a group. The answer is the number of jobs.
struct DropCommand {
  engine::GroupPart part;
};
// The owner has more jobs of a group that it makes when they are submitted, or fewer.
struct UnmadeCommand {
  std::uint32_t group;
  std::int64_t change;
};
// Sets the urgency of what limits hold back of a group. The answer is the number of jobs.
struct QueuedUrgencyCommand {
  std::uint32_t group;
  int urgency;
};
// The size of the run's allocation and its end, see engine::MetricTable::SetAllocation().
struct AllocationCommand {
  double size;
  double end;
};
// No action of the owner may submit jobs of the group. The answer is 1 when the group is done, 0
// when it is not.
struct GroupDoneCommand {
  std::uint32_t group;
};
// The run has nothing left to do, or was ended.
struct EndOfRunCommand {};
struct LimitsCommand {};
struct StatusCommand {};
struct SnapshotCommand {};
struct RulesCommand {};
struct FailuresCommand {};
struct ActiveJobsCommand {
  engine::GroupPart part;  // of engine::kNoGroup for all groups
};
// `wanted` has a bit for each journal::EventKind that the source brings. With `tap`, the source's
// records are copied to the outbox.
struct OpenSourceCommand {
  std::unique_ptr<Source> source;
  std::uint64_t wanted;
  bool tap;
};
struct CloseSourceCommand {};
// The source brings the events with these names, too; those with all names for an empty list.
// `wanted` has the bits of all.
struct WidenCommand {
  std::vector<std::string> allow;
  std::uint64_t wanted;
};
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
  Question question;
};

using CommandBody =
    std::variant<StartCommand, RestoreCommand, ResumeCommand, ReconciledCommand, KnownJobsCommand,
                 NoteCommand, DoneCommand, InterruptedCommand, IngestCommand, FinishStreamCommand,
                 TickCommand, AdvanceCommand, AddRuleCommand, GoToCommand, ProbedCommand,
                 EndCommand, PauseCommand, AdmitCommand, WindowCommand, DropCommand, UnmadeCommand,
                 QueuedUrgencyCommand, AllocationCommand, GroupDoneCommand, EndOfRunCommand,
                 LimitsCommand, StatusCommand, SnapshotCommand, RulesCommand, FailuresCommand,
                 ActiveJobsCommand, OpenSourceCommand, CloseSourceCommand, SubmitCommand,
                 CancelCommand, UrgencyCommand, AskCommand, WidenCommand>;

// The answer carries the command's number.
struct Command {
  std::uint64_t number = 0;
  CommandBody body;
};

// The content of a run's log.
struct Restored {
  std::string error;  // why the log can't be read; empty for none
  bool started = false;
  bool ended = false;        // rules no longer fire
  bool interrupted = false;  // the last process was interrupted
  double latest = 0;         // the last time in it, seconds since the epoch
  std::uint32_t epoch = 0;   // of this process; 0 without a log of its own
  std::vector<OpenFiring> firings;
  std::vector<std::string> notes;
  std::uint64_t jobs = 0;
  std::uint64_t active = 0;
  std::uint64_t retrying = 0;
  std::uint64_t events = 0;
  double seconds = 0;  // that it took
  // The number of the segment after which a checkpoint was used; 0 for none.
  std::uint64_t checkpoint = 0;
  double begins = 0;   // the time of this checkpoint, in seconds since the epoch; 0 without one
  std::string damage;  // words for what is lost; empty for nothing
};

// The budgets that were reached, and by group the jobs that were not submitted since then.
struct ReachedLimits {
  std::vector<engine::ReachedLimit> limits;
  std::vector<double> withheld;
};

using AnswerBody =
    std::variant<std::monostate, std::uint32_t, double, engine::Status, engine::Snapshot,
                 engine::RuleReports, Restored, std::vector<KnownRange>,
                 std::vector<engine::GroupFailures>, std::vector<journal::JobId>, SubmitReport,
                 ControlReport, std::string, SourceFacts, SourceFailure, ReachedLimits>;

struct Answer {
  std::uint64_t number = 0;
  AnswerBody body;
};

}  // namespace flux_ensemble::runner
