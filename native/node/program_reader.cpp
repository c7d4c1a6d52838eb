#include "node/program_reader.h"

#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "node/property_reader.h"

namespace flux_ensemble::node {

namespace {

using engine::Op;

constexpr std::array<std::pair<std::string_view, Op>, 29> kOps = {{
    {"number", Op::kNumber},
    {"metric", Op::kMetric},
    {"event.status", Op::kStatus},
    {"event.exception.severity", Op::kSeverity},
    {"number parameter", Op::kNumberParameter},
    {"number told", Op::kNumberTold},
    {"text", Op::kText},
    {"state", Op::kState},
    {"event.name", Op::kEventName},
    {"event.exception.type", Op::kExceptionType},
    {"text parameter", Op::kTextParameter},
    {"text told", Op::kTextTold},
    {"+", Op::kAdd},
    {"-", Op::kSubtract},
    {"*", Op::kMultiply},
    {"/", Op::kDivide},
    {"negative", Op::kNegative},
    {"<", Op::kLess},
    {"<=", Op::kLessEqual},
    {">", Op::kGreater},
    {">=", Op::kGreaterEqual},
    {"==", Op::kEqual},
    {"!=", Op::kNotEqual},
    {"known", Op::kKnown},
    {"same", Op::kSame},
    {"different", Op::kDifferent},
    {"and", Op::kAnd},
    {"or", Op::kOr},
    {"not", Op::kNot},
}};

}  // namespace

// Each step is { op, value }: a number, a metric's index or a text, null for the others.
Result<engine::Program> ReadProgram(const Napi::Value& value, std::size_t metrics) {
  if (!value.IsArray()) return Error{"when must be an array of steps"};
  const auto array = value.As<Napi::Array>();
  std::vector<engine::Step> steps;
  std::vector<std::string> texts;
  for (std::uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::HandleScope scope(array.Env());
    const Napi::Value item = array.Get(i);
    if (!item.IsObject()) return Error{"when must be an array of steps"};
    PropertyReader reader(item.As<Napi::Object>());
    engine::Step step;
    step.op = reader.OneOf("op", kOps);
    if (step.op == Op::kNumber) step.number = reader.Number("value");
    if (step.op == Op::kMetric)
      step.index = static_cast<std::uint32_t>(reader.Index("value", metrics));
    if (engine::HasText(step.op)) {
      step.index = static_cast<std::uint32_t>(texts.size());
      texts.push_back(reader.Text("value"));
    }
    if (!reader.good()) return reader.error();
    steps.push_back(step);
  }
  return engine::Program::Make(std::move(steps), std::move(texts), metrics);
}

}  // namespace flux_ensemble::node
