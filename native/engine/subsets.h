// Divides the jobs of groups by the values of their parameters. Each value gets a group, metrics
// and rules of its own when the first job with it comes: copies of those of the plan that name the
// parameter, with indexes from kFirstMade on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/group_part.h"
#include "engine/job_details.h"
#include "engine/metric_table.h"
#include "engine/name_index.h"
#include "engine/output.h"
#include "engine/plan.h"
#include "engine/rule_evaluator.h"

namespace flux_ensemble::engine {

class Subsets {
 public:
  // Values of one parameter that have rules and metrics. Jobs with further values are counted.
  static constexpr std::size_t kMaxValues = 10'000;

  // The tables outlive it, and have the groups, the metrics and the rules of the plan.
  Subsets(std::vector<Split> splits, MetricTable& metrics, RuleEvaluator& rules);

  bool empty() const { return splits_.empty(); }
  // Whether jobs of the group are divided.
  bool Divides(std::uint32_t group) const { return group < divided_.size() && divided_[group]; }

  // The value of a parameter as JSON. Equal values have the same JSON. Nothing for a missing value,
  // null, an array and an object.
  static std::optional<std::string> ValueIn(const JobParameters& parameters,
                                            std::string_view parameter);

  // The groups that were made for the parameters of a job of the group. A new value gets its own.
  std::vector<std::uint32_t> GroupsFor(std::uint32_t group, const JobParameters& parameters);
  // The same without new values.
  std::vector<std::uint32_t> KnownGroups(std::uint32_t group,
                                         const JobParameters& parameters) const;
  // The group that was made for a value; kNoGroup for an unknown value.
  std::uint32_t GroupOf(const GroupPart& part) const;

  // The values of metrics that are divided as the rule is: those for the rule's own value take the
  // places of those of the plan.
  void FillIn(const Rule& rule, std::vector<double>& metrics) const;
  // In the order of the plan.
  std::vector<SplitReport> Report() const;

  // The parameters and groups as bytes.
  template <typename Archive>
  void Describe(Archive& archive) {
    for (Division& division : splits_) archive(division.split.parameter, division.split.groups);
  }
  // Reading adds the values to an object that has none.
  template <typename Archive>
  void Persist(Archive& archive) {
    for (Division& division : splits_) {
      std::vector<std::string> values;
      for (const Value& value : division.values) values.push_back(value.json);
      archive(values, division.beyond, division.without);
      if constexpr (Archive::kReads) {
        if (values.size() > kMaxValues) return archive.Invalidate();
        for (std::string& value : values) Make(division, std::move(value));
      }
    }
  }

 private:
  struct Value {
    std::string json;
    // Indexes of what was made first for the value; the others follow.
    std::uint32_t group = kNoGroup;
    std::uint32_t metric = kNoMetric;
    std::uint32_t rule = kNoRule;
  };
  struct Division {
    Split split;
    std::vector<std::uint32_t> metrics;  // of the plan
    std::vector<std::uint32_t> rules;    // likewise
    std::vector<Value> values;
    NameIndex index;  // of values, by their JSON
    std::uint64_t beyond = 0;
    std::uint64_t without = 0;
  };

  // The place of a group in the split; nothing for other groups.
  static std::optional<std::uint32_t> PlaceOf(const Division& division, std::uint32_t group);
  void Make(Division& division, std::string json);
  Rule RuleFor(const Division& division, const Value& value, std::uint32_t original) const;

  MetricTable& metrics_;
  RuleEvaluator& rules_;
  std::vector<Division> splits_;
  std::vector<bool> divided_;  // by group
};

}  // namespace flux_ensemble::engine
