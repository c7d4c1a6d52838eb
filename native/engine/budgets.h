// The limits that end submissions, and which of them have been reached. Budgets are judged from the
// counts of groups, their node hours and the time. A budget that was reached stays so.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "engine/change.h"
#include "engine/limits.h"
#include "engine/metric_table.h"

namespace flux_ensemble::engine {

class Budgets {
 public:
  // Takes the budgets among the limits, which keep their indexes.
  Budgets(const std::vector<Limit>& limits, const MetricTable& metrics);

  bool empty() const { return budgets_.empty(); }
  // Whether a change of these counts may reach a budget.
  bool Watches(ChangeMask changed) const { return watched_.Meets(changed); }

  // The run begins.
  void Start(double now);
  // The indexes of the limits that are reached at `now` and were not before.
  std::vector<std::uint32_t> TakeReached(double now);
  // The first time at which a budget is reached if no event comes; infinity for no such time.
  double next() const;

  // Whether no job of the group may be submitted any more.
  bool stopped(std::uint32_t group) const;
  // How many jobs of the group may still be submitted, when all jobs of the ensemble and of the
  // group that are on their way arrive.
  std::uint64_t jobs_left(std::uint32_t group, std::uint64_t on_way,
                          std::uint64_t on_way_in_group) const;
  static constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();

  // The same limits must have been given.
  template <typename Archive>
  void Persist(Archive& archive) {
    archive(begun_at_, first_jobs_);
    auto size = static_cast<std::uint64_t>(budgets_.size());
    archive(size);
    if constexpr (Archive::kReads) {
      if (size != budgets_.size()) return archive.Invalidate();
    }
    for (Budget& budget : budgets_) archive(budget.reached);
  }

 private:
  struct Budget {
    std::uint32_t index = 0;
    Limit limit;
    bool reached = false;
  };

  double Sum(std::uint32_t group, Count count) const;
  // The time from which the wall time of a budget counts; infinity before.
  double BeginOf(const Limit& limit) const;
  bool IsReached(const Limit& limit, double now) const;

  const MetricTable& metrics_;
  std::vector<Budget> budgets_;
  ChangeMask watched_;
  double begun_at_ = std::numeric_limits<double>::infinity();
  std::vector<double> first_jobs_;  // by group: when its first job was submitted
};

}  // namespace flux_ensemble::engine
