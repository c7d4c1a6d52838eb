// Where journal records come from without passing through JavaScript, and where jobs can be
// submitted without it: a session with a workload manager, driven by the runner's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/jobspec.h"
#include "journal/record.h"

namespace flux_ensemble::runner {

// Jobs to be submitted.
struct SubmitOrder {
  std::uint64_t number = 0;  // under which its report comes
  engine::SubmitPortion portion;
  std::int64_t rule = -1;         // -1 for none: it was asked for from outside
  std::uint64_t firing = 0;       // of the rule, or of those asked for from outside
  std::uint64_t first_index = 0;  // of these jobs among those of the firing
  std::uint32_t attempt = 0;      // times that they were submitted before
};

struct SubmitReport {
  std::uint64_t number = 0;
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;
  std::uint64_t dropped = 0;  // never sent: the session was ending, or a refusal ended the order
  std::string reason;         // of the first refusal
  bool of_retry = false;      // the number is that of a retry
};

// Something asked of jobs that exist.
struct ControlReport {
  std::uint64_t number = 0;
  std::uint64_t done = 0;    // jobs for which it was done
  std::uint64_t failed = 0;  // for other reasons than that the job is not active any more
  std::string reason;        // of the first failure
};

struct SourceFailure {
  std::string code;  // stable: EPERM, ENOSYS, ECONNRESET, ...
  std::string message;
};

// What a source tells, on the thread that pumps it.
class SourceListener {
 public:
  // One journal record; journal::kPadding bytes behind it are readable.
  virtual void OnJournal(std::string_view record) = 0;
  // The stream has begun, again if it was before: what follows up to the sentinel is a backlog.
  virtual void OnStream() = 0;
  virtual void OnOpen() = 0;
  virtual void OnSubmitted(SubmitReport report) = 0;
  virtual void OnControlled(ControlReport report) = 0;
  // To a question: the answer's JSON.
  virtual void OnAsked(std::uint64_t number, std::string_view json) = 0;
  virtual void OnAskFailed(std::uint64_t number, SourceFailure failure) = 0;
  // The source has failed for good and tells no more.
  virtual void OnFailure(SourceFailure failure) = 0;

 protected:
  ~SourceListener() = default;
};

class Source {
 public:
  using Clock = std::chrono::steady_clock;

  virtual ~Source() = default;

  // Connects and asks for the stream. May wait for the other side, for seconds at most.
  virtual void Open(SourceListener& listener) = 0;
  // To wait for readability of; -1 while there is nothing to wait for.
  virtual int fd() const = 0;
  // When Pump has something to do though nothing is readable.
  virtual std::optional<Clock::time_point> deadline() const = 0;
  // Takes what is there without waiting, but not too much of it: true if there may be more.
  virtual bool Pump(SourceListener& listener) = 0;

  virtual void Submit(SubmitOrder order, SourceListener& listener) = 0;
  virtual void Cancel(std::uint64_t number, std::vector<journal::JobId> ids, std::string note,
                      SourceListener& listener) = 0;
  virtual void SetUrgency(std::uint64_t number, std::vector<journal::JobId> ids, int urgency,
                          SourceListener& listener) = 0;
  // Asks the workload manager something in its own terms: a topic and JSON.
  virtual void Ask(std::uint64_t number, std::string topic, std::string json,
                   SourceListener& listener) = 0;
  // Orders that wait are dropped; what was sent is waited for.
  virtual void StopSubmitting(SourceListener& listener) = 0;
  // The eventlog of a job that is not active any more, as a record of the journal.
  virtual void LookupEventlog(journal::JobId id) = 0;
  // Reports everything that is under way as dropped or failed, without waiting for it. Nothing else
  // is told from then on.
  virtual void Close(SourceListener& listener) = 0;

  // Jobs ordered or sent and not answered.
  virtual std::uint64_t submitting() const = 0;
  // Jobs accepted so far.
  virtual std::uint64_t accepted() const = 0;
};

}  // namespace flux_ensemble::runner
