// Jobs that ended badly and are to be submitted again, with their times.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/job_details.h"
#include "engine/jobspec.h"
#include "journal/record.h"

namespace flux_ensemble::engine {

enum class JobOutcome : std::uint8_t { kSuccess, kFailed, kCanceled, kTimeout };

// The group's policy for jobs that end badly.
struct RetryPolicy {
  std::uint32_t times = 0;  // that a job is submitted again at most
  // Seconds from the end of a job to its next submission: the first time `initial`, then each time
  // `factor` times as long, but never longer than `longest`.
  double initial = 0;
  double factor = 1;
  double longest = std::numeric_limits<double>::infinity();
  bool failed = false;  // this one and the next two: outcomes that are retried
  bool timeout = false;
  bool canceled = false;
  std::vector<std::string> exceptions;  // types of the gravest exception that are retried
  // Jobs that a source submits by itself, for each entry of the group; empty where JavaScript
  // submits.
  std::vector<SubmitPortion> entries;

  bool Wants(JobOutcome outcome, std::string_view exception) const;
  double Delay(std::uint32_t attempt) const;
};

// A job that is to be submitted again.
struct Retry {
  std::uint64_t number = 0;  // counted from 0 in this run
  double due = 0;            // seconds since the epoch
  journal::JobId job = 0;    // that ended
  std::uint32_t group = 0;
  JobDetails details;       // with the number of the attempt that comes
  bool submitting = false;  // the source submits it, JavaScript need not

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(number, due, job, group, details, submitting);
  }
};

class Retries {
 public:
  void SetPolicy(std::uint32_t group, RetryPolicy policy);
  // Null for a group whose jobs are not submitted again.
  const RetryPolicy* PolicyOf(std::uint32_t group) const {
    return group < policies_.size() && policies_[group] ? &*policies_[group] : nullptr;
  }

  // Gives the retry its number. Its time is to come.
  void Add(Retry retry);
  // The number of a retry that is due at once.
  std::uint64_t NextNumber() { return added_++; }

  std::size_t size() const { return waiting_.size(); }
  // Infinity while nothing waits.
  double next_due() const {
    return waiting_.empty() ? std::numeric_limits<double>::infinity() : waiting_.front().due;
  }
  // Moves out the retries due by `now`, in the order of their times.
  void TakeDue(double now, std::vector<Retry>& to);
  void Clear() { waiting_.clear(); }

  // Policies are those of the plan.
  template <typename Archive>
  void Persist(Archive& archive) {
    archive(waiting_, added_);
  }

 private:
  std::vector<std::optional<RetryPolicy>> policies_;  // by group
  std::vector<Retry> waiting_;                        // a heap, the first due in front
  std::uint64_t added_ = 0;
};

}  // namespace flux_ensemble::engine
