// The rules of an ensemble, indexed by what makes them due: an event costs as much as the rules
// that it makes due, however many there are.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "engine/change.h"
#include "engine/plan.h"

namespace flux_ensemble::engine {

// What became of a rule so far, besides its firings.
struct RuleTally {
  std::uint64_t fired = 0;
  // How often what it waits for had come when it was added, and when it fired for the last time
  // that its repetitions allow.
  std::uint64_t came_before = 0;
  std::uint64_t came_by_last = 0;
  // Occasions that passed by: in its backoff, and in its cooldown.
  std::uint64_t in_backoff = 0;
  std::uint64_t in_cooldown = 0;
  // Times that its condition ceased to hold before its `for` was over, and that it was to be judged
  // in a state that it is not in.
  std::uint64_t too_short = 0;
  std::uint64_t in_other_state = 0;
};

class RuleBook {
 public:
  // Adds a rule and returns its index. Rules are indexed in the order in which they are added.
  std::uint32_t Add(Rule rule);

  std::uint32_t size() const { return static_cast<std::uint32_t>(rules_.size()); }
  const Rule& rule(std::uint32_t index) const { return rules_[index]; }

  // Whether a rule waits, or waited, for one of these changes of a group.
  bool HasRuleOn(std::uint32_t group, ChangeMask changed) const {
    return (group < by_group_.size() && by_group_[group].mask.Meets(changed)) ||
           any_group_.mask.Meets(changed);
  }

  // The rules that wait for one of these changes of a group, each once, metric rules first, then in
  // the order of the file. Holds until the next call.
  const std::vector<std::uint32_t>& RulesOn(std::uint32_t group, ChangeMask changed);

  // The rules of one trigger that have runs left, in the order of the file.
  const std::vector<std::uint32_t>& Living(TriggerType trigger);

  // How often a change has come that makes the rule due. An event that changes several metrics of a
  // rule counts for each of them.
  std::uint64_t TimesChanged(const Rule& rule) const;

  RuleTally& tally(std::uint32_t index) { return tallies_[index]; }
  const RuleTally& tally(std::uint32_t index) const { return tallies_[index]; }

  // An occasion has come for the rule: true if it is to run now. Counts repetitions and backoff.
  bool Take(std::uint32_t index);

 private:
  // Rules due at one change; those that have run out are swept when the bucket is next looked at.
  struct Bucket {
    Change change = Change::kNone;
    bool stale = false;
    std::uint64_t times_changed = 0;
    std::vector<std::uint32_t> rules;
  };
  struct Shelf {
    ChangeMask mask;
    std::vector<Bucket> buckets;
  };

  void Put(std::uint32_t index, const Watch& watch);
  Shelf& ShelfOf(std::uint32_t group);
  Bucket& BucketOf(Shelf& shelf, Change change);
  void Sweep(Bucket& bucket);
  void Gather(Shelf& shelf, ChangeMask changed);
  std::uint64_t TimesChanged(const Watch& watch) const;

  std::vector<Rule> rules_;
  std::vector<RuleTally> tallies_;  // by rule
  std::vector<Shelf> by_group_;
  Shelf any_group_;
  std::array<Bucket, kTriggerTypeCount> by_trigger_;
  std::vector<std::uint32_t> matches_;
  std::size_t gathered_buckets_ = 0;
};

}  // namespace flux_ensemble::engine
