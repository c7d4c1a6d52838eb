#include "engine/program.h"

#include <sys/wait.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <variant>

namespace flux_ensemble::engine {

namespace {

// More than the deepest expression that the reader of `when:` lets pass.
constexpr std::size_t kMaxOperands = 256;
constexpr std::size_t kMaxSteps = 4096;

enum class Type : std::uint8_t { kNumber, kText, kTruth };

constexpr bool IsOperand(Op op) {
  return op <= Op::kTextTold;
}

constexpr Type TypeOf(Op op) {
  if (op <= Op::kNumberTold) return Type::kNumber;
  if (op <= Op::kTextTold) return Type::kText;
  return op <= Op::kNegative ? Type::kNumber : Type::kTruth;
}

constexpr Type OperandTypeOf(Op op) {
  if (op <= Op::kKnown) return Type::kNumber;
  return op <= Op::kDifferent ? Type::kText : Type::kTruth;
}

constexpr std::size_t OperandsOf(Op op) {
  return op == Op::kNegative || op == Op::kNot || op == Op::kKnown ? 1 : 2;
}

constexpr bool IsComparison(Op op) {
  return op >= Op::kLess && op <= Op::kNotEqual;
}

constexpr double kUnknown = stats::kNoValue;

constexpr double Truth(bool holds) {
  return holds ? 1 : 0;
}

// A comparison with an unknown number is neither true nor false.
constexpr double Compared(Op comparison, double left, double right) {
  if (std::isnan(left) || std::isnan(right)) return kUnknown;
  return Truth(Compare(comparison, left, right));
}

// As a shell has it: 128 and the number of the signal that ended the tasks.
double StatusOf(const journal::Event* event) {
  if (event == nullptr || event->kind != journal::EventKind::kFinish) return kUnknown;
  if (WIFEXITED(event->status)) return WEXITSTATUS(event->status);
  return WIFSIGNALED(event->status) ? 128 + WTERMSIG(event->status) : kUnknown;
}

bool IsException(const journal::Event* event) {
  return event != nullptr && event->kind == journal::EventKind::kException;
}

double NumberOf(const journal::Member* member) {
  const auto* const number = member == nullptr ? nullptr : std::get_if<double>(&member->value);
  return number == nullptr ? kUnknown : *number;
}

double Apply(Op op, double left, double right) {
  switch (op) {
    case Op::kAdd:
      return left + right;
    case Op::kSubtract:
      return left - right;
    case Op::kMultiply:
      return left * right;
    case Op::kDivide:
      return right == 0 ? kUnknown : left / right;
    case Op::kAnd:
      return left == 0 || right == 0 ? 0 : left * right;
    case Op::kOr:
      return left == 1 || right == 1 ? 1 : left + right;
    default:
      return Compared(op, left, right);
  }
}

}  // namespace

const journal::Member* Facts::Parameter(std::string_view name) const {
  const JobDetails* const known = details == nullptr ? nullptr : details->Find(job);
  return known == nullptr || known->parameters == nullptr ? nullptr : known->parameters->Find(name);
}

const journal::Member* Facts::Told(std::string_view name) const {
  if (event == nullptr || event->kind != journal::EventKind::kMemo) return nullptr;
  if (!told) told = journal::MembersOf(event->context);
  return journal::FindMember(*told, name);
}

Result<Program> Program::Make(std::vector<Step> steps, std::vector<std::string> texts,
                              std::size_t metrics) {
  if (steps.size() > kMaxSteps) return Error{"a condition has too many steps"};
  Program program;
  std::vector<Type> stack;
  for (const Step& step : steps) {
    if (step.op > Op::kNot) return Error{"a step is unknown"};
    if (!IsOperand(step.op)) {
      for (std::size_t i = 0; i < OperandsOf(step.op); ++i) {
        if (stack.empty() || stack.back() != OperandTypeOf(step.op)) {
          return Error{"an operator's operands do not fit"};
        }
        stack.pop_back();
      }
    } else if (step.op == Op::kMetric) {
      if (step.index >= metrics) return Error{"the index of a metric is out of range"};
      program.metrics_.push_back(step.index);
    } else if (HasText(step.op) && step.index >= texts.size()) {
      return Error{"the index of a text is out of range"};
    }
    program.names_state_ = program.names_state_ || step.op == Op::kState;
    stack.push_back(TypeOf(step.op));
    if (stack.size() > kMaxOperands) return Error{"a condition is nested too deeply"};
  }
  if (stack.size() != 1 || stack.back() != Type::kTruth)
    return Error{"the steps are not a condition"};
  program.comparison_ = ComparisonOf(steps);
  if (!program.comparison_) program.steps_ = std::move(steps);
  program.texts_ = std::move(texts);
  return program;
}

// The steps make a condition. Null for one that takes a stack.
std::optional<Program::Comparison> Program::ComparisonOf(const std::vector<Step>& steps) {
  if (steps.size() < 2 || steps[0].op != Op::kMetric) return std::nullopt;
  Comparison comparison{0, steps[0].index, steps.back().op};
  if (steps.size() == 2 && comparison.op == Op::kKnown) return comparison;
  if (steps.size() != 3 || steps[1].op != Op::kNumber || !IsComparison(comparison.op) ||
      std::isnan(steps[1].number)) {
    return std::nullopt;
  }
  comparison.threshold = steps[1].number;
  return comparison;
}

bool Program::Run(const Facts& facts, MetricTable& metrics, double* value) const {
  if (value != nullptr) *value = metrics_.empty() ? kUnknown : facts.ValueOf(metrics_[0], metrics);
  std::array<double, kMaxOperands> stack;  // NOLINT: filled as far as it is read
  std::size_t size = 0;
  for (const Step& step : steps_) {
    switch (step.op) {
      case Op::kNumber:
        stack[size++] = step.number;
        break;
      case Op::kMetric:
        stack[size++] = facts.ValueOf(step.index, metrics);
        break;
      case Op::kStatus:
        stack[size++] = StatusOf(facts.event);
        break;
      case Op::kSeverity:
        stack[size++] = IsException(facts.event) ? facts.event->severity : kUnknown;
        break;
      case Op::kNumberParameter:
        stack[size++] = NumberOf(facts.Parameter(texts_[step.index]));
        break;
      case Op::kNumberTold:
        stack[size++] = NumberOf(facts.Told(texts_[step.index]));
        break;
      case Op::kText:
        stack[size++] = kFirstConstant + step.index;
        break;
      case Op::kTextParameter:
        stack[size++] = kFirstParameter + step.index;
        break;
      case Op::kTextTold:
        stack[size++] = kFirstTold + step.index;
        break;
      case Op::kState:
        stack[size++] = kStateText;
        break;
      case Op::kEventName:
        stack[size++] = kEventNameText;
        break;
      case Op::kExceptionType:
        stack[size++] = kExceptionText;
        break;
      case Op::kNegative:
        stack[size - 1] = -stack[size - 1];
        break;
      case Op::kNot:
        stack[size - 1] = 1 - stack[size - 1];
        break;
      case Op::kKnown:
        stack[size - 1] = Truth(!std::isnan(stack[size - 1]));
        break;
      case Op::kSame:
      case Op::kDifferent: {
        --size;
        const auto left = TextOf(static_cast<std::uint32_t>(stack[size - 1]), facts);
        const auto right = TextOf(static_cast<std::uint32_t>(stack[size]), facts);
        stack[size - 1] =
            left && right ? Truth((*left == *right) == (step.op == Op::kSame)) : kUnknown;
        break;
      }
      default:
        --size;
        stack[size - 1] = Apply(step.op, stack[size - 1], stack[size]);
        break;
    }
  }
  return stack[0] == 1;
}

std::optional<std::string_view> Program::TextOf(std::uint32_t text, const Facts& facts) const {
  switch (text) {
    case kStateText:
      if (facts.state.empty()) return std::nullopt;
      return facts.state;
    case kEventNameText:
      if (facts.event == nullptr) return std::nullopt;
      return facts.event->name;
    case kExceptionText:
      if (!IsException(facts.event)) return std::nullopt;
      return facts.event->exception_name;
    default: {
      if (text < kFirstParameter) return texts_[text - kFirstConstant];
      const journal::Member* const member = text >= kFirstTold
                                                ? facts.Told(texts_[text - kFirstTold])
                                                : facts.Parameter(texts_[text - kFirstParameter]);
      const auto* const value =
          member == nullptr ? nullptr : std::get_if<std::string>(&member->value);
      return value == nullptr ? std::nullopt : std::optional<std::string_view>(*value);
    }
  }
}

}  // namespace flux_ensemble::engine
