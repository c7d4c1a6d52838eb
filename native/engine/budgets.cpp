#include "engine/budgets.h"

#include <algorithm>

#include "engine/timer_queue.h"

namespace flux_ensemble::engine {

namespace {

ChangeMask WatchedBy(LimitKind kind) {
  ChangeMask mask;
  switch (kind) {
    case LimitKind::kJobs:
    case LimitKind::kWall:
      mask.Add(ChangeOf(Count::kSubmitted));
      break;
    case LimitKind::kNodeHours:
      mask.Add(ChangeOf(Count::kRunning));
      break;
    case LimitKind::kFailures:
      mask.Add(ChangeOf(Count::kFailed));
      break;
    case LimitKind::kFailureShare:
      mask.Add(ChangeOf(Count::kFailed));
      mask.Add(ChangeOf(Count::kSuccess));
      break;
    default:
      break;
  }
  return mask;
}

}  // namespace

Budgets::Budgets(const std::vector<Limit>& limits, const MetricTable& metrics) : metrics_(metrics) {
  for (std::uint32_t index = 0; index < limits.size(); ++index) {
    if (!IsBudget(limits[index].kind)) continue;
    budgets_.push_back({index, limits[index], false});
    watched_.Add(WatchedBy(limits[index].kind));
  }
}

void Budgets::Start(double now) {
  begun_at_ = std::min(begun_at_, now);
}

double Budgets::Sum(std::uint32_t group, Count count) const {
  if (group != kNoGroup) return static_cast<double>(metrics_[group].count(count));
  double sum = 0;
  for (std::uint32_t each = 0; each < metrics_.groups(); ++each) {
    sum += static_cast<double>(metrics_[each].count(count));
  }
  return sum;
}

double Budgets::BeginOf(const Limit& limit) const {
  if (limit.group == kNoGroup) return begun_at_;
  return limit.group < first_jobs_.size() ? first_jobs_[limit.group] : kNever;
}

bool Budgets::IsReached(const Limit& limit, double now) const {
  switch (limit.kind) {
    case LimitKind::kJobs:
      return Sum(limit.group, Count::kSubmitted) >= limit.amount;
    case LimitKind::kNodeHours:
      return now >= metrics_.hours().TimeOf(limit.group, limit.amount);
    case LimitKind::kWall:
      return now >= BeginOf(limit) + limit.amount;
    case LimitKind::kFailures:
      return Sum(limit.group, Count::kFailed) >= limit.amount;
    case LimitKind::kFailureShare: {
      // The share of a few jobs says little: at 5%, it is judged from 20 jobs on.
      const double failed = Sum(limit.group, Count::kFailed);
      const double ended = failed + Sum(limit.group, Count::kSuccess);
      return ended * limit.amount >= 1 && failed > ended * limit.amount;
    }
    default:
      return false;
  }
}

std::vector<std::uint32_t> Budgets::TakeReached(double now) {
  for (const Budget& budget : budgets_) {
    const std::uint32_t group = budget.limit.group;
    if (budget.limit.kind != LimitKind::kWall || group == kNoGroup) continue;
    if (group >= first_jobs_.size()) first_jobs_.resize(group + std::size_t{1}, kNever);
    if (first_jobs_[group] == kNever && Sum(group, Count::kSubmitted) > 0) first_jobs_[group] = now;
  }
  std::vector<std::uint32_t> reached;
  for (Budget& budget : budgets_) {
    if (budget.reached || !IsReached(budget.limit, now)) continue;
    budget.reached = true;
    reached.push_back(budget.index);
  }
  return reached;
}

double Budgets::next() const {
  double next = kNever;
  for (const auto& [index, limit, reached] : budgets_) {
    if (reached) continue;
    if (limit.kind == LimitKind::kWall) next = std::min(next, BeginOf(limit) + limit.amount);
    if (limit.kind == LimitKind::kNodeHours) {
      next = std::min(next, metrics_.hours().TimeOf(limit.group, limit.amount));
    }
  }
  return next;
}

bool Budgets::stopped(std::uint32_t group) const {
  return std::ranges::any_of(budgets_, [group](const Budget& budget) {
    return budget.reached && (budget.limit.group == kNoGroup || budget.limit.group == group);
  });
}

std::uint64_t Budgets::jobs_left(std::uint32_t group, std::uint64_t on_way,
                                 std::uint64_t on_way_in_group) const {
  std::uint64_t left = kUnlimited;
  for (const Budget& budget : budgets_) {
    const Limit& limit = budget.limit;
    if (limit.kind != LimitKind::kJobs) continue;
    if (limit.group != kNoGroup && limit.group != group) continue;
    const bool all = limit.group == kNoGroup;
    const double taken =
        Sum(limit.group, Count::kSubmitted) + static_cast<double>(all ? on_way : on_way_in_group);
    left = std::min(left, taken >= limit.amount ? std::uint64_t{0}
                                                : static_cast<std::uint64_t>(limit.amount - taken));
  }
  return left;
}

}  // namespace flux_ensemble::engine
