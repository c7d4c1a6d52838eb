// Holds back submissions while as many jobs are active as a limit allows, or too many left lately.
//
// A submission takes the same memory for any number of jobs. Higher urgencies go first, then
// earlier submissions. A group at its own limit does not hold up other groups.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

namespace flux_ensemble::runner {

inline constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();

// The limits of an ensemble or of a group that hold jobs back.
struct HoldLimits {
  std::uint64_t active = kUnlimited;  // jobs at once
  double rate = 0;                    // submissions a second; 0 for any number
};

struct AdmissionLimits {
  HoldLimits ensemble;
  std::vector<HoldLimits> groups;  // by index; groups after the last one have none
};

// The state of the run, as far as limits need it. Numbers of jobs are without those that are on
// their way.
class Present {
 public:
  virtual double now() const = 0;  // seconds
  virtual std::uint64_t active() const = 0;
  virtual std::uint64_t active_in(std::uint32_t group) const = 0;
  // Jobs of a group that may still become jobs, when these numbers are on their way.
  virtual std::uint64_t jobs_left(std::uint32_t group, std::uint64_t on_way,
                                  std::uint64_t on_way_in_group) const = 0;

 protected:
  ~Present() = default;
};

class Admission {
 public:
  using Ticket = std::uint64_t;

  // Jobs of a submission that may leave now.
  struct Grant {
    Ticket ticket = 0;
    std::uint32_t group = 0;
    std::uint64_t count = 0;
    bool last = false;  // none of the submission is left
  };

  explicit Admission(AdmissionLimits limits);

  bool has_limits() const;

  // Sets the most jobs of the ensemble that are active at once.
  void SetActive(std::uint64_t active) { limits_.ensemble.active = active; }

  // Adds a submission of one job or more.
  Ticket Add(std::uint32_t group, std::uint64_t count, int urgency);

  // The next jobs that may leave; nothing while all submissions are held back.
  std::optional<Grant> Next(const Present& present);
  // The time at which a rate lets jobs leave, after Next() has returned nothing; infinity for no
  // such time.
  double next_time() const { return next_time_; }

  // Jobs that have left are active now, or will never be: they are no longer on their way.
  void Arrived(std::uint32_t group, std::uint64_t count);

  // Sets the urgency of the submissions of a group that are held back.
  void SetUrgency(std::uint32_t group, int urgency);
  // Removes a submission. Returns how many of its jobs were held back.
  std::uint64_t Remove(Ticket ticket);
  // The submissions of a group that are held back, in the order in which they would leave.
  std::vector<Ticket> TicketsOf(std::uint32_t group) const;

  // Jobs of a group that have left and have not arrived.
  std::uint64_t under_way(std::uint32_t group) const {
    return group < groups_.size() ? groups_[group].under_way : 0;
  }
  // Jobs that are held back: of a group, and of all groups.
  std::uint64_t held(std::uint32_t group) const;
  std::uint64_t held() const { return held_; }

 private:
  struct Submission {
    std::uint32_t group = 0;
    std::uint64_t left = 0;
    int urgency = 0;
  };
  // In the order in which submissions leave.
  struct Place {
    int urgency = 0;
    Ticket ticket = 0;

    bool operator<(const Place& other) const {
      return urgency != other.urgency ? urgency > other.urgency : ticket < other.ticket;
    }
  };
  // Lets as many submissions pass as the rate allows, and those of one second at once.
  class Bucket {
   public:
    explicit Bucket(double rate = 0) : rate_(rate), tokens_(Most()) {}
    std::uint64_t Room(double now);
    void Take(std::uint64_t count) {
      if (rate_ > 0) tokens_ -= static_cast<double>(count);
    }
    // When there is room for one.
    double next() const { return rate_ > 0 ? at_ + (1 - tokens_) / rate_ : 0; }

   private:
    double Most() const { return std::max(1.0, rate_); }

    double rate_;
    double tokens_;
    double at_ = 0;
  };
  struct Group {
    std::set<Place> waiting;
    std::uint64_t held = 0;
    std::uint64_t under_way = 0;  // jobs that have left and have not arrived
    Bucket bucket;
  };

  Group& GroupOf(std::uint32_t group);
  HoldLimits LimitsOf(std::uint32_t group) const {
    return group < limits_.groups.size() ? limits_.groups[group] : HoldLimits();
  }
  // How many jobs of a group may leave, by its own limits and those of the ensemble.
  std::uint64_t RoomOf(std::uint32_t index, const Present& present);
  // Removes jobs from those that are held back, and the submission when none is left.
  void Take(Ticket ticket, std::uint64_t count);

  AdmissionLimits limits_;
  Bucket bucket_;
  double next_time_ = 0;
  std::vector<Group> groups_;
  std::unordered_map<Ticket, Submission> submissions_;
  std::set<std::uint32_t> waiting_groups_;
  std::uint64_t held_ = 0;
  std::uint64_t under_way_ = 0;
  Ticket last_ticket_ = 0;
};

}  // namespace flux_ensemble::runner
