#include "engine/subsets.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <utility>
#include <variant>

#include "journal/json_text.h"

namespace flux_ensemble::engine {

namespace {

// The fewest digits that give the number back. The tables of std::to_chars for numbers would be a
// sixth of the prebuilt addon.
std::string TextOf(double number) {
  std::array<char, 32> digits{};
  for (int precision = std::numeric_limits<double>::digits10; precision <= 17; ++precision) {
    std::snprintf(digits.data(), digits.size(), "%.*g", precision, number);
    if (std::strtod(digits.data(), nullptr) == number) break;
  }
  std::string text(digits.data());
  // A program that this library is a part of may have set another decimal mark.
  std::replace(text.begin(), text.end(), ',', '.');
  return text;
}

// The value of a parameter as JSON. Nothing for null, an array and an object. Numbers that are
// equal have the same text.
std::optional<std::string> JsonOf(const journal::Member* member) {
  if (member == nullptr) return std::nullopt;
  if (member->integer) return std::to_string(*member->integer);
  if (const auto* const text = std::get_if<std::string>(&member->value)) {
    return journal::Quote(*text);
  }
  if (const auto* const flag = std::get_if<bool>(&member->value)) return *flag ? "true" : "false";
  const auto* const number = std::get_if<double>(&member->value);
  if (number == nullptr) return std::nullopt;
  return TextOf(*number + 0.0);  // Minus zero is zero.
}

template <typename Made>
std::uint32_t FirstOf(std::size_t count, Made made) {
  std::uint32_t first = ~std::uint32_t{0};
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t index = made(i);
    if (i == 0) first = index;
  }
  return first;
}

}  // namespace

Subsets::Subsets(std::vector<Split> splits, MetricTable& metrics, RuleEvaluator& rules)
    : metrics_(metrics), rules_(rules) {
  for (Split& split : splits) {
    Division& division = splits_.emplace_back();
    division.split = std::move(split);
    for (const std::uint32_t group : division.split.groups) {
      if (group >= divided_.size()) divided_.resize(group + std::size_t{1});
      divided_[group] = true;
    }
  }
  for (std::uint32_t i = 0; i < metrics.size(); ++i) {
    const std::uint32_t split = metrics.metric(i).split;
    if (split < splits_.size()) splits_[split].metrics.push_back(i);
  }
  for (std::uint32_t i = 0; i < rules.size(); ++i) {
    const std::uint32_t split = rules.rule(i).split;
    if (split < splits_.size()) splits_[split].rules.push_back(i);
  }
}

std::optional<std::uint32_t> Subsets::PlaceOf(const Division& division, std::uint32_t group) {
  const auto found = std::ranges::find(division.split.groups, group);
  if (found == division.split.groups.end()) return std::nullopt;
  return static_cast<std::uint32_t>(found - division.split.groups.begin());
}

std::optional<std::string> Subsets::ValueIn(const JobParameters& parameters,
                                            std::string_view parameter) {
  return JsonOf(parameters.Find(parameter));
}

std::vector<std::uint32_t> Subsets::GroupsFor(std::uint32_t group,
                                              const JobParameters& parameters) {
  for (Division& division : splits_) {
    if (!PlaceOf(division, group)) continue;
    std::optional<std::string> json = ValueIn(parameters, division.split.parameter);
    if (!json) {
      ++division.without;
    } else if (!division.index.contains(*json)) {
      if (division.values.size() < kMaxValues) {
        Make(division, std::move(*json));
      } else {
        ++division.beyond;
      }
    }
  }
  return KnownGroups(group, parameters);
}

std::vector<std::uint32_t> Subsets::KnownGroups(std::uint32_t group,
                                                const JobParameters& parameters) const {
  std::vector<std::uint32_t> made;
  for (const Division& division : splits_) {
    const std::optional<std::uint32_t> place = PlaceOf(division, group);
    if (!place) continue;
    const std::optional<std::string> json = ValueIn(parameters, division.split.parameter);
    const auto found = json ? division.index.find(*json) : division.index.end();
    if (found == division.index.end()) continue;
    made.push_back(division.values[found->second].group + *place);
  }
  return made;
}

std::uint32_t Subsets::GroupOf(const GroupPart& part) const {
  for (const Division& division : splits_) {
    if (division.split.parameter != part.parameter()) continue;
    const std::optional<std::uint32_t> place = PlaceOf(division, part.group());
    const auto found = division.index.find(part.value());
    if (!place || found == division.index.end()) return kNoGroup;
    return division.values[found->second].group + *place;
  }
  return kNoGroup;
}

void Subsets::Make(Division& division, std::string json) {
  Value value;
  const std::vector<std::uint32_t>& groups = division.split.groups;
  value.group = FirstOf(groups.size(), [&](std::size_t i) {
    const std::uint32_t made = metrics_.AddGroup(true);
    metrics_.AddProbes(made, metrics_.probes(groups[i]).size());
    return made;
  });
  value.metric = FirstOf(division.metrics.size(), [&](std::size_t i) {
    Metric metric = metrics_.metric(division.metrics[i]);
    metric.split = kNoSplit;
    // The plan has the group of each metric in its split.
    metric.group = value.group + PlaceOf(division, metric.group).value_or(0);
    return metrics_.Add(metric);
  });
  value.json = std::move(json);
  value.rule = FirstOf(division.rules.size(), [&](std::size_t i) {
    const std::uint32_t original = division.rules[i];
    Rule rule = RuleFor(division, value, original);
    std::vector<std::uint32_t> made;
    if (rule.trigger == TriggerType::kJob) {
      for (std::uint32_t place = 0; place < groups.size(); ++place) {
        const bool is_meant = rule.group == kNoGroup || rule.group == groups[place];
        if (is_meant) made.push_back(value.group + place);
      }
    }
    return rules_.AddRuleFor(std::move(rule), made);
  });
  division.index.emplace(value.json, static_cast<std::uint32_t>(division.values.size()));
  division.values.push_back(std::move(value));
}

Rule Subsets::RuleFor(const Division& division, const Value& value, std::uint32_t original) const {
  Rule rule = rules_.rule(original);
  rule.split = kNoSplit;
  rule.original = original;
  rule.value = value.json;
  // The jobs that the source submits are looked up in the original.
  rule.submit.clear();
  if (!rule.program) return rule;
  std::uint32_t group = rule.group;
  rule.program = rule.program->OnMetrics([&](std::uint32_t index) {
    const auto found = std::ranges::find(division.metrics, index);
    if (found == division.metrics.end()) return index;
    if (group == kNoGroup) group = metrics_.metric(index).group;
    return value.metric + static_cast<std::uint32_t>(found - division.metrics.begin());
  });
  // The group of a firing. The jobs of a rule on any group's jobs have their own.
  if (rule.trigger == TriggerType::kMetric) rule.group = group;
  return rule;
}

void Subsets::FillIn(const Rule& rule, std::vector<double>& metrics) const {
  if (rule.original == kNoRule) return;
  const std::uint32_t split = rules_.rule(rule.original).split;
  const Division& division = splits_[split];
  const auto found = division.index.find(rule.value);
  if (found == division.index.end()) return;
  const std::uint32_t first = division.values[found->second].metric;
  for (std::uint32_t i = 0; i < division.metrics.size(); ++i) {
    metrics[division.metrics[i]] = metrics_.ValueOf(first + i);
  }
}

std::vector<SplitReport> Subsets::Report() const {
  std::vector<SplitReport> reports;
  for (const Division& division : splits_) {
    SplitReport& report = reports.emplace_back();
    report.beyond = division.beyond;
    report.without = division.without;
    for (const Value& value : division.values) {
      report.values.push_back(value.json);
      for (std::uint32_t i = 0; i < division.metrics.size(); ++i) {
        report.metrics.push_back(metrics_.ValueOf(value.metric + i));
      }
      for (std::uint32_t i = 0; i < division.rules.size(); ++i) {
        report.firings.push_back(static_cast<double>(rules_.FiredBy(value.rule + i)));
      }
    }
  }
  return reports;
}

}  // namespace flux_ensemble::engine
