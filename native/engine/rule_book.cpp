#include "engine/rule_book.h"

#include <algorithm>
#include <utility>

namespace flux_ensemble::engine {

std::uint32_t RuleBook::Add(Rule rule) {
  const std::uint32_t index = size();
  if (rule.repetitions > 0) {
    by_trigger_[static_cast<std::size_t>(rule.trigger)].rules.push_back(index);
    if (rule.touch != Touch::kNone) Put(index, {rule.group, rule.touch});
    for (const Watch& watch : rule.also) Put(index, watch);
  }
  rules_.push_back(std::move(rule));
  tallies_.emplace_back();
  return index;
}

void RuleBook::Put(std::uint32_t index, const Watch& watch) {
  Shelf& shelf = ShelfOf(watch.group);
  BucketOf(shelf, watch.touch).rules.push_back(index);
  shelf.touches.Add(watch.touch);
}

RuleBook::Shelf& RuleBook::ShelfOf(std::uint32_t group) {
  if (group == kNoGroup) return any_group_;
  if (group >= by_group_.size()) by_group_.resize(group + 1);
  return by_group_[group];
}

RuleBook::Bucket& RuleBook::BucketOf(Shelf& shelf, Touch touch) {
  for (Bucket& bucket : shelf.buckets) {
    if (bucket.touch == touch) return bucket;
  }
  shelf.buckets.push_back(Bucket{touch, false, 0, {}});
  return shelf.buckets.back();
}

void RuleBook::Sweep(Bucket& bucket) {
  if (!bucket.stale) return;
  std::erase_if(bucket.rules, [this](std::uint32_t i) { return rules_[i].repetitions == 0; });
  bucket.stale = false;
}

void RuleBook::Gather(Shelf& shelf, TouchSet touched) {
  if (!shelf.touches.Meets(touched)) return;
  for (Bucket& bucket : shelf.buckets) {
    if (!touched.Has(bucket.touch)) continue;
    ++bucket.times_touched;
    Sweep(bucket);
    if (bucket.rules.empty()) continue;
    touched_.insert(touched_.end(), bucket.rules.begin(), bucket.rules.end());
    ++gathered_buckets_;
  }
}

const std::vector<std::uint32_t>& RuleBook::Touched(std::uint32_t group, TouchSet touched) {
  touched_.clear();
  gathered_buckets_ = 0;
  if (group < by_group_.size()) Gather(by_group_[group], touched);
  Gather(any_group_, touched);
  if (gathered_buckets_ > 1) {
    std::sort(touched_.begin(), touched_.end(), [this](std::uint32_t a, std::uint32_t b) {
      const bool metric_a = IsMetric(rules_[a].touch);
      const bool metric_b = IsMetric(rules_[b].touch);
      return metric_a != metric_b ? metric_a : a < b;
    });
    // A rule that names several metrics may have been touched by more than one.
    touched_.erase(std::unique(touched_.begin(), touched_.end()), touched_.end());
  }
  return touched_;
}

const std::vector<std::uint32_t>& RuleBook::Living(TriggerType trigger) {
  Bucket& bucket = by_trigger_[static_cast<std::size_t>(trigger)];
  Sweep(bucket);
  return bucket.rules;
}

std::uint64_t RuleBook::TimesTouched(const Watch& watch) const {
  if (watch.group != kNoGroup && watch.group >= by_group_.size()) return 0;
  const Shelf& shelf = watch.group == kNoGroup ? any_group_ : by_group_[watch.group];
  for (const Bucket& bucket : shelf.buckets) {
    if (bucket.touch == watch.touch) return bucket.times_touched;
  }
  return 0;
}

std::uint64_t RuleBook::TimesTouched(const Rule& rule) const {
  if (rule.touch == Touch::kNone) return 0;
  std::uint64_t times = TimesTouched(Watch{rule.group, rule.touch});
  for (const Watch& watch : rule.also) times += TimesTouched(watch);
  return times;
}

bool RuleBook::Take(std::uint32_t index) {
  Rule& rule = rules_[index];
  if (rule.repetitions == 0) return false;
  if (rule.passing > 0) {
    --rule.passing;
    ++tallies_[index].in_backoff;
    return false;
  }
  ++tallies_[index].fired;
  if (rule.backoff) rule.passing = *rule.backoff;
  if (--rule.repetitions == 0) {
    by_trigger_[static_cast<std::size_t>(rule.trigger)].stale = true;
    if (rule.touch != Touch::kNone) BucketOf(ShelfOf(rule.group), rule.touch).stale = true;
    for (const Watch& watch : rule.also) BucketOf(ShelfOf(watch.group), watch.touch).stale = true;
  }
  return true;
}

}  // namespace flux_ensemble::engine
