// Drives the session with a workload manager. It hands the journal to the engine and submits the
// jobs of firings and retries that need no JavaScript.
//
// Threads: everything happens on the runner's thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/engine.h"
#include "runner/commands.h"
#include "runner/outbox.h"
#include "runner/restoration.h"
#include "runner/run_log.h"
#include "runner/source.h"
#include "runner/submission_queue.h"

namespace flux_ensemble::runner {

class SourceDriver : private SourceListener {
 public:
  using Clock = Source::Clock;

  // Answers, reports and tapped records go to `outbox`. Before a request leaves, the log is
  // committed. The arguments outlive the driver.
  SourceDriver(engine::Engine& engine, Outbox& outbox, RunLog& log, SubmissionQueue& queue)
      : engine_(engine), outbox_(outbox), log_(log), queue_(queue) {}

  bool is_open() const { return source_ != nullptr; }
  // The stream is lost, or the source looks for jobs that ended meanwhile.
  bool interrupted() const { return source_ != nullptr && source_->interrupted(); }
  // Readable when Pump() has something to do; -1 while there is nothing to wait for.
  int fd() const { return source_ == nullptr ? -1 : source_->fd(); }
  // The time at which Pump() has something to do although nothing is readable.
  std::optional<Clock::time_point> deadline() const;
  // Time to wait before the next Pump() so that messages gather; asked once before each wait.
  std::optional<Clock::duration> TakeBatchingDelay();

  // Takes messages without waiting. True if there may be more.
  bool Pump();

  // Nothing is submitted by the driver itself until Reconciled(). A source that is opened until
  // then shows jobs of the run again.
  void Restore(Restoration& restoration);
  // The source has shown all jobs of the run.
  void Reconciled();
  // A firing's action is done. It is logged when all jobs that were accepted so far are in the
  // journal.
  void Done(std::uint64_t firing);

  // Firings are submitted by the driver unless it is paused.
  void Pause(bool on) { paused_ = on; }
  // Submits the jobs of firings that ask for nothing but a submission.
  void SubmitFirings();
  // Submits jobs whose retry is due. Jobs whose templates are filled in again are left to
  // JavaScript, and so are all jobs where no source is open.
  void SubmitRetries();
  // Submits what limits no longer hold back, and answers requests of the owner.
  void Leave();
  // Drops what limits hold back of these jobs. Returns how many that were.
  std::uint64_t DropGroup(const engine::GroupPart& part);
  // Waiting orders are dropped.
  void StopSubmitting();
  // The engine's firings and retries were moved out.
  void OnPublished() { seen_firings_ = seen_retries_ = 0; }

  void Open(std::uint64_t number, OpenSourceCommand& command);
  // Reports everything under way as failed and disconnects.
  void Close();
  // Disconnects without a report.
  void Disconnect() { source_.reset(); }
  void Submit(std::uint64_t number, SubmitCommand& command);
  void Cancel(std::uint64_t number, CancelCommand& command);
  void SetUrgency(std::uint64_t number, UrgencyCommand& command);
  void Ask(std::uint64_t number, AskCommand& command);
  void Widen(std::uint64_t number, WidenCommand& command);

  // Jobs on their way to the source, or accepted and not yet in the journal.
  std::uint64_t submitting() const;

 private:
  // A firing's jobs on their way, in one order or several.
  struct PendingSubmission {
    std::size_t orders = 0;
    SubmitReport report;
  };

  void OnOpen(SourceFacts facts) override;
  void OnStream() override;
  void OnJournal(std::string_view record) override;
  void OnSubmitted(SubmitReport report) override;
  void OnControlled(ControlReport report) override;
  void OnAsked(std::uint64_t number, std::string_view json) override;
  void OnAskFailed(std::uint64_t number, SourceFailure failure) override;
  void OnFailure(SourceFailure failure) override;

  // Submits an order, unless limits hold it back.
  void Send(SubmitOrder order);
  void Deal(SubmissionQueue::Leaving leaving);
  bool CheckOpen(std::uint64_t number);
  void Reply(std::uint64_t number, AnswerBody body);
  void AwaitRefusal();
  void UpdateIdle();
  void LogDone();
  // Jobs of this session that are in the journal.
  std::uint64_t in_journal() const;

  engine::Engine& engine_;
  Outbox& outbox_;
  RunLog& log_;
  SubmissionQueue& queue_;

  std::unique_ptr<Source> source_;
  std::uint64_t wanted_ = 0;
  bool tap_ = false;
  bool received_ = false;  // a record since the last TakeBatchingDelay()
  bool paused_ = false;
  Restoration* restoration_ = nullptr;  // until Reconciled()
  std::uint64_t own_before_ = 0;        // jobs in the journal that this session did not submit
  // Firings that are done once this number of jobs is in the journal.
  std::deque<std::pair<std::uint64_t, std::uint64_t>> done_;
  bool idle_ = false;                     // no job is active, and none is on its way
  bool streamed_ = false;                 // the source's stream has begun before
  std::optional<std::uint64_t> opening_;  // number of the command that waits for the source
  // The job whose submit may still be refused, and how long the refusal is awaited.
  std::optional<journal::JobId> unvalidated_;
  Clock::time_point refusal_deadline_{};
  std::size_t seen_firings_ = 0;  // of the engine's firings, by SubmitFirings()
  std::size_t seen_retries_ = 0;
  std::unordered_map<std::uint64_t, PendingSubmission> pending_;  // by the firing's number
};

}  // namespace flux_ensemble::runner
