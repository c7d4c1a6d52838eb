// Submissions that limits hold back, of the source and of the runner's owner, and their results.
//
// Threads: everything happens on the runner's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "engine/engine.h"
#include "engine/group_part.h"
#include "runner/admission.h"
#include "runner/run_log.h"
#include "runner/source.h"

namespace flux_ensemble::runner {

// The orders of a queue have numbers with this bit; those of others do not.
inline constexpr std::uint64_t kOfQueue = std::uint64_t{1} << 61;

class SubmissionQueue {
 public:
  // Jobs of the owner that may be submitted now: the answer to one of its requests.
  struct Admitted {
    std::uint64_t request = 0;
    std::uint64_t count = 0;  // 0 when the submission was dropped
  };
  // Everything that leaves at once.
  struct Leaving {
    std::vector<SubmitOrder> orders;
    std::vector<Admitted> admitted;
    std::vector<SubmitReport> reports;  // of orders that were dropped
  };

  // `now` returns the time of the run in seconds.
  SubmissionQueue(engine::Engine& engine, RunLog& log, std::function<double()> now)
      : engine_(engine), log_(log), now_(std::move(now)), admission_(LimitsOf(engine.limits())) {}

  // Without limits, nothing is held back.
  bool has_limits() const { return has_window_ || !engine_.limits().empty(); }
  // Sets the most jobs that are active at once, in place of a limit of the plan.
  void SetWindow(std::uint64_t active) {
    has_window_ = true;
    admission_.SetActive(active);
  }
  // The time at which Leave() is needed although nothing happens; infinity for no such time.
  double next_time() const { return held() == 0 ? engine::kNever : admission_.next_time(); }
  // Jobs of a group that have left and are not in the journal yet.
  std::uint64_t on_way(std::uint32_t group) {
    NoteArrivals();
    return admission_.under_way(group);
  }
  // Jobs of a group that were not submitted, because a budget was reached.
  std::uint64_t withheld(std::uint32_t group) const {
    return group < withheld_.size() ? withheld_[group] : 0;
  }
  std::uint64_t held() const { return admission_.held(); }
  // Whether anything was added and is not answered.
  bool is_busy() const { return !orders_.empty() || !asked_.empty(); }

  // The owner has more jobs of a group that it makes when they are submitted, or fewer. They count
  // as queued.
  void AddUnmade(std::uint32_t group, std::int64_t change) { Changed(group, change); }
  // Adds an order for the source.
  void Add(SubmitOrder order);
  // Adds a submission that the owner makes piece by piece. Its ticket is the owner's.
  void Ask(std::uint64_t request, std::uint64_t ticket, std::uint32_t group, std::uint64_t count,
           int urgency);
  // The owner asks for the next piece. `lost` jobs of the last one did not become jobs. False for
  // an unknown ticket.
  bool AskAgain(std::uint64_t request, std::uint64_t ticket, std::uint64_t lost);

  // Takes what may leave now.
  Leaving Leave();
  // Takes in the report of an order with a number of the queue. Returns that of the whole order
  // once all its jobs were reported.
  std::optional<SubmitReport> OnSubmitted(const SubmitReport& report);

  // Sets the urgency of what is held back of a group. Returns the number of these jobs.
  std::uint64_t SetUrgency(std::uint32_t group, int urgency);
  // Drops the submissions of jobs that were canceled. Returns how many they had left. The owner
  // knows the values of those that it submits piece by piece.
  std::uint64_t DropGroup(const engine::GroupPart& part, Leaving& dropped) {
    return DropGroup(part, dropped, true);
  }
  // Drops everything. Leave() answers the requests.
  Leaving DropAll();

 private:
  struct Order {
    SubmitOrder order;  // the jobs that are left
    std::uint64_t left = 0;
    std::uint64_t pieces = 0;  // that are on their way
    SubmitReport report;
  };
  struct Request {
    std::uint64_t ticket = 0;  // of the owner
    std::uint32_t group = 0;
    std::optional<std::uint64_t> number;  // of the request that waits
    std::uint64_t ready = 0;              // jobs that may leave, and were not asked for
    bool dropped = false;
    bool complete = false;  // all its jobs were admitted
  };

  void Changed(std::uint32_t group, std::int64_t change);
  void NoteArrivals();
  // Drops what a budget that was reached no longer lets leave.
  void Withhold(Leaving& leaving);
  static AdmissionLimits LimitsOf(const std::vector<engine::Limit>& limits);
  void Drop(Admission::Ticket ticket, Leaving& dropped, bool canceled);
  std::uint64_t DropGroup(const engine::GroupPart& part, Leaving& dropped, bool canceled);

  engine::Engine& engine_;
  RunLog& log_;
  const std::function<double()> now_;
  Admission admission_;
  bool has_window_ = false;
  std::unordered_map<Admission::Ticket, Order> orders_;
  std::unordered_map<Admission::Ticket, Request> requests_;
  std::vector<Admission::Ticket> asked_;  // of the requests that wait for an answer
  std::unordered_map<std::uint64_t, Admission::Ticket> tickets_;  // by the owner's ticket
  std::vector<std::uint64_t> arrived_;                            // by group, as last seen
  std::vector<std::uint64_t> withheld_;                           // by group
};

}  // namespace flux_ensemble::runner
