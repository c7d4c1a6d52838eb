// An engine on a thread of its own: commands go in, answers and firings come out through one
// outbox. With a source (source.h) the thread also drives the session with the workload manager: it
// takes the journal from there and submits the jobs of rules that only submit, so a busy event loop
// delays neither.
//
// Threads: Post, Take, TakeEvents, GatherEvents, SupplyTimes and Stop are called by the owner,
// everything else happens on the runner's thread. One wake is under way at most: the next one comes
// only after Take. No lock is held while waking.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "engine/engine.h"
#include "runner/event_fd.h"
#include "runner/source.h"
#include "runner/thread.h"

namespace flux_ensemble::engine {

// Commands, each with the number under which it is answered.
struct StartCommand {
  double now;  // seconds since the epoch
};
struct IngestCommand {
  std::string bytes;  // the journal's bytes, then journal::kPadding others
};
struct FinishStreamCommand {};
struct TickCommand {
  double now;
};
struct AdvanceCommand {
  double until;
};
// `metrics` are added behind those there are, for the rule to refer to.
struct AddRuleCommand {
  Rule rule;
  std::vector<Metric> metrics;
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
// While paused, the runner submits nothing for firings by itself: that is left to its owner.
struct PauseCommand {
  bool on;
};
struct StatusCommand {};
struct SnapshotCommand {};
struct RulesCommand {};
struct FailuresCommand {};
struct ActiveJobsCommand {
  std::uint32_t group;
};
// `wanted` has a bit for each journal::EventKind that the source brings. With `tap`, records go to
// the outbox too, as they came.
struct OpenSourceCommand {
  std::unique_ptr<Source> source;
  std::uint64_t wanted;
  bool tap;
};
struct CloseSourceCommand {};
// The order's number is the command's.
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

struct Command {
  std::uint64_t number = 0;
  CommandBody body;
};

using AnswerBody =
    std::variant<std::monostate, std::uint32_t, double, Status, Snapshot, RuleReports,
                 std::vector<GroupFailures>, std::vector<journal::JobId>, SubmitReport,
                 ControlReport, std::string, SourceFailure>;

struct Answer {
  std::uint64_t number = 0;
  AnswerBody body;
};

// The next times of a cron rule are wanted, behind `after`; SupplyTimes() brings them.
struct TimeRequest {
  std::uint32_t rule = 0;
  double after = 0;  // seconds since the epoch
};

// What came of the jobs of a firing, or of a retry, that were submitted without JavaScript;
// `number` is that one's.
using Submission = SubmitReport;

// What the owner takes at a wake. Firings that led to an answer are in the same outbox or an
// earlier one.
struct Outbox {
  std::vector<Answer> answers;
  std::vector<Firing> firings;
  std::vector<Retry> retries;           // jobs that are to be submitted again now
  std::vector<FailureReport> failures;  // examples of jobs that failed
  std::vector<Submission> submissions;
  std::vector<journal::DecodeError> decode_errors;
  std::vector<TimeRequest> time_requests;
  // Names of groups that the plan does not list, in the order of their indexes; each is handed over
  // once, with an outbox or an event batch, and not after the answer or the events that need it.
  std::vector<std::string> new_groups;
  std::string records;                   // the source's records, one a line, when tapped
  std::optional<SourceFailure> failure;  // the source has failed after it was open
  bool events_waiting = false;           // there is an event batch to take
  bool quiet = false;  // the last thing has happened that could have made a run go on

  bool empty() const {
    return answers.empty() && firings.empty() && retries.empty() && submissions.empty() &&
           decode_errors.empty() && failures.empty() && time_requests.empty() &&
           new_groups.empty() && records.empty() && !failure && !quiet;
  }
};

// Raw events, taken apart from the rest: only when their consumer wants them.
struct EventBatch {
  EventColumns columns;
  std::vector<std::string> new_groups;   // as in an outbox
  std::vector<std::string> named_kinds;  // new ones, in the order of their numbers
  std::uint64_t dropped = 0;             // since the last batch
};

class Runner : private SourceListener {
 public:
  // `wake` is called on the runner's thread when there is something to take.
  Runner(Plan plan, std::function<void()> wake);
  ~Runner() { Stop(); }
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  // Starts the thread. Returns 0 or an errno.
  int Start();

  void Post(Command command);

  // Moves out what has gathered; allows the next wake.
  Outbox Take();

  // From the next command on, raw events are gathered, at most `capacity` waiting to be taken. When
  // there is no room for one it is dropped and counted, or with `hold` the engine waits. A capacity
  // of 0 ends it, also for an engine that waits.
  void GatherEvents(std::size_t capacity, bool hold);

  // Moves out the raw events that have gathered. A wake comes when there are some after there were
  // none.
  EventBatch TakeEvents();

  // The next times of a cron rule, none when there are no more. In virtual time the engine waits
  // for them, else they are asked for long before they are needed.
  void SupplyTimes(std::uint32_t rule, std::vector<double> times);

  // Stops the thread and joins it. Commands that it has not begun are never answered. Idempotent.
  void Stop();

 private:
  using Clock = std::chrono::steady_clock;

  // A firing's jobs on their way, in one order or several.
  struct Departure {
    std::size_t orders = 0;
    Submission report;
  };

  void Loop();
  bool RunCommands();
  bool NextCommand(Command& command);
  void Wait();
  void Beat();
  void PassTime();
  double Now() const;
  void SetTime(double now);
  void FollowClock(double ahead);
  void LookIfTimeIsOver();
  void AwaitRefusal();
  std::optional<std::vector<double>> AskTimes(std::uint32_t rule, double after);
  bool PumpSource();
  Clock::time_point NextBeat() const;
  void Run(Command& command);
  void OpenSource(std::uint64_t number, OpenSourceCommand& command);
  void Ingest(std::string_view bytes);
  void SubmitFirings();
  // Sends off the jobs that are to be submitted again by now.
  void SubmitRetries();
  Status GetStatus();
  // Jobs on their way to the source, or accepted and not heard of yet.
  std::uint64_t Submitting() const;
  void LookIfQuiet();

  void OnOpen() override;
  void OnStream() override;
  void OnJournal(std::string_view record) override;
  void OnSubmitted(SubmitReport report) override;
  void OnControlled(ControlReport report) override;
  void OnAsked(std::uint64_t number, std::string_view json) override;
  void OnAskFailed(std::uint64_t number, SourceFailure failure) override;
  void OnFailure(SourceFailure failure) override;

  void Reply(std::uint64_t number, AnswerBody body);
  // Hands over to the outbox what has gathered and wakes the owner.
  void Publish();
  void PublishEvents(std::unique_lock<std::mutex>& lock);
  void Wake(std::unique_lock<std::mutex>& lock);

  const double heartbeat_;
  const bool virtual_time_;
  Engine engine_;
  const std::function<void()> wake_;
  // Heartbeats begin with the run; in virtual time the engine sees to them.
  bool beating_ = false;
  Clock::time_point next_beat_{};

  // The run's own time.
  double begun_at_ = 0;  // seconds since the epoch
  Clock::time_point begun_{};
  double clock_ahead_ = 0;  // seconds by which the time of day was set ahead of it since

  std::unique_ptr<Source> source_;
  std::uint64_t wanted_ = 0;
  bool tap_ = false;
  bool heard_ = false;                    // the source has told a record since the last Wait
  bool paused_ = false;                   // firings are left to the owner
  bool quiet_ = false;                    // no job is active, and none is on its way
  bool streamed_ = false;                 // the source's stream has begun before
  std::optional<std::uint64_t> opening_;  // number of the command that waits for the source
  // The job whose submit waits, and for how long.
  std::optional<journal::JobId> unvalidated_;
  Clock::time_point patience_ends_{};
  std::size_t retries_looked_at_ = 0;  // the same for SubmitRetries
  std::size_t looked_at_ = 0;          // firings seen by SubmitFirings since the last Publish
  std::unordered_map<std::uint64_t, Departure> departures_;  // by the firing's number
  Outbox gathered_;                                          // for the next Publish

  std::mutex mutex_;
  std::condition_variable taken_;  // room for events, or the stop
  std::deque<Command> commands_;
  Outbox outbox_;
  EventBatch events_;
  std::unordered_map<std::uint32_t, std::vector<double>> supplied_;  // by rule
  std::size_t event_capacity_ = 0;
  bool hold_ = false;
  bool wake_pending_ = false;
  std::atomic<bool> stopping_ = false;  // set under the mutex

  EventFd posted_;  // a command, or the stop
  Thread thread_;
};

}  // namespace flux_ensemble::engine
