// The condition of a rule: steps of a stack machine, checked once, when they are read. A result of
// an unknown operand is unknown too, unless `and` or `or` can decide without it. A program that
// only compares a metric with a number is evaluated without the stack.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/job_details.h"
#include "engine/metric_table.h"
#include "engine/outlook.h"
#include "journal/record.h"
#include "journal/result.h"

namespace flux_ensemble::engine {

enum class Op : std::uint8_t {
  // Operands.
  kNumber,
  kMetric,
  kStatus,           // of the event: the exit code of the job's tasks
  kSeverity,         // of the event: an exception's
  kNumberParameter,  // of the event's job
  kNumberTold,       // by the event, a memo: under a name
  // Texts, which are only ever compared: a constant, the state, what the event has, a parameter of
  // its job, and what a memo tells.
  kText,
  kState,
  kEventName,
  kExceptionType,
  kTextParameter,
  kTextTold,
  // Operators.
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kNegative,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kEqual,
  kNotEqual,
  kKnown,  // true for a number that has a value
  kSame,
  kDifferent,
  kAnd,
  kOr,
  kNot,
};

// Whether the step's index leads into the texts.
constexpr bool HasText(Op op) {
  return op == Op::kText || op == Op::kNumberParameter || op == Op::kTextParameter ||
         op == Op::kNumberTold || op == Op::kTextTold;
}

// Compares two numbers; false for an operator that is not a comparison.
constexpr bool Compare(Op comparison, double left, double right) {
  switch (comparison) {
    case Op::kLess:
      return left < right;
    case Op::kLessEqual:
      return left <= right;
    case Op::kGreater:
      return left > right;
    case Op::kGreaterEqual:
      return left >= right;
    case Op::kEqual:
      return left == right;
    case Op::kNotEqual:
      return left != right;
    default:
      return false;
  }
}

struct Step {
  double number = 0;  // kNumber
  // kMetric: into the table of metrics; kText, and names of parameters and told values: into the
  // texts.
  std::uint32_t index = 0;
  Op op = Op::kNumber;
};

// The inputs of a condition, other than the metrics.
struct Facts {
  std::string_view state;                 // empty when the ensemble has none
  const journal::Event* event = nullptr;  // null where no event made the rule due
  const PendingViews* views = nullptr;    // at heartbeats
  Outlook* outlook = nullptr;             // for the metrics as they will be
  // Details of the event's job, if they are kept. They are looked up on request only.
  const JobDetailsTable* details = nullptr;
  journal::JobId job = 0;
  // The values that the event tells; empty before the first request.
  mutable std::optional<std::vector<journal::Member>> told = std::nullopt;

  // The present value of a metric, or its future value in an outlook.
  double ValueOf(std::uint32_t metric, MetricTable& metrics) const {
    return outlook == nullptr ? metrics.ValueOf(metric, views) : outlook->ValueOf(metric);
  }
  // Null for an unknown parameter.
  const journal::Member* Parameter(std::string_view name) const;
  // The value that the event, a memo, tells under a name; null for an unknown one.
  const journal::Member* Told(std::string_view name) const;
};

class Program {
 public:
  // Fails when the steps are not a condition: a wrong type, too few operands, too many, an index
  // out of range. `metrics` is the size of their table.
  static Result<Program> Make(std::vector<Step> steps, std::vector<std::string> texts,
                              std::size_t metrics);

  // The same condition on other metrics: `replace` returns the index in place of another one.
  template <typename Replace>
  Program OnMetrics(Replace replace) const {
    Program copy = *this;
    if (copy.comparison_) copy.comparison_->metric = replace(copy.comparison_->metric);
    for (Step& step : copy.steps_) {
      if (step.op == Op::kMetric) step.index = replace(step.index);
    }
    for (std::uint32_t& metric : copy.metrics_) metric = replace(metric);
    return copy;
  }

  // Whether the condition holds for certain. `value`, unless it is null, is set to the value of the
  // first metric that the condition names, kNoValue without one.
  bool Holds(const Facts& facts, MetricTable& metrics, double* value = nullptr) const {
    if (!comparison_) return Run(facts, metrics, value);
    const double found = facts.ValueOf(comparison_->metric, metrics);
    if (value != nullptr) *value = found;
    if (std::isnan(found)) return false;
    return comparison_->op == Op::kKnown || Compare(comparison_->op, found, comparison_->threshold);
  }

  // The metrics that it names, in the order of the text.
  const std::vector<std::uint32_t>& metrics() const { return metrics_; }
  bool names_state() const { return names_state_; }

 private:
  // A metric compared with a number (kLess to kNotEqual), or known.
  struct Comparison {
    double threshold = 0;
    std::uint32_t metric = kNoMetric;
    Op op = Op::kKnown;
  };

  static std::optional<Comparison> ComparisonOf(const std::vector<Step>& steps);
  bool Run(const Facts& facts, MetricTable& metrics, double* value) const;
  // Empty for an unknown text.
  std::optional<std::string_view> TextOf(std::uint32_t text, const Facts& facts) const;

  // Numbers of texts, the operands of `same` and `different` on the stack.
  static constexpr std::uint32_t kStateText = 0;
  static constexpr std::uint32_t kEventNameText = 1;
  static constexpr std::uint32_t kExceptionText = 2;
  // From here on constants, then the names of parameters, and of what memos tell.
  static constexpr std::uint32_t kFirstConstant = 3;
  static constexpr std::uint32_t kFirstParameter = 1u << 20;
  static constexpr std::uint32_t kFirstTold = 1u << 21;

  std::optional<Comparison> comparison_;  // then there are no steps
  std::vector<Step> steps_;
  std::vector<std::string> texts_;
  std::vector<std::uint32_t> metrics_;
  bool names_state_ = false;
};

}  // namespace flux_ensemble::engine
