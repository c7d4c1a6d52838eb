// The reasons for which jobs of a group failed, each with a count and its first jobs. A group's
// memory is bounded, for any number of failed jobs and reasons.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "journal/record.h"

namespace flux_ensemble::engine {

enum class FailureKind : std::uint8_t {
  kException,  // a fatal exception, `timeout` and `exec` among them
  kStatus,     // the job's own exit status
  kUnknown,    // the journal does not say
  kCanceled,   // canceled by others: not a failure, but not requested by the run
  kMore,       // all reasons after the first kMaxReasons
};

struct FailureReason {
  FailureKind kind = FailureKind::kUnknown;
  std::string type;  // of the exception; of a canceled job the user's id
  std::string note;  // of the exception of the first job
  // Notes of other jobs differ from the first one in numbers, ids, hosts or paths.
  bool varies = false;
  std::int32_t status = 0;           // a wait(2) status: of the first job that has one
  std::uint64_t count = 0;           // jobs that failed for it and are not submitted again
  std::uint64_t waiting = 0;         // jobs that failed for it and wait for their next submission
  std::vector<journal::JobId> jobs;  // the first of those that count

  std::string key;         // the note without the parts that differ from job to job
  std::uint64_t seen = 0;  // jobs that failed for it, submitted again or not

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(kind, type, note, varies, status, count, waiting, jobs, key, seen);
  }
};

// A job that failed, as an example of its reason.
struct FailureReport {
  std::uint32_t group = 0;
  std::uint32_t reason = 0;  // number of the reason in the group, counted from 0
  journal::JobId job = 0;
  bool again = false;    // the job is to be submitted again
  bool started = false;  // it had a start event
  FailureReason what;    // with the counts as they were then
};

// The failures of a group.
struct GroupFailures {
  std::uint32_t group = 0;
  std::vector<FailureReason> reasons;
};

class FailureDigest {
 public:
  static constexpr std::size_t kMaxReasons = 32;
  static constexpr std::size_t kMaxJobs = 3;
  static constexpr std::size_t kMaxNote = 300;  // bytes of a note that are stored

  // The number of a reason, counted from 1, so that a job can keep it in one byte.
  using Number = std::uint8_t;

  Number OfException(std::string_view type, std::string_view note);
  Number OfCancel(std::string_view user, std::string_view note);
  Number OfStatus(std::int32_t status);
  Number Unknown();
  // A job that ended by an exception has an exit status as well.
  void AddStatus(Number number, std::int32_t status);

  // The job failed, and is submitted again or not. True when it is one of the first, or of the
  // examples that get rarer the more jobs there are.
  bool Fail(Number number, journal::JobId job, bool again);
  // One that waited for its next submission has been submitted, or waits again.
  void Resubmitted(Number number) { --reasons_[number - 1].waiting; }
  void Await(Number number) { ++reasons_[number - 1].waiting; }

  const std::vector<FailureReason>& reasons() const { return reasons_; }

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(reasons_);
  }

 private:
  Number OfNote(FailureKind kind, std::string_view type, std::string_view note);
  Number Find(FailureKind kind, std::string_view type, std::string_view key, std::int32_t status);

  std::vector<FailureReason> reasons_;
};

// A note without its numbers, ids, hosts and paths. Notes of one reason have it in common.
std::string KeyOfNote(std::string_view note);

}  // namespace flux_ensemble::engine
