#include "node/plan_reader.h"

#include <array>
#include <cmath>
#include <string_view>
#include <utility>

namespace flux_ensemble::node {

namespace {

using engine::Comparison;
using engine::TriggerType;

constexpr std::array<std::pair<std::string_view, TriggerType>, 4> kTriggers = {{
    {"start", TriggerType::kStart},
    {"heartbeat", TriggerType::kHeartbeat},
    {"metric", TriggerType::kMetric},
    {"job", TriggerType::kJob},
}};

constexpr std::array<std::pair<std::string_view, Comparison>, 6> kComparisons = {{
    {"<", Comparison::kLess},
    {"<=", Comparison::kLessEqual},
    {">", Comparison::kGreater},
    {">=", Comparison::kGreaterEqual},
    {"==", Comparison::kEqual},
    {"!=", Comparison::kNotEqual},
}};

constexpr std::array<std::pair<std::string_view, stats::Statistic>, stats::kStatisticCount>
    kStatistics = {{
        {"mean", stats::Statistic::kMean},
        {"variance", stats::Statistic::kVariance},
        {"min", stats::Statistic::kMin},
        {"max", stats::Statistic::kMax},
        {"iqr", stats::Statistic::kIqr},
        {"mad", stats::Statistic::kMad},
        {"q25", stats::Statistic::kQ25},
        {"q50", stats::Statistic::kQ50},
        {"q75", stats::Statistic::kQ75},
    }};

constexpr std::array<std::pair<std::string_view, engine::Variable>, engine::kVariableCount>
    kVariables = {{
        {"duration", engine::Variable::kDuration},
        {"pending", engine::Variable::kPending},
    }};

// Reads typed properties of one object; the first that is of another type is the error.
class PropertyReader {
 public:
  PropertyReader(const Napi::Object& object, std::string* error) : object_(object), error_(error) {}

  bool good() const { return good_; }

  std::optional<std::string> TextOrNull(const char* key) {
    const Napi::Value value = object_.Get(key);
    if (value.IsNull()) return std::nullopt;
    if (!value.IsString()) return Fail<std::string>(key, "a string or null");
    return value.As<Napi::String>().Utf8Value();
  }

  std::string Text(const char* key) {
    std::optional<std::string> text = TextOrNull(key);
    if (!text) Fail<std::string>(key, "a string");
    return text.value_or(std::string());
  }

  double Number(const char* key) {
    const Napi::Value value = object_.Get(key);
    const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : NAN;
    if (!std::isfinite(number)) Fail<double>(key, "a finite number");
    return std::isfinite(number) ? number : 0;
  }

  // An integer from `low` to 2^53.
  std::int64_t Integer(const char* key, std::int64_t low) {
    const double number = Number(key);
    if (good_ && (number != std::floor(number) || number < static_cast<double>(low) ||
                  number > 9007199254740992.0)) {
      Fail<double>(key, "an integer in range");
    }
    return good_ ? static_cast<std::int64_t>(number) : low;
  }

  // The index of one of `size` things.
  std::size_t Index(const char* key, std::size_t size) {
    const std::int64_t index = Integer(key, 0);
    if (good_ && static_cast<std::uint64_t>(index) >= size) Fail<bool>(key, "an index in range");
    return good_ ? static_cast<std::size_t>(index) : 0;
  }

  bool Boolean(const char* key) {
    const Napi::Value value = object_.Get(key);
    if (!value.IsBoolean()) return Fail<bool>(key, "a boolean").has_value();
    return value.As<Napi::Boolean>().Value();
  }

  // The entry of a table under the name that the property holds.
  template <typename T, std::size_t N>
  T OneOf(const char* key, const std::array<std::pair<std::string_view, T>, N>& table) {
    const std::string name = Text(key);
    for (const auto& [entry, result] : table) {
      if (entry == name) return result;
    }
    Fail<T>(key, "a known name");
    return table[0].second;
  }

  template <typename T>
  std::optional<T> Fail(const char* key, const char* wanted) {
    if (good_) *error_ = std::string(key) + " must be " + wanted;
    good_ = false;
    return std::nullopt;
  }

 private:
  Napi::Object object_;
  std::string* error_;
  bool good_ = true;
};

engine::Count CountOf(PropertyReader& reader, const std::string& name) {
  for (std::size_t i = 0; i < engine::kCountCount; ++i) {
    if (engine::kCountNames[i] == name) return static_cast<engine::Count>(i);
  }
  reader.Fail<bool>("count", "a known name");
  return engine::Count::kSubmitted;
}

std::optional<engine::Metric> ReadMetric(const Napi::Value& value, std::size_t groups,
                                         std::string* error) {
  if (!value.IsObject()) {
    *error = "a metric must be an object";
    return std::nullopt;
  }
  PropertyReader reader(value.As<Napi::Object>(), error);
  engine::Metric metric;
  metric.group = static_cast<std::uint32_t>(reader.Index("group", groups));
  if (const std::optional<std::string> count = reader.TextOrNull("count")) {
    metric.kind = engine::Metric::Kind::kCount;
    metric.count = CountOf(reader, *count);
  } else {
    metric.statistic = reader.OneOf("statistic", kStatistics);
    metric.variable = reader.OneOf("variable", kVariables);
  }
  if (!reader.good()) return std::nullopt;
  return metric;
}

void ReadCondition(PropertyReader& reader, engine::Rule& rule) {
  if (!reader.TextOrNull("comparison")) return;
  rule.condition =
      engine::Condition{reader.OneOf("comparison", kComparisons), reader.Number("threshold")};
}

// Null, or an array: what a source can submit by itself.
void ReadPortions(PropertyReader& reader, const Napi::Value& value, JobspecPool* pool,
                  engine::Rule& rule) {
  if (value.IsNull()) return;
  if (!value.IsArray()) {
    reader.Fail<bool>("submit", "an array or null");
    return;
  }
  const auto array = value.As<Napi::Array>();
  std::string ignored;
  for (std::uint32_t i = 0; i < array.Length(); ++i) {
    std::optional<engine::SubmitPortion> portion = ReadPortion(array.Get(i), &ignored, pool);
    if (!portion) {
      reader.Fail<bool>("submit", "an array of portions");
      return;
    }
    rule.submit.push_back(std::move(*portion));
  }
}

bool ReadRemembered(const Napi::Value& value, engine::Plan& plan, std::string* error) {
  if (!value.IsArray()) {
    *error = "remembered must be an array";
    return false;
  }
  const auto array = value.As<Napi::Array>();
  for (std::uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::HandleScope scope(value.Env());
    const Napi::Value element = array.Get(i);
    if (!element.IsObject()) {
      *error = "remembered must be objects";
      return false;
    }
    PropertyReader reader(element.As<Napi::Object>(), error);
    engine::RememberedGroup remembered;
    const std::int64_t group = reader.Integer("group", 0);
    if (static_cast<std::uint64_t>(group) >= plan.groups.size()) {
      reader.Fail<bool>("group", "the index of a group");
    }
    remembered.group = static_cast<std::uint32_t>(group);
    if (!reader.good()) return false;
    plan.remembered.push_back(remembered);
  }
  return true;
}

}  // namespace

std::shared_ptr<const engine::Jobspec> JobspecPool::Share(engine::Jobspec jobspec) {
  const auto found = jobspecs_.find(jobspec.head);
  if (found != jobspecs_.end() && found->second->tail == jobspec.tail) return found->second;
  auto shared = std::make_shared<const engine::Jobspec>(std::move(jobspec));
  jobspecs_.emplace(shared->head, shared);
  return shared;
}

std::optional<engine::SubmitPortion> ReadPortion(const Napi::Value& value, std::string* error,
                                                 JobspecPool* pool) {
  if (!value.IsObject()) {
    *error = "a portion must be an object";
    return std::nullopt;
  }
  PropertyReader reader(value.As<Napi::Object>(), error);
  engine::SubmitPortion portion;
  engine::Jobspec jobspec;
  jobspec.head = reader.Text("head");
  jobspec.tail = reader.Text("tail");
  portion.jobspec = pool != nullptr ? pool->Share(std::move(jobspec))
                                    : std::make_shared<const engine::Jobspec>(std::move(jobspec));
  portion.count = static_cast<std::uint64_t>(reader.Integer("count", 0));
  portion.urgency = static_cast<int>(reader.Integer("urgency", 0));
  if (!reader.good()) return std::nullopt;
  return portion;
}

std::optional<std::vector<engine::Metric>> ReadMetrics(const Napi::Value& value, std::size_t groups,
                                                       std::string* error) {
  if (!value.IsArray()) {
    *error = "metrics must be an array";
    return std::nullopt;
  }
  const auto array = value.As<Napi::Array>();
  std::vector<engine::Metric> metrics;
  metrics.reserve(array.Length());
  for (std::uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::HandleScope scope(array.Env());
    const std::optional<engine::Metric> metric = ReadMetric(array.Get(i), groups, error);
    if (!metric) {
      *error = "metrics[" + std::to_string(i) + "]: " + *error;
      return std::nullopt;
    }
    metrics.push_back(*metric);
  }
  return metrics;
}

std::optional<engine::Rule> ReadRule(const Napi::Value& value, const PlanSizes& sizes,
                                     std::string* error, JobspecPool* pool) {
  if (!value.IsObject()) {
    *error = "a rule must be an object";
    return std::nullopt;
  }
  PropertyReader reader(value.As<Napi::Object>(), error);
  engine::Rule rule;
  rule.trigger = reader.OneOf("trigger", kTriggers);
  if (rule.trigger == TriggerType::kMetric) {
    rule.metric = static_cast<std::uint32_t>(reader.Index("metric", sizes.metrics));
    ReadCondition(reader, rule);
  } else if (rule.trigger == TriggerType::kJob) {
    const std::optional<engine::Touch> touch = engine::TouchOfTrigger(reader.Text("event"));
    if (!touch) reader.Fail<bool>("event", "the name of an event");
    rule.touch = touch.value_or(engine::Touch::kNone);
    if (reader.Integer("group", -1) >= 0) {
      rule.group = static_cast<std::uint32_t>(reader.Index("group", sizes.groups));
    }
  }
  rule.repetitions = static_cast<std::uint64_t>(reader.Integer("repetitions", 0));
  const std::int64_t backoff = reader.Integer("backoff", -1);
  if (backoff >= 0) rule.backoff = static_cast<std::uint64_t>(backoff);
  rule.terminal = reader.Boolean("terminal");
  rule.wants_event = reader.Boolean("wantsEvent");
  ReadPortions(reader, value.As<Napi::Object>().Get("submit"), pool, rule);
  if (!reader.good()) return std::nullopt;
  return rule;
}

std::optional<FluxOptions> ReadFluxOptions(const Napi::Value& value, std::string* error) {
  if (!value.IsObject()) {
    *error = "options must be an object";
    return std::nullopt;
  }
  const auto object = value.As<Napi::Object>();
  PropertyReader reader(object, error);
  FluxOptions options;
  options.library = reader.Text("library");
  options.session.uri = reader.TextOrNull("uri").value_or(std::string());
  options.session.full = reader.Boolean("full");
  options.session.validate_once = reader.Boolean("validateOnce");
  options.session.window = static_cast<std::uint32_t>(reader.Integer("window", 1));
  options.tap = reader.Boolean("tap");
  const Napi::Value allow = object.Get("allow");
  if (!allow.IsArray()) reader.Fail<bool>("allow", "an array");
  if (!reader.good()) return std::nullopt;
  const auto names = allow.As<Napi::Array>();
  for (std::uint32_t i = 0; i < names.Length(); ++i) {
    options.session.allow.push_back(names.Get(i).ToString().Utf8Value());
  }
  return options;
}

std::optional<engine::Plan> ReadPlan(const Napi::Value& value, std::string* error) {
  if (!value.IsObject()) {
    *error = "a plan must be an object";
    return std::nullopt;
  }
  const auto object = value.As<Napi::Object>();
  PropertyReader reader(object, error);
  engine::Plan plan;
  plan.track_all = reader.Boolean("trackAll");
  plan.ensemble = reader.Text("ensemble");
  plan.heartbeat = reader.Number("heartbeat");
  plan.virtual_time = reader.Boolean("virtualTime");
  const Napi::Value groups = object.Get("groups");
  const Napi::Value rules = object.Get("rules");
  if (!groups.IsArray()) reader.Fail<bool>("groups", "an array");
  if (!rules.IsArray()) reader.Fail<bool>("rules", "an array");
  if (!reader.good()) return std::nullopt;

  const auto group_array = groups.As<Napi::Array>();
  const auto rule_array = rules.As<Napi::Array>();
  const napi_env env = object.Env();
  plan.groups.reserve(group_array.Length());
  for (std::uint32_t i = 0; i < group_array.Length(); ++i) {
    const Napi::HandleScope scope(env);
    const Napi::Value name = group_array.Get(i);
    if (!name.IsString()) {
      *error = "groups must be strings";
      return std::nullopt;
    }
    plan.groups.push_back(name.As<Napi::String>().Utf8Value());
  }
  std::optional<std::vector<engine::Metric>> metrics =
      ReadMetrics(object.Get("metrics"), plan.groups.size(), error);
  if (!metrics) return std::nullopt;
  plan.metrics = std::move(*metrics);
  const PlanSizes sizes{plan.groups.size(), plan.metrics.size()};
  if (!ReadRemembered(object.Get("remembered"), plan, error)) return std::nullopt;
  plan.rules.reserve(rule_array.Length());
  JobspecPool pool;
  for (std::uint32_t i = 0; i < rule_array.Length(); ++i) {
    const Napi::HandleScope scope(env);
    std::optional<engine::Rule> rule = ReadRule(rule_array.Get(i), sizes, error, &pool);
    if (!rule) {
      *error = "rules[" + std::to_string(i) + "]: " + *error;
      return std::nullopt;
    }
    plan.rules.push_back(std::move(*rule));
  }
  return plan;
}

}  // namespace flux_ensemble::node
