#include "engine/rule_index.h"

#include <algorithm>
#include <utility>

namespace flux_ensemble::engine {

std::uint32_t RuleIndex::Add(Rule rule, std::vector<Watch> watches) {
  const bool is_made = rule.original != kNoRule;
  const std::uint32_t index = states_.Add({.repetitions_left = rule.repetitions}, is_made);
  // A rule that is divided by a parameter is due only as the rules for its values.
  if (rule.repetitions > 0 && rule.split == kNoSplit) {
    by_trigger_[static_cast<std::size_t>(rule.trigger)].rules.push_back(index);
    for (const Watch& watch : watches) {
      GroupRules& group = RulesOf(watch.group);
      RulesOf(group, watch.change).rules.push_back(index);
      group.mask.Add(watch.change);
    }
  }
  rules_.Add(std::move(rule), is_made);
  watches_.Add(std::move(watches), is_made);
  return index;
}

RuleIndex::GroupRules& RuleIndex::RulesOf(std::uint32_t group) {
  return group == kNoGroup ? any_group_ : by_group_.Grow(group);
}

RuleIndex::ChangeRules& RuleIndex::RulesOf(GroupRules& group, Change change) {
  for (ChangeRules& rules : group.changes) {
    if (rules.change == change) return rules;
  }
  group.changes.push_back(ChangeRules{change, false, 0, {}});
  return group.changes.back();
}

bool RuleIndex::HasOnlyKnownRules() const {
  const auto known = [this](const ChangeRules& rules) {
    return std::ranges::all_of(rules.rules, [this](std::uint32_t index) { return Has(index); });
  };
  const auto all_known = [&](const GroupRules& group) {
    return std::ranges::all_of(group.changes, known);
  };
  return std::ranges::all_of(by_group_.planned, all_known) &&
         std::ranges::all_of(by_group_.made, all_known) && all_known(any_group_) &&
         std::ranges::all_of(by_trigger_, known);
}

void RuleIndex::RemoveInactive(ChangeRules& rules) {
  if (!rules.stale) return;
  std::erase_if(rules.rules, [this](std::uint32_t index) { return !IsActive(index); });
  rules.stale = false;
}

void RuleIndex::Gather(GroupRules& group, ChangeMask changed) {
  if (!group.mask.Meets(changed)) return;
  for (ChangeRules& rules : group.changes) {
    if (!changed.Has(rules.change)) continue;
    ++rules.times_changed;
    RemoveInactive(rules);
    if (rules.rules.empty()) continue;
    matches_.insert(matches_.end(), rules.rules.begin(), rules.rules.end());
    ++gathered_;
  }
}

const std::vector<std::uint32_t>& RuleIndex::RulesOn(std::uint32_t group, ChangeMask changed) {
  matches_.clear();
  gathered_ = 0;
  if (by_group_.Has(group)) Gather(by_group_[group], changed);
  if (!IsMade(group)) Gather(any_group_, changed);
  if (gathered_ > 1) {
    std::sort(matches_.begin(), matches_.end(), [this](std::uint32_t a, std::uint32_t b) {
      const bool metric_a = rules_[a].trigger == TriggerType::kMetric;
      const bool metric_b = rules_[b].trigger == TriggerType::kMetric;
      return metric_a != metric_b ? metric_a : a < b;
    });
    // Several changes may make one rule due.
    matches_.erase(std::unique(matches_.begin(), matches_.end()), matches_.end());
  }
  return matches_;
}

const std::vector<std::uint32_t>& RuleIndex::Active(TriggerType trigger) {
  ChangeRules& rules = by_trigger_[static_cast<std::size_t>(trigger)];
  RemoveInactive(rules);
  return rules.rules;
}

std::uint64_t RuleIndex::TimesChanged(const Watch& watch) const {
  if (watch.group != kNoGroup && !by_group_.Has(watch.group)) return 0;
  const GroupRules& group = watch.group == kNoGroup ? any_group_ : by_group_[watch.group];
  for (const ChangeRules& rules : group.changes) {
    if (rules.change == watch.change) return rules.times_changed;
  }
  return 0;
}

std::uint64_t RuleIndex::TimesChanged(std::uint32_t index) const {
  std::uint64_t times = 0;
  for (const Watch& watch : watches_[index]) times += TimesChanged(watch);
  return times;
}

bool RuleIndex::Consume(std::uint32_t index) {
  const Rule& rule = rules_[index];
  RuleState& state = states_[index];
  if (state.repetitions_left == 0) return false;
  if (state.backoff_left > 0) {
    --state.backoff_left;
    ++state.in_backoff;
    return false;
  }
  ++state.fired;
  state.backoff_left = rule.backoff.value_or(0);
  state.raised = rule.resolve.has_value();
  if (--state.repetitions_left == 0) MarkStale(index);
  return true;
}

void RuleIndex::Resolve(std::uint32_t index) {
  RuleState& state = states_[index];
  state.raised = false;
  ++state.resolved;
  if (state.repetitions_left == 0) MarkStale(index);
}

void RuleIndex::MarkStale(std::uint32_t index) {
  by_trigger_[static_cast<std::size_t>(rules_[index].trigger)].stale = true;
  for (const Watch& watch : watches_[index]) {
    RulesOf(RulesOf(watch.group), watch.change).stale = true;
  }
}

}  // namespace flux_ensemble::engine
