// The rules of an ensemble, indexed by what makes them due. The cost of an event depends on the
// rules that it makes due, and not on the number of all rules.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "engine/change.h"
#include "engine/indexed.h"
#include "engine/plan.h"

namespace flux_ensemble::engine {

// A change of a group that makes a rule due.
struct Watch {
  std::uint32_t group = kNoGroup;  // kNoGroup for any group
  Change change = Change::kNone;

  bool operator==(const Watch&) const = default;
};

// The state of a rule in a run.
struct RuleState {
  std::uint64_t repetitions_left = 0;
  std::uint64_t backoff_left = 0;  // times that it is due without running
  std::uint64_t fired = 0;
  // The number of its events, heartbeats or times when it was added, and when it fired for the last
  // time that its repetitions allow.
  std::uint64_t came_before = 0;
  std::uint64_t came_by_last = 0;
  // Times that it was due without running: in its backoff, and in its cooldown.
  std::uint64_t in_backoff = 0;
  std::uint64_t in_cooldown = 0;
  // Times that its condition ceased to hold before the end of its `for`, and times that it was
  // evaluated in a state that `in` does not name.
  std::uint64_t too_short = 0;
  std::uint64_t in_other_state = 0;
  // Times that its trigger came, for triggers without another count.
  std::uint64_t came = 0;
  // For rules with a Resolution: they have fired, and their condition has held since; and how often
  // it has stopped holding after that.
  bool raised = false;
  std::uint64_t resolved = 0;

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(repetitions_left, backoff_left, fired, came_before, came_by_last, in_backoff,
            in_cooldown, too_short, in_other_state, came);
  }
};

class RuleIndex {
 public:
  // Adds a rule with the changes that make it due, each once. Returns its index; rules are numbered
  // in the order in which they are added, and rules for values of a parameter apart from the
  // others.
  std::uint32_t Add(Rule rule, std::vector<Watch> watches);

  // Rules of the plan, and those that were added to it.
  std::uint32_t size() const { return static_cast<std::uint32_t>(rules_.planned.size()); }
  bool Has(std::uint32_t index) const { return rules_.Has(index); }
  const Rule& rule(std::uint32_t index) const { return rules_[index]; }
  RuleState& state(std::uint32_t index) { return states_[index]; }
  const RuleState& state(std::uint32_t index) const { return states_[index]; }
  // Whether the rule has to be evaluated: it may fire, or its condition may stop holding.
  bool IsActive(std::uint32_t index) const {
    return states_[index].repetitions_left > 0 || states_[index].raised;
  }
  // Calls with the index of each rule for a value of a parameter.
  template <typename Call>
  void ForEachMade(Call call) const {
    for (std::size_t i = 0; i < rules_.made.size(); ++i) {
      call(kFirstMade + static_cast<std::uint32_t>(i));
    }
  }
  bool HasRepetitions(std::uint32_t index) const { return states_[index].repetitions_left > 0; }
  // The group of the first change that makes the rule due; kNoGroup for any, or without one. A
  // rule for a value of a parameter has it from the rule that it was made from.
  std::uint32_t GroupOf(std::uint32_t index) const {
    if (rules_[index].original != kNoRule) return rules_[index].group;
    return watches_[index].empty() ? kNoGroup : watches_[index].front().group;
  }

  // Whether a rule waits, or waited, for one of these changes of a group.
  bool HasRuleOn(std::uint32_t group, ChangeMask changed) const {
    return (by_group_.Has(group) && by_group_[group].mask.Meets(changed)) ||
           (!IsMade(group) && any_group_.mask.Meets(changed));
  }

  // The rules that wait for one of these changes of a group, each once: metric rules first, then in
  // the order of the file. Valid until the next call.
  const std::vector<std::uint32_t>& RulesOn(std::uint32_t group, ChangeMask changed);

  // The rules of one trigger that are active, in the order of the file.
  const std::vector<std::uint32_t>& Active(TriggerType trigger);

  // The number of changes that made the rule due. An event that changes several metrics of a rule
  // counts for each of them.
  std::uint64_t TimesChanged(std::uint32_t index) const;

  // The rule is due: counts backoff and repetitions. True if the rule fires now.
  bool Consume(std::uint32_t index);
  // The condition of a rule that has fired does not hold any more.
  void Resolve(std::uint32_t index);

  // The states of the rules, and what makes them due. The same rules must have been added.
  template <typename Archive>
  void Persist(Archive& archive) {
    archive(states_.planned, by_group_.planned, any_group_, by_trigger_);
    if (!rules_.made.empty()) archive(states_.made, by_group_.made);
    if constexpr (Archive::kReads) {
      if (states_.planned.size() != rules_.planned.size() ||
          states_.made.size() != rules_.made.size() || !HasOnlyKnownRules()) {
        archive.Invalidate();
      }
      states_.planned.resize(rules_.planned.size());
      states_.made.resize(rules_.made.size());
    }
    PersistRaised(archive, rules_.planned, states_.planned);
    PersistRaised(archive, rules_.made, states_.made);
  }

 private:
  // Rules due at one change. Those that are not active any more are removed at the next look-up.
  struct ChangeRules {
    Change change = Change::kNone;
    bool stale = false;
    std::uint64_t times_changed = 0;
    std::vector<std::uint32_t> rules;

    template <typename Archive>
    void Persist(Archive& archive) {
      archive(change, stale, times_changed, rules);
    }
  };
  struct GroupRules {
    ChangeMask mask;
    std::vector<ChangeRules> changes;

    template <typename Archive>
    void Persist(Archive& archive) {
      archive(mask, changes);
    }
  };

  template <typename Archive>
  static void PersistRaised(Archive& archive, const std::vector<Rule>& rules,
                            std::vector<RuleState>& states) {
    for (std::size_t i = 0; i < rules.size(); ++i) {
      if (rules[i].resolve) archive(states[i].raised, states[i].resolved);
    }
  }
  bool HasOnlyKnownRules() const;

  GroupRules& RulesOf(std::uint32_t group);
  static ChangeRules& RulesOf(GroupRules& group, Change change);
  void RemoveInactive(ChangeRules& rules);
  // The rule may not be active any more.
  void MarkStale(std::uint32_t index);
  void Gather(GroupRules& group, ChangeMask changed);
  std::uint64_t TimesChanged(const Watch& watch) const;

  Indexed<Rule> rules_;
  Indexed<RuleState> states_;            // by rule
  Indexed<std::vector<Watch>> watches_;  // by rule
  Indexed<GroupRules> by_group_;
  GroupRules any_group_;
  std::array<ChangeRules, kTriggerTypeCount> by_trigger_;
  std::vector<std::uint32_t> matches_;
  std::size_t gathered_ = 0;
};

}  // namespace flux_ensemble::engine
