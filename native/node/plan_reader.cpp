#include "node/plan_reader.h"

#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <utility>

#include "node/program_reader.h"
#include "node/property_reader.h"

namespace flux_ensemble::node {

namespace {

using engine::TriggerType;

constexpr std::array<std::pair<std::string_view, TriggerType>, engine::kTriggerTypeCount>
    kTriggers = {{
        {"start", TriggerType::kStart},
        {"heartbeat", TriggerType::kHeartbeat},
        {"metric", TriggerType::kMetric},
        {"job", TriggerType::kJob},
        {"interval", TriggerType::kInterval},
        {"cron", TriggerType::kCron},
        {"state", TriggerType::kState},
        {"limit", TriggerType::kLimit},
        {"group-done", TriggerType::kGroupDone},
        {"end", TriggerType::kEnd},
    }};

constexpr std::array<std::pair<std::string_view, engine::LimitKind>, 7> kLimits = {{
    {"active", engine::LimitKind::kActive},
    {"rate", engine::LimitKind::kRate},
    {"jobs", engine::LimitKind::kJobs},
    {"nodeHours", engine::LimitKind::kNodeHours},
    {"wall", engine::LimitKind::kWall},
    {"failures", engine::LimitKind::kFailures},
    {"failureShare", engine::LimitKind::kFailureShare},
}};

constexpr std::array<std::pair<std::string_view, engine::Metric::Kind>, 4> kFactKinds = {{
    {"nodehours", engine::Metric::Kind::kNodeHours},
    {"corehours", engine::Metric::Kind::kCoreHours},
    {"size", engine::Metric::Kind::kSize},
    {"timeleft", engine::Metric::Kind::kTimeLeft},
}};

constexpr std::array<std::pair<std::string_view, engine::Variable>, engine::kVariableCount>
    kVariables = {{
        {"duration", engine::Variable::kDuration},
        {"pending", engine::Variable::kPending},
    }};

constexpr double kShortestWindow = 0.001;

// Null, or the index of a number that the group's probes measure.
void ReadProbe(PropertyReader& reader, const std::vector<std::size_t>& probes,
               engine::Metric& metric) {
  const std::size_t known = metric.group < probes.size() ? probes[metric.group] : 0;
  const std::optional<std::size_t> probe = reader.IndexOrNull("probe", known);
  if (probe) metric.probe = static_cast<std::uint32_t>(*probe);
}

// Null, or { side, level }.
void ReadBound(PropertyReader& reader, const Napi::Value& value, engine::Metric& metric) {
  if (value.IsNull()) return;
  PropertyReader part = reader.Inner("bound", value);
  metric.bound = part.OneOf<stats::Bound>("side", stats::kBoundNames);
  metric.level = part.Number("level");
  if (!(metric.level > 0 && metric.level < 1)) part.Fail<bool>("level", "above 0 and below 1");
  if (metric.window > 0) reader.Fail<bool>("window", "0 for a metric with a bound");
  if (metric.kind == engine::Metric::Kind::kCount) {
    metric.kind = engine::Metric::Kind::kShare;
    if (!engine::IsShared(metric.count)) {
      reader.Fail<bool>("count", "success, failed or timeout, for a share");
    }
  } else if (metric.statistic != stats::Statistic::kMean &&
             metric.statistic != stats::Statistic::kQuantile) {
    reader.Fail<bool>("statistic", "mean or quantile, for a metric with a bound");
  }
}

// Null, or the index of a split that has the group of the metric.
void ReadSplit(PropertyReader& reader, const std::vector<engine::Split>& splits,
               engine::Metric& metric) {
  const std::optional<std::size_t> split = reader.IndexOrNull("split", splits.size());
  if (!split || !reader.good()) return;
  const std::vector<std::uint32_t>& groups = splits[*split].groups;
  if (std::ranges::find(groups, metric.group) == groups.end()) {
    reader.Fail<bool>("split", "one that has the group");
  }
  metric.split = static_cast<std::uint32_t>(*split);
}

Result<engine::Metric> ReadMetric(const Napi::Value& value, std::size_t groups,
                                  const std::vector<std::size_t>& probes,
                                  const std::vector<engine::Split>& splits) {
  if (!value.IsObject()) return Error{"a metric must be an object"};
  const auto object = value.As<Napi::Object>();
  PropertyReader reader(object);
  engine::Metric metric;
  if (reader.TextOrNull("fact")) {
    metric.kind = reader.OneOf("fact", kFactKinds);
    metric.group = engine::IsOfHours(metric)
                       ? static_cast<std::uint32_t>(reader.Index("group", groups))
                       : engine::kNoGroup;
    if (!reader.good()) return reader.error();
    return metric;
  }
  metric.group = static_cast<std::uint32_t>(reader.Index("group", groups));
  metric.window = reader.Number("window");
  if (metric.window != 0 && metric.window < kShortestWindow) {
    reader.Fail<bool>("window", "0 or at least a thousandth of a second");
  }
  metric.from_zero = reader.Boolean("fromZero");
  metric.quantile = reader.Number("quantile");
  if (metric.quantile < 0 || metric.quantile > 1) {
    reader.Fail<bool>("quantile", "from 0 to 1");
  }
  if (reader.TextOrNull("count")) {
    metric.count = reader.OneOf<engine::Count>("count", engine::kCountNames);
    metric.kind = metric.window > 0 ? engine::Metric::Kind::kRate : engine::Metric::Kind::kCount;
    if (metric.window > 0 && engine::IsGauge(metric.count)) {
      reader.Fail<bool>("count", "one that only grows, for a rate");
    }
  } else {
    metric.statistic = reader.OneOf<stats::Statistic>("statistic", stats::kStatisticNames);
    metric.variable = reader.OneOf("variable", kVariables);
    ReadProbe(reader, probes, metric);
  }
  ReadBound(reader, object.Get("bound"), metric);
  ReadSplit(reader, splits, metric);
  if (!reader.good()) return reader.error();
  return metric;
}

// Null, or { for, cooldown, interval }: seconds, 0 for none.
void ReadTiming(PropertyReader& reader, const Napi::Value& value, engine::Rule& rule) {
  if (rule.trigger == TriggerType::kInterval && value.IsNull()) {
    reader.Fail<bool>("timing", "an object");
  }
  if (value.IsNull()) return;
  PropertyReader timing = reader.Inner("timing", value);
  rule.hold_duration = timing.Seconds("for");
  rule.cooldown = timing.Seconds("cooldown");
  rule.interval = timing.Seconds("interval");
  if (rule.trigger == TriggerType::kInterval && rule.interval <= 0) {
    timing.Fail<bool>("interval", "above 0");
  }
}

// Null, or { in, goto, enter }: the states' indexes, -1 for none.
void ReadStates(PropertyReader& reader, const Napi::Value& value, std::size_t states,
                engine::Rule& rule) {
  if (rule.trigger == TriggerType::kState && value.IsNull()) {
    reader.Fail<bool>("states", "an object");
  }
  if (value.IsNull()) return;
  PropertyReader part = reader.Inner("states", value);
  const auto state = [&](const char* key) {
    const bool given = part.Integer(key, -1) >= 0;
    return given ? static_cast<std::uint32_t>(part.Index(key, states)) : engine::kNoState;
  };
  rule.go_to = state("goto");
  rule.state = state("enter");
  if (rule.trigger == TriggerType::kState && rule.state == engine::kNoState) {
    part.Fail<bool>("enter", "the index of a state");
  }
  for (const double index : part.Numbers("in")) {
    if (!(index >= 0 && index < static_cast<double>(states))) {
      part.Fail<bool>("in", "indexes of states");
      return;
    }
    rule.in |= std::uint64_t{1} << static_cast<unsigned>(index);
  }
}

// Null, or { goto, terminal, wantsEvent } of a metric rule.
void ReadResolution(PropertyReader& reader, const Napi::Value& value, std::size_t states,
                    engine::Rule& rule) {
  if (value.IsNull()) return;
  if (rule.trigger != TriggerType::kMetric) reader.Fail<bool>("resolve", "null");
  PropertyReader part = reader.Inner("resolve", value);
  engine::Resolution resolve;
  if (part.Integer("goto", -1) >= 0) {
    resolve.go_to = static_cast<std::uint32_t>(part.Index("goto", states));
  }
  resolve.terminal = part.Boolean("terminal");
  resolve.wants_event = part.Boolean("wantsEvent");
  rule.resolve = resolve;
}

// Null, or an array of jobs that a source submits by itself.
void ReadPortions(PropertyReader& reader, const Napi::Value& value, JobspecPool* pool,
                  std::vector<engine::SubmitPortion>& to) {
  if (value.IsNull()) return;
  if (!value.IsArray()) {
    reader.Fail<bool>("submit", "an array or null");
    return;
  }
  const auto array = value.As<Napi::Array>();
  for (std::uint32_t i = 0; i < array.Length(); ++i) {
    Result<engine::SubmitPortion> portion = ReadPortion(array.Get(i), pool);
    if (!portion) {
      reader.Fail<bool>("submit", "an array of portions");
      return;
    }
    to.push_back(std::move(*portion));
  }
}

// Null, or the policy of the group's retries.
std::optional<engine::RetryPolicy> ReadRetry(PropertyReader& outer, const Napi::Value& value,
                                             JobspecPool* pool) {
  if (value.IsNull()) return std::nullopt;
  PropertyReader reader = outer.Inner("retry", value);
  if (!reader.good()) return std::nullopt;
  const auto object = value.As<Napi::Object>();
  engine::RetryPolicy policy;
  policy.times =
      static_cast<std::uint32_t>(std::min<std::int64_t>(reader.Integer("times", 0), UINT32_MAX));
  policy.initial = reader.Number("initial");
  policy.factor = reader.Number("factor");
  policy.longest = reader.Number("longest");
  policy.failed = reader.Boolean("failed");
  policy.timeout = reader.Boolean("timeout");
  policy.canceled = reader.Boolean("canceled");
  const Napi::Value exceptions = object.Get("exceptions");
  if (!exceptions.IsArray()) reader.Fail<bool>("exceptions", "an array");
  if (!reader.good()) return std::nullopt;
  const auto types = exceptions.As<Napi::Array>();
  for (std::uint32_t i = 0; i < types.Length(); ++i) {
    policy.exceptions.push_back(types.Get(i).ToString().Utf8Value());
  }
  ReadPortions(reader, object.Get("entries"), pool, policy.entries);
  return policy;
}

Result<std::vector<engine::Limit>> ReadLimits(const Napi::Value& value, std::size_t groups) {
  if (!value.IsArray()) return Error{"limits must be an array"};
  const auto array = value.As<Napi::Array>();
  std::vector<engine::Limit> limits;
  for (std::uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::HandleScope scope(value.Env());
    if (!array.Get(i).IsObject()) return Error{"limits must be objects"};
    PropertyReader reader(array.Get(i).As<Napi::Object>());
    engine::Limit& limit = limits.emplace_back();
    limit.kind = reader.OneOf("kind", kLimits);
    const std::optional<std::size_t> group = reader.IndexOrNull("group", groups);
    if (group) limit.group = static_cast<std::uint32_t>(*group);
    limit.amount = reader.Number("amount");
    if (!(limit.amount > 0)) reader.Fail<bool>("amount", "more than 0");
    if (!reader.good()) return reader.error();
  }
  return limits;
}

Result<std::vector<engine::Split>> ReadSplits(const Napi::Value& value, std::size_t groups) {
  if (!value.IsArray()) return Error{"splits must be an array"};
  const auto array = value.As<Napi::Array>();
  std::vector<engine::Split> splits;
  for (std::uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::HandleScope scope(value.Env());
    if (!array.Get(i).IsObject()) return Error{"splits must be objects"};
    PropertyReader reader(array.Get(i).As<Napi::Object>());
    engine::Split& split = splits.emplace_back();
    split.parameter = reader.Text("parameter");
    for (const double group : reader.Numbers("groups")) {
      if (!(group >= 0 && group < static_cast<double>(groups))) {
        reader.Fail<bool>("groups", "indexes of groups");
        break;
      }
      split.groups.push_back(static_cast<std::uint32_t>(group));
    }
    if (!reader.good()) return reader.error();
  }
  return splits;
}

// For each group the names of the numbers that its jobs tell, which are its probe variables from
// `first` on, and the names of the texts.
Result<std::vector<std::vector<engine::ToldName>>> ReadTells(
    const Napi::Value& value, const std::vector<std::size_t>& probes) {
  if (!value.IsArray()) return Error{"tells must be an array"};
  const auto array = value.As<Napi::Array>();
  std::vector<std::vector<engine::ToldName>> tells;
  for (std::uint32_t group = 0; group < array.Length(); ++group) {
    const Napi::HandleScope scope(value.Env());
    const Napi::Value element = array.Get(group);
    if (!element.IsObject()) return Error{"tells must be objects"};
    PropertyReader reader(element.As<Napi::Object>());
    const std::size_t known = group < probes.size() ? probes[group] : 0;
    const auto first = static_cast<std::size_t>(reader.Integer("first", 0));
    const auto numbers = ReadStrings(element.As<Napi::Object>().Get("numbers"));
    const auto texts = ReadStrings(element.As<Napi::Object>().Get("texts"));
    if (!reader.good()) return reader.error();
    if (!numbers || !texts || first + numbers->size() > known) {
      return Error{"tells must have numbers, which are probe variables of the group, and texts"};
    }
    std::vector<engine::ToldName>& names = tells.emplace_back();
    for (std::size_t i = 0; i < numbers->size(); ++i) {
      names.push_back({(*numbers)[i], false, static_cast<std::uint32_t>(first + i)});
    }
    for (std::size_t i = 0; i < texts->size(); ++i) {
      names.push_back({(*texts)[i], true, static_cast<std::uint32_t>(i)});
    }
  }
  return tells;
}

Result<std::vector<engine::RememberedGroup>> ReadRemembered(const Napi::Value& value,
                                                            std::size_t groups, JobspecPool* pool) {
  if (!value.IsArray()) return Error{"remembered must be an array"};
  const auto array = value.As<Napi::Array>();
  std::vector<engine::RememberedGroup> remembered;
  for (std::uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::HandleScope scope(value.Env());
    const Napi::Value element = array.Get(i);
    if (!element.IsObject()) return Error{"remembered must be objects"};
    const auto object = element.As<Napi::Object>();
    PropertyReader reader(object);
    engine::RememberedGroup& group = remembered.emplace_back();
    group.group = static_cast<std::uint32_t>(reader.Index("group", groups));
    group.retry = ReadRetry(reader, object.Get("retry"), pool);
    if (!reader.good()) return reader.error();
  }
  return remembered;
}

}  // namespace

std::shared_ptr<const engine::Jobspec> JobspecPool::Share(engine::Jobspec jobspec) {
  const auto found = jobspecs_.find(jobspec.head);
  if (found != jobspecs_.end() && found->second->tail == jobspec.tail) return found->second;
  auto shared = std::make_shared<const engine::Jobspec>(std::move(jobspec));
  jobspecs_.emplace(shared->head, shared);
  return shared;
}

Result<engine::SubmitPortion> ReadPortion(const Napi::Value& value, JobspecPool* pool) {
  if (!value.IsObject()) return Error{"a portion must be an object"};
  PropertyReader reader(value.As<Napi::Object>());
  engine::SubmitPortion portion;
  engine::Jobspec jobspec;
  jobspec.head = reader.Text("head");
  jobspec.tail = reader.Text("tail");
  portion.jobspec = pool != nullptr ? pool->Share(std::move(jobspec))
                                    : std::make_shared<const engine::Jobspec>(std::move(jobspec));
  portion.group = static_cast<std::uint32_t>(reader.Integer("group", 0));
  portion.count = static_cast<std::uint64_t>(reader.Integer("count", 0));
  portion.urgency = static_cast<int>(reader.Integer("urgency", 0));
  if (!reader.good()) return reader.error();
  return portion;
}

Result<std::vector<engine::Metric>> ReadMetrics(const Napi::Value& value, std::size_t groups,
                                                const std::vector<std::size_t>& probes,
                                                const std::vector<engine::Split>& splits) {
  if (!value.IsArray()) return Error{"metrics must be an array"};
  const auto array = value.As<Napi::Array>();
  std::vector<engine::Metric> metrics;
  metrics.reserve(array.Length());
  for (std::uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::HandleScope scope(array.Env());
    Result<engine::Metric> metric = ReadMetric(array.Get(i), groups, probes, splits);
    if (!metric) return Error{"metrics[" + std::to_string(i) + "]: " + metric.error().message};
    metrics.push_back(*metric);
  }
  return metrics;
}

Result<engine::Rule> ReadRule(const Napi::Value& value, const PlanSizes& sizes, JobspecPool* pool) {
  if (!value.IsObject()) return Error{"a rule must be an object"};
  PropertyReader reader(value.As<Napi::Object>());
  engine::Rule rule;
  rule.trigger = reader.OneOf("trigger", kTriggers);
  const auto object = value.As<Napi::Object>();
  const Napi::Value when = object.Get("when");
  if (!when.IsNull() || rule.trigger == TriggerType::kMetric) {
    Result<engine::Program> program = ReadProgram(when, sizes.metrics);
    if (!program) return program.error();
    rule.program = std::move(*program);
  }
  ReadTiming(reader, object.Get("timing"), rule);
  ReadStates(reader, object.Get("states"), sizes.states, rule);
  if (rule.trigger == TriggerType::kJob) {
    const std::optional<engine::Change> change = engine::ChangeOfTrigger(reader.Text("event"));
    if (!change) reader.Fail<bool>("event", "the name of an event");
    rule.change = change.value_or(engine::Change::kNone);
    if (reader.Integer("group", -1) >= 0) {
      rule.group = static_cast<std::uint32_t>(reader.Index("group", sizes.groups));
    }
  }
  if (rule.trigger == TriggerType::kGroupDone) {
    rule.group = static_cast<std::uint32_t>(reader.Index("group", sizes.groups));
  }
  if (rule.trigger == TriggerType::kLimit) {
    for (const double limit : reader.Numbers("limits")) {
      rule.limits.push_back(static_cast<std::uint32_t>(limit));
    }
  }
  rule.repetitions = static_cast<std::uint64_t>(reader.Integer("repetitions", 0));
  const std::int64_t backoff = reader.Integer("backoff", -1);
  if (backoff >= 0) rule.backoff = static_cast<std::uint64_t>(backoff);
  rule.terminal = reader.Boolean("terminal");
  rule.wants_event = reader.Boolean("wantsEvent");
  rule.probing = reader.Boolean("probing");
  ReadPortions(reader, object.Get("submit"), pool, rule.submit);
  ReadResolution(reader, object.Get("resolve"), sizes.states, rule);
  const std::optional<std::size_t> split = reader.IndexOrNull("split", sizes.splits);
  if (split && rule.trigger != TriggerType::kMetric && rule.trigger != TriggerType::kJob) {
    reader.Fail<bool>("split", "null");
  }
  if (split) rule.split = static_cast<std::uint32_t>(*split);
  if (!reader.good()) return reader.error();
  return rule;
}

namespace {

std::string HostName() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

std::chrono::milliseconds Milliseconds(double seconds) {
  // A limit that no run reaches, so that sums of times do not overflow.
  constexpr double kMost = 1e9;
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::min(seconds, kMost) * 1000));
}

Result<tree::PilotOptions> ReadPilotOptions(const Napi::Object& object) {
  PropertyReader reader(object);
  tree::PilotOptions options;
  options.idle = Milliseconds(reader.Number("idle"));
  options.margin = Milliseconds(reader.Number("margin"));
  options.manager = reader.Text("manager");
  options.hint = reader.Text("hint");
  if (!reader.good()) return reader.error();
  return options;
}

Result<tree::TreeOptions> ReadTreeOptions(const Napi::Object& object) {
  PropertyReader reader(object);
  tree::TreeOptions options;
  options.run = reader.Text("run");
  options.instances = static_cast<std::uint32_t>(reader.Integer("instances", 1));
  options.nodes = static_cast<std::uint64_t>(reader.Integer("nodes", 0));
  options.cores = static_cast<std::uint64_t>(reader.Integer("cores", 0));
  options.recycle = static_cast<std::uint64_t>(reader.Integer("recycle", 0));
  options.jobspec_head = reader.Text("head");
  options.jobspec_tail = reader.Text("tail");
  options.resumed = reader.Boolean("resumed");
  options.start_patience = Milliseconds(reader.Number("startPatience"));
  options.host = HostName();
  if (!reader.good()) return reader.error();
  const Napi::Value pilots = object.Get("pilots");
  if (pilots.IsNull()) return options;
  if (!pilots.IsObject()) return Error{"pilots must be an object or null"};
  Result<tree::PilotOptions> pilot_options = ReadPilotOptions(pilots.As<Napi::Object>());
  if (!pilot_options) return Error{"pilots." + pilot_options.error().message};
  options.pilots = std::move(*pilot_options);
  return options;
}

// For each group the index of the one that it follows, -1 for none; shorter when the last groups
// follow none.
void ReadFollows(PropertyReader& reader, engine::Plan& plan) {
  const std::size_t groups = plan.groups.size();
  for (const double index : reader.Numbers("follows")) {
    const bool valid = index >= 0 && index < static_cast<double>(groups);
    plan.follows.push_back(valid ? static_cast<std::uint32_t>(index) : engine::kNoGroup);
  }
  const auto before = [&](std::uint32_t group) {
    return group < plan.follows.size() ? plan.follows[group] : engine::kNoGroup;
  };
  bool ends = plan.follows.size() <= groups;
  for (std::uint32_t group = 0; group < plan.follows.size() && ends; ++group) {
    std::size_t steps = 0;
    for (std::uint32_t at = group; at != engine::kNoGroup && ends; at = before(at)) {
      ends = ++steps <= groups;
    }
  }
  if (!ends)
    reader.Fail<bool>("follows", "at most one for each group, and no group follows itself");
}

}  // namespace

Result<FluxOptions> ReadFluxOptions(const Napi::Value& value) {
  if (!value.IsObject()) return Error{"options must be an object"};
  const auto object = value.As<Napi::Object>();
  PropertyReader reader(object);
  FluxOptions options;
  options.session.uri = reader.TextOrNull("uri").value_or(std::string());
  options.session.inactive_jobs = static_cast<std::uint64_t>(reader.Integer("inactiveJobs", 0));
  options.session.begun = reader.Number("begun");
  options.session.instance = reader.TextOrNull("instance").value_or(std::string());
  options.session.validate_once = reader.Boolean("validateOnce");
  options.session.window = static_cast<std::uint32_t>(reader.Integer("window", 1));
  options.tap = reader.Boolean("tap");
  const Napi::Value allow = object.Get("allow");
  if (!allow.IsArray()) reader.Fail<bool>("allow", "an array");
  if (!reader.good()) return reader.error();
  const auto names = allow.As<Napi::Array>();
  for (std::uint32_t i = 0; i < names.Length(); ++i) {
    options.session.allow.push_back(names.Get(i).ToString().Utf8Value());
  }
  std::optional<std::vector<std::string>> libraries = ReadStrings(object.Get("libraries"));
  if (!libraries) return Error{"libraries must be an array of strings"};
  options.libraries = std::move(*libraries);
  const Napi::Value tree = object.Get("tree");
  if (tree.IsNull()) return options;
  if (!tree.IsObject()) return Error{"tree must be an object or null"};
  Result<tree::TreeOptions> tree_options = ReadTreeOptions(tree.As<Napi::Object>());
  if (!tree_options) return Error{"tree." + tree_options.error().message};
  options.tree = std::move(*tree_options);
  return options;
}

Result<engine::Plan> ReadPlan(const Napi::Value& value) {
  if (!value.IsObject()) return Error{"a plan must be an object"};
  const auto object = value.As<Napi::Object>();
  PropertyReader reader(object);
  engine::Plan plan;
  plan.track_all = reader.Boolean("trackAll");
  plan.ensemble = reader.Text("ensemble");
  plan.heartbeat = reader.Number("heartbeat");
  plan.virtual_time = reader.Boolean("virtualTime");
  plan.sketches = reader.Boolean("sketches");
  const Napi::Value rules = object.Get("rules");
  if (!rules.IsArray()) reader.Fail<bool>("rules", "an array");
  if (!reader.good()) return reader.error();

  std::optional<std::vector<std::string>> groups = ReadStrings(object.Get("groups"));
  if (!groups) return Error{"groups must be an array of strings"};
  plan.groups = std::move(*groups);
  const Napi::Value probes = object.Get("probes");
  if (!probes.IsArray()) reader.Fail<bool>("probes", "an array");
  for (std::uint32_t i = 0; reader.good() && i < probes.As<Napi::Array>().Length(); ++i) {
    const Napi::HandleScope scope(object.Env());
    const std::optional<std::vector<std::string>> names =
        ReadStrings(probes.As<Napi::Array>().Get(i));
    if (!names || i >= plan.groups.size()) reader.Fail<bool>("probes", "names for each group");
    plan.probes.push_back(names ? names->size() : 0);
  }
  if (!reader.good()) return reader.error();
  Result<std::vector<std::vector<engine::ToldName>>> tells =
      ReadTells(object.Get("tells"), plan.probes);
  if (!tells) return tells.error();
  plan.tells = std::move(*tells);
  Result<std::vector<engine::Limit>> limits = ReadLimits(object.Get("limits"), plan.groups.size());
  if (!limits) return limits.error();
  plan.limits = std::move(*limits);
  Result<std::vector<engine::Split>> splits = ReadSplits(object.Get("splits"), plan.groups.size());
  if (!splits) return splits.error();
  plan.splits = std::move(*splits);
  const auto rule_array = rules.As<Napi::Array>();
  const napi_env env = object.Env();
  Result<std::vector<engine::Metric>> metrics =
      ReadMetrics(object.Get("metrics"), plan.groups.size(), plan.probes, plan.splits);
  if (!metrics) return metrics.error();
  plan.metrics = std::move(*metrics);
  std::optional<std::vector<std::string>> states = ReadStrings(object.Get("states"));
  if (!states || states->size() > engine::kMaxStates) reader.Fail<bool>("states", "some strings");
  plan.stalled = reader.Numbers("stalled");
  if (plan.stalled.size() > plan.groups.size()) reader.Fail<bool>("stalled", "one for each group");
  ReadFollows(reader, plan);
  if (!reader.good()) return reader.error();
  plan.states = std::move(*states);
  const PlanSizes sizes{plan.groups.size(), plan.metrics.size(), plan.states.size(),
                        plan.splits.size()};
  plan.rules.reserve(rule_array.Length());
  JobspecPool pool;
  Result<std::vector<engine::RememberedGroup>> remembered =
      ReadRemembered(object.Get("remembered"), plan.groups.size(), &pool);
  if (!remembered) return remembered.error();
  plan.remembered = std::move(*remembered);
  for (std::uint32_t i = 0; i < rule_array.Length(); ++i) {
    const Napi::HandleScope scope(env);
    Result<engine::Rule> rule = ReadRule(rule_array.Get(i), sizes, &pool);
    if (!rule) return Error{"rules[" + std::to_string(i) + "]: " + rule.error().message};
    plan.rules.push_back(std::move(*rule));
  }
  return plan;
}

}  // namespace flux_ensemble::node
