// Tells which active jobs of one group have had no event for too long. Beside the job table, for
// groups that ask: most need not pay for it.
#pragma once

#include <list>
#include <optional>
#include <unordered_map>

#include "engine/agenda.h"
#include "journal/record.h"

namespace flux_ensemble::engine {

class Watchdog {
 public:
  struct Silence {
    journal::JobId job = 0;
    journal::EventKind last = journal::EventKind::kOther;  // what was heard last
    double since = 0;                                      // seconds since the epoch
  };

  // `limit` seconds of silence are too long.
  explicit Watchdog(double limit) : limit_(limit) {}

  // An event of an active job came at `now`, which never goes back.
  void Heard(journal::JobId job, journal::EventKind kind, double now) {
    Forget(job);
    jobs_[job] = {waiting_.insert(waiting_.end(), {job, kind, now}), false};
  }

  // The job is not active any more.
  void Forget(journal::JobId job) {
    const auto known = jobs_.find(job);
    if (known == jobs_.end()) return;
    (known->second.told ? told_ : waiting_).erase(known->second.silence);
    jobs_.erase(known);
  }

  // When the job that has been silent for longest will have been so for too long.
  double next() const { return waiting_.empty() ? kNever : waiting_.front().since + limit_; }

  // A job that has been silent for too long at `now`; each silence is told of once.
  std::optional<Silence> Take(double now) {
    if (next() > now) return std::nullopt;
    const Silence first = waiting_.front();
    jobs_[first.job].told = true;
    told_.splice(told_.end(), waiting_, waiting_.begin());
    return first;
  }

 private:
  using Silences = std::list<Silence>;
  struct Known {
    Silences::iterator silence;
    bool told = false;
  };

  double limit_;
  Silences waiting_;  // in the order of their times
  Silences told_;
  std::unordered_map<journal::JobId, Known> jobs_;
};

}  // namespace flux_ensemble::engine
