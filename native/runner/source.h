// A source of journal records outside of JavaScript, which also submits jobs: a session with a
// workload manager, driven by the runner's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/group_part.h"
#include "engine/jobspec.h"
#include "journal/record.h"

namespace flux_ensemble::runner {

// Jobs to be submitted.
struct SubmitOrder {
  std::uint64_t number = 0;  // of its report
  engine::SubmitPortion portion;
  std::int64_t rule = -1;         // -1 for a request from outside
  std::uint64_t firing = 0;       // number of the firing, or of the request from outside
  std::uint32_t part = 0;         // number of the submission among those of the firing
  std::uint64_t first_index = 0;  // index of the first of these jobs in the submission
  std::uint32_t attempt = 0;      // previous submissions of the jobs
};

struct SubmitReport {
  std::uint64_t number = 0;
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
  // Never sent: the session was ending, a refusal ended the order, or its group was canceled.
  std::uint64_t dropped = 0;
  std::string reason;          // of the first refusal
  bool of_retry = false;       // the number is that of a retry
  std::uint64_t canceled = 0;  // of the dropped jobs, those of a canceled group

  // Adds the jobs of another report, and its reason where this one has none.
  void Add(const SubmitReport& report) {
    accepted += report.accepted;
    refused += report.refused;
    dropped += report.dropped;
    canceled += report.canceled;
    if (reason.empty()) reason = report.reason;
  }
};

// A cancel of jobs, or a change of their urgency.
struct ControlReport {
  std::uint64_t number = 0;
  std::uint64_t done = 0;    // jobs for which it succeeded
  std::uint64_t failed = 0;  // jobs for which it failed, although they were active
  std::string reason;        // of the first failure
};

// A request of the workload manager's own protocol.
struct Question {
  std::string topic;
  std::string json;
  // The rank of the broker that answers; without a rank, the nearest that has the service.
  std::optional<std::uint32_t> rank;
};

struct SourceFailure {
  std::string code;  // stable: EPERM, ENOSYS, ECONNRESET, ...
  std::string message;
};

// Facts about an open source.
struct SourceFacts {
  std::uint32_t rank = 0;           // its broker
  std::string instance;             // identifies the instance until it is restarted
  bool another = false;             // not the instance that the run used before
  std::uint64_t inactive_jobs = 0;  // that the instance keeps
  bool full = false;                // the stream begins with them
  bool guest = false;               // the stream is polled, because the instance is of another user
};

// Receives a source's messages, on the thread that pumps the source.
class SourceListener {
 public:
  // One journal record; journal::kPadding bytes after it are readable.
  virtual void OnJournal(std::string_view record) = 0;
  // The stream has begun, perhaps again. Records up to the sentinel are a backlog.
  virtual void OnStream() = 0;
  // Before the stream.
  virtual void OnOpen(SourceFacts facts) = 0;
  virtual void OnSubmitted(SubmitReport report) = 0;
  virtual void OnControlled(ControlReport report) = 0;
  // The answer to Ask(), as JSON.
  virtual void OnAsked(std::uint64_t number, std::string_view json) = 0;
  virtual void OnAskFailed(std::uint64_t number, SourceFailure failure) = 0;
  // The source has failed for good. No further message follows.
  virtual void OnFailure(SourceFailure failure) = 0;

 protected:
  ~SourceListener() = default;
};

class Source {
 public:
  using Clock = std::chrono::steady_clock;

  virtual ~Source() = default;

  // Connects and requests the stream. May wait for the other side for some seconds.
  virtual void Open(SourceListener& listener) = 0;
  // Readable when Pump has something to do; -1 while there is nothing to wait for.
  virtual int fd() const = 0;
  // The time at which Pump has something to do although nothing is readable.
  virtual std::optional<Clock::time_point> deadline() const = 0;
  // Takes a bounded number of messages without waiting. True if there may be more.
  virtual bool Pump(SourceListener& listener) = 0;

  virtual void Submit(SubmitOrder order, SourceListener& listener) = 0;
  virtual void Cancel(std::uint64_t number, std::vector<journal::JobId> ids, std::string note,
                      SourceListener& listener) = 0;
  virtual void SetUrgency(std::uint64_t number, std::vector<journal::JobId> ids, int urgency,
                          SourceListener& listener) = 0;
  virtual void Ask(std::uint64_t number, Question question, SourceListener& listener) = 0;
  // From now on, the backlog of a stream that begins again has active jobs only.
  virtual void ShowActiveOnly() = 0;
  // Requests more events: `allow` has the names of all; empty for all events. The stream begins
  // again, without a gap. False when the stream can't be widened.
  virtual bool Widen(std::vector<std::string> allow, SourceListener& listener) {
    (void)allow;
    (void)listener;
    return false;
  }
  // Drops those of these jobs that wait, because they were canceled. Returns how many. For sources
  // whose orders wait for room.
  virtual std::uint64_t DropGroup(const engine::GroupPart& part, SourceListener& listener) {
    (void)part;
    (void)listener;
    return 0;
  }
  // Drops waiting orders. Jobs that were sent are still reported.
  virtual void StopSubmitting(SourceListener& listener) = 0;
  // Requests the eventlog of an inactive job. It comes as a record of the journal.
  virtual void LookupEventlog(journal::JobId id) = 0;
  // Reports everything under way as dropped or failed, without waiting. No further message follows.
  virtual void Close(SourceListener& listener) = 0;

  // The stream is lost, or the source looks for jobs that ended meanwhile.
  virtual bool interrupted() const = 0;
  // Jobs that are ordered or sent and not yet answered.
  virtual std::uint64_t submitting() const = 0;
  // Jobs accepted so far.
  virtual std::uint64_t accepted() const = 0;
};

}  // namespace flux_ensemble::runner
