#include "engine/rule_book.h"

#include <algorithm>
#include <utility>

namespace flux_ensemble::engine {

std::uint32_t RuleBook::Add(Rule rule) {
  const std::uint32_t index = size();
  if (rule.repetitions > 0) {
    by_trigger_[static_cast<std::size_t>(rule.trigger)].rules.push_back(index);
    if (rule.change != Change::kNone) Put(index, {rule.group, rule.change});
    for (const Watch& watch : rule.also) Put(index, watch);
  }
  rules_.push_back(std::move(rule));
  tallies_.emplace_back();
  return index;
}

void RuleBook::Put(std::uint32_t index, const Watch& watch) {
  Shelf& shelf = ShelfOf(watch.group);
  BucketOf(shelf, watch.change).rules.push_back(index);
  shelf.mask.Add(watch.change);
}

RuleBook::Shelf& RuleBook::ShelfOf(std::uint32_t group) {
  if (group == kNoGroup) return any_group_;
  if (group >= by_group_.size()) by_group_.resize(group + 1);
  return by_group_[group];
}

RuleBook::Bucket& RuleBook::BucketOf(Shelf& shelf, Change change) {
  for (Bucket& bucket : shelf.buckets) {
    if (bucket.change == change) return bucket;
  }
  shelf.buckets.push_back(Bucket{change, false, 0, {}});
  return shelf.buckets.back();
}

void RuleBook::Sweep(Bucket& bucket) {
  if (!bucket.stale) return;
  std::erase_if(bucket.rules, [this](std::uint32_t i) { return rules_[i].repetitions == 0; });
  bucket.stale = false;
}

void RuleBook::Gather(Shelf& shelf, ChangeMask changed) {
  if (!shelf.mask.Meets(changed)) return;
  for (Bucket& bucket : shelf.buckets) {
    if (!changed.Has(bucket.change)) continue;
    ++bucket.times_changed;
    Sweep(bucket);
    if (bucket.rules.empty()) continue;
    matches_.insert(matches_.end(), bucket.rules.begin(), bucket.rules.end());
    ++gathered_buckets_;
  }
}

const std::vector<std::uint32_t>& RuleBook::RulesOn(std::uint32_t group, ChangeMask changed) {
  matches_.clear();
  gathered_buckets_ = 0;
  if (group < by_group_.size()) Gather(by_group_[group], changed);
  Gather(any_group_, changed);
  if (gathered_buckets_ > 1) {
    std::sort(matches_.begin(), matches_.end(), [this](std::uint32_t a, std::uint32_t b) {
      const bool metric_a = IsMetric(rules_[a].change);
      const bool metric_b = IsMetric(rules_[b].change);
      return metric_a != metric_b ? metric_a : a < b;
    });
    // A rule that names several metrics may be due by more than one.
    matches_.erase(std::unique(matches_.begin(), matches_.end()), matches_.end());
  }
  return matches_;
}

const std::vector<std::uint32_t>& RuleBook::Living(TriggerType trigger) {
  Bucket& bucket = by_trigger_[static_cast<std::size_t>(trigger)];
  Sweep(bucket);
  return bucket.rules;
}

std::uint64_t RuleBook::TimesChanged(const Watch& watch) const {
  if (watch.group != kNoGroup && watch.group >= by_group_.size()) return 0;
  const Shelf& shelf = watch.group == kNoGroup ? any_group_ : by_group_[watch.group];
  for (const Bucket& bucket : shelf.buckets) {
    if (bucket.change == watch.change) return bucket.times_changed;
  }
  return 0;
}

std::uint64_t RuleBook::TimesChanged(const Rule& rule) const {
  if (rule.change == Change::kNone) return 0;
  std::uint64_t times = TimesChanged(Watch{rule.group, rule.change});
  for (const Watch& watch : rule.also) times += TimesChanged(watch);
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
    if (rule.change != Change::kNone) BucketOf(ShelfOf(rule.group), rule.change).stale = true;
    for (const Watch& watch : rule.also) BucketOf(ShelfOf(watch.group), watch.change).stale = true;
  }
  return true;
}

}  // namespace flux_ensemble::engine
