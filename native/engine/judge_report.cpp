// What the judge tells of its rules when it is asked: nothing of it is known, or computed, before.
#include <algorithm>
#include <cmath>

#include "engine/judge.h"

namespace flux_ensemble::engine {

namespace {

// More can't be counted by ones.
constexpr double kMaxIntervals = 0x1p52;

}  // namespace

std::uint64_t Judge::TimesCome(std::uint32_t index) const {
  const Rule& rule = book_.rule(index);
  const auto timing = timings_.find(index);
  switch (rule.trigger) {
    case TriggerType::kStart:
      return begun_ ? 1 : 0;
    case TriggerType::kHeartbeat:
      return heartbeats_;
    case TriggerType::kState:
      return rule.state < visits_.size() ? visits_[rule.state] : 0;
    case TriggerType::kInterval: {
      const double since = timing == timings_.end() ? stats::kNoValue : timing->second.since;
      if (std::isnan(since)) return 0;
      return static_cast<std::uint64_t>(std::min((now_ - since) / rule.interval, kMaxIntervals));
    }
    case TriggerType::kCron:
      return timing == timings_.end() ? 0 : static_cast<std::uint64_t>(timing->second.count);
    case TriggerType::kMetric:
    case TriggerType::kJob:
      return book_.TimesChanged(rule);
  }
  return 0;
}

// Events of jobs come and go, and what has no condition does not hold.
bool Judge::HoldsNow(const Rule& rule) const {
  if (rule.trigger == TriggerType::kJob || !InState(rule)) return false;
  if (rule.trigger == TriggerType::kState ? rule.state != state_ : !rule.program) return false;
  double value = stats::kNoValue;
  return Holds(rule, FactsOf(), &value);
}

std::vector<RuleReport> Judge::Report() const {
  std::vector<RuleReport> reports;
  reports.reserve(book_.size());
  for (std::uint32_t index = 0; index < book_.size(); ++index) {
    const Rule& rule = book_.rule(index);
    const std::uint64_t come = TimesCome(index);
    RuleReport report;
    report.tally = book_.tally(index);
    report.repetitions = rule.repetitions;
    report.came = come - report.tally.came_before;
    if (report.tally.fired > 0 && rule.repetitions == 0) {
      report.came_after = come - report.tally.came_by_last;
    }
    report.probing = rule.probing;
    report.holds = HoldsNow(rule);
    if (rule.hold_duration > 0) {
      const auto timing = timings_.find(index);
      report.pending = timing != timings_.end() &&
                       now_ < timing->second.since + rule.hold_duration &&
                       (rule.trigger != TriggerType::kState || rule.state == state_);
    }
    reports.push_back(report);
  }
  return reports;
}

}  // namespace flux_ensemble::engine
