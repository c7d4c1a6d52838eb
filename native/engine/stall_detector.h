// Finds the active jobs of one group that have had no event for too long. It is kept outside of the
// job table, so that only groups with a limit pay for it.
#pragma once

#include <list>
#include <optional>
#include <unordered_map>

#include "engine/timer_queue.h"
#include "journal/record.h"

namespace flux_ensemble::engine {

class StallDetector {
 public:
  struct Stall {
    journal::JobId job = 0;
    journal::EventKind last = journal::EventKind::kOther;  // the job's last event
    double since = 0;                                      // its time, seconds since the epoch

    template <typename Archive>
    void Persist(Archive& archive) {
      archive(job, last, since);
    }
  };

  // A job has stalled after `limit` seconds without an event.
  explicit StallDetector(double limit = 0) : limit_(limit) {}

  // An event of an active job came at `now`, which never goes back.
  void OnEvent(journal::JobId job, journal::EventKind kind, double now) {
    Forget(job);
    jobs_[job] = {waiting_.insert(waiting_.end(), {job, kind, now}), false};
  }

  // The job is not active any more.
  void Forget(journal::JobId job) {
    const auto known = jobs_.find(job);
    if (known == jobs_.end()) return;
    (known->second.reported ? reported_ : waiting_).erase(known->second.stall);
    jobs_.erase(known);
  }

  // The time at which the next job will have stalled.
  double next() const { return waiting_.empty() ? kNever : waiting_.front().since + limit_; }

  // A job that has stalled at `now`. Each stall is reported once.
  std::optional<Stall> Take(double now) {
    if (next() > now) return std::nullopt;
    const Stall first = waiting_.front();
    jobs_[first.job].reported = true;
    reported_.splice(reported_.end(), waiting_, waiting_.begin());
    return first;
  }

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(limit_, waiting_, reported_);
    if constexpr (Archive::kReads) {
      jobs_.clear();
      for (auto at = waiting_.begin(); at != waiting_.end(); ++at) jobs_[at->job] = {at, false};
      for (auto at = reported_.begin(); at != reported_.end(); ++at) jobs_[at->job] = {at, true};
    }
  }

 private:
  using Stalls = std::list<Stall>;
  struct Known {
    Stalls::iterator stall;
    bool reported = false;
  };

  double limit_;
  Stalls waiting_;  // in the order of their times
  Stalls reported_;
  std::unordered_map<journal::JobId, Known> jobs_;
};

}  // namespace flux_ensemble::engine
