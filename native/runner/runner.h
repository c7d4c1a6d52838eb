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
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/thread.h"
#include "engine/engine.h"
#include "runner/commands.h"
#include "runner/compactor.h"
#include "runner/event_fd.h"
#include "runner/event_queue.h"
#include "runner/outbox.h"
#include "runner/restoration.h"
#include "runner/run_clock.h"
#include "runner/run_log.h"
#include "runner/source_driver.h"

namespace flux_ensemble::runner {

class Runner {
 public:
  // `wake` is called on the runner's thread when there is something to take. With `log`, everything
  // that the engine takes in is logged, which is not possible in virtual time. The log keeps
  // `log_limit` bytes at least. A runner that restores begins with RestoreCommand, and its time
  // stands still until ResumeCommand.
  Runner(engine::Plan plan, std::function<void()> wake, std::unique_ptr<log::Writer> log = nullptr,
         bool restores = false, std::uint64_t log_limit = CompactorOptions().keep);
  ~Runner() { Stop(); }
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  // Starts the thread. Returns 0 or an errno.
  int Start();

  void Post(Command command);

  // Moves out what has gathered; allows the next wake.
  Outbox Take();

  // From the next command on, raw events are gathered, at most `capacity` waiting to be taken. An
  // event without room is dropped and counted, or with `hold` the engine waits. A capacity of 0
  // ends the gathering, also for an engine that waits.
  void GatherEvents(std::size_t capacity, bool hold);

  // Moves out the raw events that have gathered. A wake comes when the first event is added to an
  // empty queue.
  EventBatch TakeEvents();

  // The next times of a cron rule, empty when no more will come. In virtual time the engine waits
  // for them. In real time they are requested long before they are needed.
  void SupplyTimes(std::uint32_t rule, std::vector<double> times);

  // The rule of a request in Outbox::rule_requests, and its metrics.
  void SupplyRule(engine::Rule rule, std::vector<engine::Metric> metrics);

  // Stops the thread and joins it. Commands that it has not begun are never answered. Idempotent.
  void Stop();

 private:
  using Clock = std::chrono::steady_clock;

  engine::Plan Logged(engine::Plan plan, std::uint64_t log_limit);
  void Loop();
  bool RunCommands();
  bool NextCommand(Command& command);
  void Wait();
  void Beat();
  void PassTime();
  void SetStreamAhead();
  void UpdateIdleByTime();
  bool PumpSource();
  Clock::time_point NextBeat() const;
  std::optional<std::vector<double>> AskTimes(std::uint32_t rule, double after);
  void Ingest(std::string_view bytes);
  engine::Status GetStatus();
  void Begin(double now);
  void RestoreRule(std::string_view json);
  void CompactLog();
  double Lose(LostJobs lost);
  void FailLost(journal::JobId id);

  // One overload a command: a command without one does not compile.
  void Run(std::uint64_t number, StartCommand& command);
  void Run(std::uint64_t number, RestoreCommand& command);
  void Run(std::uint64_t number, ResumeCommand& command);
  void Run(std::uint64_t number, ReconciledCommand& command);
  void Run(std::uint64_t number, KnownJobsCommand& command);
  void Run(std::uint64_t number, NoteCommand& command);
  void Run(std::uint64_t number, DoneCommand& command);
  void Run(std::uint64_t number, InterruptedCommand& command);
  void Run(std::uint64_t number, IngestCommand& command);
  void Run(std::uint64_t number, FinishStreamCommand& command);
  void Run(std::uint64_t number, TickCommand& command);
  void Run(std::uint64_t number, AdvanceCommand& command);
  void Run(std::uint64_t number, AddRuleCommand& command);
  void Run(std::uint64_t number, GoToCommand& command);
  void Run(std::uint64_t number, ProbedCommand& command);
  void Run(std::uint64_t number, EndCommand& command);
  void Run(std::uint64_t number, PauseCommand& command);
  void Run(std::uint64_t number, AdmitCommand& command);
  void Run(std::uint64_t number, WindowCommand& command);
  void Run(std::uint64_t number, DropCommand& command);
  void Run(std::uint64_t number, UnmadeCommand& command);
  void Run(std::uint64_t number, QueuedUrgencyCommand& command);
  void Run(std::uint64_t number, AllocationCommand& command);
  void Run(std::uint64_t number, GroupDoneCommand& command);
  void Run(std::uint64_t number, EndOfRunCommand& command);
  void Run(std::uint64_t number, LimitsCommand& command);
  void Run(std::uint64_t number, StatusCommand& command);
  void Run(std::uint64_t number, SnapshotCommand& command);
  void Run(std::uint64_t number, RulesCommand& command);
  void Run(std::uint64_t number, FailuresCommand& command);
  void Run(std::uint64_t number, ActiveJobsCommand& command);
  void Run(std::uint64_t number, OpenSourceCommand& command);
  void Run(std::uint64_t number, CloseSourceCommand& command);
  void Run(std::uint64_t number, SubmitCommand& command);
  void Run(std::uint64_t number, CancelCommand& command);
  void Run(std::uint64_t number, UrgencyCommand& command);
  void Run(std::uint64_t number, AskCommand& command);
  void Run(std::uint64_t number, WidenCommand& command);
  void Reply(std::uint64_t number, AnswerBody body);

  // Moves what has gathered to the outbox and wakes the owner.
  void Publish();
  void PublishEvents(std::unique_lock<std::mutex>& lock);
  void Wake(std::unique_lock<std::mutex>& lock);

  const double heartbeat_;
  const bool virtual_time_;
  RunLog log_;
  std::unique_ptr<Compactor> compactor_;  // null without a log
  std::vector<AddedRule> added_rules_;
  std::uint64_t compacted_ = 0;  // the last segment that the compactor was given
  engine::Engine engine_;
  const std::function<void()> wake_;
  // Heartbeats begin with the run. In virtual time the engine makes them.
  bool beating_ = false;
  Clock::time_point next_beat_{};
  RunClock clock_;
  bool restores_;                             // time stands still
  bool replaying_ = false;                    // the log is taken in
  std::unique_ptr<Restoration> restoration_;  // of a restored run
  Outbox gathered_;                           // for the next Publish
  SubmissionQueue queue_{engine_, log_,
                         [this] { return virtual_time_ ? engine_.now() : clock_.Now(); }};
  SourceDriver source_{engine_, gathered_, log_, queue_};

  std::mutex mutex_;
  std::condition_variable changed_;  // room for events, times of a cron rule, or the stop
  std::deque<Command> commands_;
  Outbox outbox_;
  EventQueue events_;
  std::unordered_map<std::uint32_t, std::vector<double>> supplied_;  // by rule
  std::optional<std::pair<engine::Rule, std::vector<engine::Metric>>> supplied_rule_;
  bool wake_pending_ = false;
  std::atomic<bool> stopping_ = false;  // set under the mutex

  EventFd posted_;  // a command, or the stop
  Thread thread_;
};

}  // namespace flux_ensemble::runner
