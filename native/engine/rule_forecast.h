// Whether rules could still fire if nothing happened but that time passes. A run is over when its
// last job is, unless they could.
#pragma once

#include <cstdint>

#include "engine/ensemble_states.h"
#include "engine/metric_table.h"
#include "engine/outlook.h"
#include "engine/rule_index.h"
#include "engine/rule_timers.h"

namespace flux_ensemble::engine {

class RuleForecast {
 public:
  // Everything outlives the forecast and does not change while it is used.
  RuleForecast(RuleIndex& rules, const RuleTimers& timers, MetricTable& metrics,
               const EnsembleStates& states)
      : rules_(rules), timers_(timers), metrics_(metrics), states_(states) {}

  // Without events, only windows that move on change metrics, and the state stays the same until a
  // rule fires.
  bool CouldFire() const;

 private:
  Outlook OutlookOf(const Rule& rule) const;
  Facts FactsIn(Outlook& outlook) const { return {.state = states_.name(), .outlook = &outlook}; }
  // Whether the condition holds now, or will hold when windows have moved on.
  bool WillHold(const Rule& rule) const;
  bool CronCouldFire(std::uint32_t index) const;
  bool MetricCouldFire(std::uint32_t index) const;
  bool StateCouldFire(std::uint32_t index) const;

  RuleIndex& rules_;
  const RuleTimers& timers_;
  MetricTable& metrics_;
  const EnsembleStates& states_;
};

}  // namespace flux_ensemble::engine
