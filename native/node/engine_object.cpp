#include "node/engine_object.h"

#include <cerrno>
#include <cmath>
#include <cstring>
#include <string>
#include <utility>

#include "flux/flux_library.h"
#include "flux/flux_session.h"
#include "flux/hub.h"
#include "node/plan_reader.h"
#include "node/property_reader.h"
#include "node/value_writer.h"
#include "tree/pilot_parent.h"

namespace flux_ensemble::node {

namespace {

void Throw(Napi::Env env, const char* code, const std::string& message) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Set("code", code);
  error.ThrowAsJavaScriptException();
}

void ThrowType(Napi::Env env, const std::string& message) {
  Throw(env, "ERR_ENGINE", message);
}

double NumberAt(const Napi::CallbackInfo& info, std::size_t index, bool* good) {
  *good = info[index].IsNumber();
  return *good ? info[index].As<Napi::Number>().DoubleValue() : 0;
}

// A whole number that fits a double exactly, so also a std::size_t.
std::size_t SizeAt(const Napi::CallbackInfo& info, std::size_t index, bool* good) {
  const double number = NumberAt(info, index, good);
  *good = *good && number >= 0 && number <= 9007199254740992.0;
  return *good ? static_cast<std::size_t>(number) : 0;
}

std::vector<journal::JobId> IdsAt(const Napi::CallbackInfo& info, std::size_t index, bool* good) {
  *good = info[index].IsTypedArray() &&
          info[index].As<Napi::TypedArray>().TypedArrayType() == napi_biguint64_array;
  if (!*good) return {};
  const auto array = info[index].As<Napi::BigUint64Array>();
  return {array.Data(), array.Data() + array.ElementLength()};
}

}  // namespace

Napi::Function EngineObject::Class(Napi::Env env) {
  return DefineClass(env, "Engine",
                     {
                         InstanceMethod<&EngineObject::Start>("start"),
                         InstanceMethod<&EngineObject::Restore>("restore"),
                         InstanceMethod<&EngineObject::Resume>("resume"),
                         InstanceMethod<&EngineObject::Reconciled>("reconciled"),
                         InstanceMethod<&EngineObject::KnownJobs>("knownJobs"),
                         InstanceMethod<&EngineObject::Note>("note"),
                         InstanceMethod<&EngineObject::Done>("done"),
                         InstanceMethod<&EngineObject::Interrupted>("interrupted"),
                         InstanceMethod<&EngineObject::SupplyRule>("supplyRule"),
                         InstanceMethod<&EngineObject::Ingest>("ingest"),
                         InstanceMethod<&EngineObject::FinishStream>("finishStream"),
                         InstanceMethod<&EngineObject::Tick>("tick"),
                         InstanceMethod<&EngineObject::Advance>("advance"),
                         InstanceMethod<&EngineObject::AddRule>("addRule"),
                         InstanceMethod<&EngineObject::GoTo>("goTo"),
                         InstanceMethod<&EngineObject::Probed>("probed"),
                         InstanceMethod<&EngineObject::End>("end"),
                         InstanceMethod<&EngineObject::Pause>("pause"),
                         InstanceMethod<&EngineObject::Admit>("admit"),
                         InstanceMethod<&EngineObject::AdmitMore>("admitMore"),
                         InstanceMethod<&EngineObject::SetQueuedUrgency>("setQueuedUrgency"),
                         InstanceMethod<&EngineObject::AddUnmade>("addUnmade"),
                         InstanceMethod<&EngineObject::SetWindow>("setWindow"),
                         InstanceMethod<&EngineObject::DropQueued>("dropQueued"),
                         InstanceMethod<&EngineObject::SetAllocation>("setAllocation"),
                         InstanceMethod<&EngineObject::GroupDone>("groupDone"),
                         InstanceMethod<&EngineObject::EndOfRun>("endOfRun"),
                         InstanceMethod<&EngineObject::GetLimits>("limits"),
                         InstanceMethod<&EngineObject::GetStatus>("status"),
                         InstanceMethod<&EngineObject::GetSnapshot>("snapshot"),
                         InstanceMethod<&EngineObject::GetRules>("rules"),
                         InstanceMethod<&EngineObject::GetFailures>("failures"),
                         InstanceMethod<&EngineObject::ActiveJobs>("activeJobs"),
                         InstanceMethod<&EngineObject::OpenFlux>("openFlux"),
                         InstanceMethod<&EngineObject::CloseSource>("closeSource"),
                         InstanceMethod<&EngineObject::Submit>("submit"),
                         InstanceMethod<&EngineObject::Cancel>("cancel"),
                         InstanceMethod<&EngineObject::SetUrgency>("setUrgency"),
                         InstanceMethod<&EngineObject::Ask>("ask"),
                         InstanceMethod<&EngineObject::Widen>("widen"),
                         InstanceMethod<&EngineObject::Take>("take"),
                         InstanceMethod<&EngineObject::TakeEvents>("takeEvents"),
                         InstanceMethod<&EngineObject::SupplyTimes>("supplyTimes"),
                         InstanceMethod<&EngineObject::GatherEvents>("gatherEvents"),
                         InstanceMethod<&EngineObject::Hold>("hold"),
                         InstanceMethod<&EngineObject::Close>("close"),
                     });
}

namespace {

// `otherwise` for null.
std::uint64_t NumberOr(const Napi::Value& value, std::uint64_t otherwise) {
  return value.IsNumber() ? static_cast<std::uint64_t>(value.As<Napi::Number>().Int64Value())
                          : otherwise;
}

}  // namespace

EngineObject::EngineObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<EngineObject>(info) {
  const Napi::Env env = info.Env();
  if (info.Length() < 2 || !info[1].IsFunction()) {
    ThrowType(env, "new Engine(plan, wake) needs a plan and a function");
    return;
  }
  Result<engine::Plan> plan = ReadPlan(info[0]);
  if (env.IsExceptionPending()) return;
  if (!plan) {
    ThrowType(env, "not a plan: " + plan.error().message);
    return;
  }
  const Napi::Value log_options = info[2];
  if (log_options.IsObject() && plan->virtual_time) {
    ThrowType(env, "a run in virtual time has no log");
    return;
  }
  planned_groups_ = plan->groups.size();
  planned_probes_ = plan->probes;
  planned_metrics_ = plan->metrics.size();
  planned_states_ = plan->states.size();

  napi_value name = WriteString(env, "flux-ensemble");
  if (name == nullptr ||
      napi_create_threadsafe_function(env, info[1], nullptr, name, 0, 1, nullptr, nullptr, this,
                                      &EngineObject::CallWake, &channel_) != napi_ok) {
    channel_ = nullptr;
    ThrowType(env, "the channel to JavaScript could not be made");
    return;
  }
  // Only hold(true) keeps a process from exiting.
  napi_unref_threadsafe_function(env, channel_);

  std::unique_ptr<log::Writer> log;
  std::uint64_t log_limit = runner::CompactorOptions().keep;
  if (log_options.IsObject()) {
    const auto given = log_options.As<Napi::Object>();
    log::WriterOptions options;
    options.survives_host = given.Get("survivesHost").ToBoolean().Value();
    options.segment_size = NumberOr(given.Get("segmentSize"), options.segment_size);
    log_limit = NumberOr(given.Get("keep"), log_limit);
    log = std::make_unique<log::Writer>(given.Get("folder").ToString().Utf8Value(), options);
  }
  runner_ = std::make_unique<runner::Runner>(
      std::move(*plan),
      [channel = channel_] {
        // The only failure is a channel that is closing, and then no wake is needed.
        (void)napi_call_threadsafe_function(channel, nullptr, napi_tsfn_nonblocking);
      },
      std::move(log), info[3].ToBoolean().Value(), log_limit);
  hooked_ = napi_add_env_cleanup_hook(env, &EngineObject::AtEnvironmentEnd, this) == napi_ok;
  const int failure = hooked_ ? runner_->Start() : EAGAIN;
  if (failure != 0) {
    StopRunner();
    Throw(env,
          failure == EMFILE   ? "EMFILE"
          : failure == EAGAIN ? "EAGAIN"
                              : "ERR_ENGINE",
          std::string("the engine's thread could not be started: ") + std::strerror(failure));
  }
}

EngineObject::~EngineObject() {
  StopRunner();
}

void EngineObject::StopRunner() {
  if (runner_ != nullptr) runner_->Stop();
  runner_.reset();
  if (hooked_) napi_remove_env_cleanup_hook(Env(), &EngineObject::AtEnvironmentEnd, this);
  hooked_ = false;
  if (channel_ != nullptr) napi_release_threadsafe_function(channel_, napi_tsfn_abort);
  channel_ = nullptr;
}

// Called on: JS thread, when its environment ends. The environment releases the channel itself.
void EngineObject::AtEnvironmentEnd(void* self) {
  auto* const object = static_cast<EngineObject*>(self);
  object->hooked_ = false;
  object->channel_ = nullptr;
  object->StopRunner();
}

// Called on: JS thread.
void EngineObject::CallWake(napi_env env, napi_value callback, void*, void*) {
  if (env == nullptr || callback == nullptr) return;
  napi_value undefined = nullptr;
  napi_value ignored = nullptr;
  if (napi_get_undefined(env, &undefined) != napi_ok) return;
  // An exception of the callback is left pending: Node reports it as uncaught.
  (void)napi_call_function(env, undefined, callback, 0, nullptr, &ignored);
}

bool EngineObject::Open(Napi::Env env) {
  if (runner_ != nullptr) return true;
  Throw(env, "ERR_CLOSED", "the engine is closed");
  return false;
}

bool EngineObject::Post(const Napi::CallbackInfo& info, runner::CommandBody body) {
  if (!Open(info.Env())) return false;
  bool good = false;
  const std::size_t number = SizeAt(info, 0, &good);
  if (good) {
    runner_->Post({number, std::move(body)});
  } else {
    ThrowType(info.Env(), "a command needs a number");
  }
  return good;
}

void EngineObject::Start(const Napi::CallbackInfo& info) {
  bool good = false;
  const double now = NumberAt(info, 1, &good);
  if (!good) return ThrowType(info.Env(), "start(number, now) needs a time");
  Post(info, runner::StartCommand{now});
}

// restore(number, folder, keepFirings)
void EngineObject::Restore(const Napi::CallbackInfo& info) {
  if (!info[1].IsString() || !info[2].IsBoolean()) {
    return ThrowType(info.Env(), "restore(number, folder, keepFirings) needs a path and a boolean");
  }
  Post(info, runner::RestoreCommand{info[1].As<Napi::String>().Utf8Value(),
                                    info[2].As<Napi::Boolean>().Value()});
}

void EngineObject::Resume(const Napi::CallbackInfo& info) {
  bool good = false;
  const double now = NumberAt(info, 1, &good);
  if (!good) return ThrowType(info.Env(), "resume(number, now) needs a time");
  Post(info, runner::ResumeCommand{now});
}

// reconciled(number, lost): 0 none, 1 again, 2 fail
void EngineObject::Reconciled(const Napi::CallbackInfo& info) {
  bool good = false;
  const std::size_t lost = SizeAt(info, 1, &good);
  if (!good || lost > 2) return ThrowType(info.Env(), "reconciled(number, lost) needs 0, 1 or 2");
  Post(info, runner::ReconciledCommand{static_cast<runner::LostJobs>(lost)});
}

// knownJobs(number, firing, fromOutside)
void EngineObject::KnownJobs(const Napi::CallbackInfo& info) {
  bool good = false;
  const std::size_t firing = SizeAt(info, 1, &good);
  if (!good || !info[2].IsBoolean()) {
    return ThrowType(info.Env(), "knownJobs(number, firing, fromOutside) needs a number");
  }
  Post(info, runner::KnownJobsCommand{firing, info[2].As<Napi::Boolean>().Value()});
}

// note(number, firing or null, text)
void EngineObject::Note(const Napi::CallbackInfo& info) {
  runner::NoteCommand command;
  bool good = true;
  if (!info[1].IsNull()) command.firing = SizeAt(info, 1, &good);
  if (!good || !info[2].IsString()) {
    return ThrowType(info.Env(), "note(number, firing, text) needs a number or null, and a text");
  }
  command.text = info[2].As<Napi::String>().Utf8Value();
  Post(info, std::move(command));
}

void EngineObject::Done(const Napi::CallbackInfo& info) {
  bool good = false;
  const std::size_t firing = SizeAt(info, 1, &good);
  if (!good) return ThrowType(info.Env(), "done(number, firing) needs a number");
  Post(info, runner::DoneCommand{firing});
}

void EngineObject::Interrupted(const Napi::CallbackInfo& info) {
  Post(info, runner::InterruptedCommand{});
}

void EngineObject::Ingest(const Napi::CallbackInfo& info) {
  if (!info[1].IsTypedArray() ||
      info[1].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    return ThrowType(info.Env(), "ingest(number, bytes) needs a Uint8Array");
  }
  const auto array = info[1].As<Napi::Uint8Array>();
  runner::IngestCommand command;
  command.bytes.reserve(array.ByteLength() + journal::kPadding);
  command.bytes.append(reinterpret_cast<const char*>(array.Data()), array.ByteLength());
  command.bytes.append(journal::kPadding, '\0');
  Post(info, std::move(command));
}

void EngineObject::FinishStream(const Napi::CallbackInfo& info) {
  Post(info, runner::FinishStreamCommand{});
}

void EngineObject::Tick(const Napi::CallbackInfo& info) {
  bool good = false;
  const double now = NumberAt(info, 1, &good);
  if (!good) return ThrowType(info.Env(), "tick(number, now) needs a time");
  Post(info, runner::TickCommand{now});
}

void EngineObject::Advance(const Napi::CallbackInfo& info) {
  bool good = false;
  const double until = NumberAt(info, 1, &good);
  if (!good) return ThrowType(info.Env(), "advance(number, until) needs a time");
  Post(info, runner::AdvanceCommand{until});
}

std::optional<EngineObject::NewRule> EngineObject::ReadNewRule(Napi::Env env, Napi::Value rule,
                                                               Napi::Value metrics) {
  Result<std::vector<engine::Metric>> read = ReadMetrics(metrics, planned_groups_, planned_probes_);
  if (env.IsExceptionPending()) return std::nullopt;
  if (!read) {
    ThrowType(env, "not metrics: " + read.error().message);
    return std::nullopt;
  }
  const std::size_t known = planned_metrics_ + read->size();
  Result<engine::Rule> compiled = ReadRule(rule, {planned_groups_, known, planned_states_});
  if (env.IsExceptionPending()) return std::nullopt;
  if (!compiled) {
    ThrowType(env, "not a rule: " + compiled.error().message);
    return std::nullopt;
  }
  return NewRule{std::move(*compiled), std::move(*read), known};
}

// addRule(number, rule, metrics, text)
void EngineObject::AddRule(const Napi::CallbackInfo& info) {
  std::optional<NewRule> added = ReadNewRule(info.Env(), info[1], info[2]);
  if (!added) return;
  if (!info[3].IsString()) return ThrowType(info.Env(), "addRule() needs a text");
  if (!Post(info, runner::AddRuleCommand{std::move(added->rule), std::move(added->metrics),
                                         info[3].As<Napi::String>().Utf8Value()})) {
    return;
  }
  planned_metrics_ = added->known_metrics;
}

// supplyRule(rule, metrics)
void EngineObject::SupplyRule(const Napi::CallbackInfo& info) {
  if (!Open(info.Env())) return;
  std::optional<NewRule> supplied = ReadNewRule(info.Env(), info[0], info[1]);
  if (!supplied) return;
  planned_metrics_ = supplied->known_metrics;
  runner_->SupplyRule(std::move(supplied->rule), std::move(supplied->metrics));
}

// goTo(number, state)
void EngineObject::GoTo(const Napi::CallbackInfo& info) {
  bool good = false;
  const std::size_t state = SizeAt(info, 1, &good);
  if (!good || state >= planned_states_) {
    return ThrowType(info.Env(), "goTo(number, state) needs the index of a state");
  }
  Post(info, runner::GoToCommand{static_cast<std::uint32_t>(state)});
}

// probed(number, group, first, values, time, firing or null, job or null, parameters)
void EngineObject::Probed(const Napi::CallbackInfo& info) {
  bool good = false;
  bool good_first = false;
  bool good_time = false;
  const std::size_t group = SizeAt(info, 1, &good);
  const std::size_t first = SizeAt(info, 2, &good_first);
  const double time = NumberAt(info, 4, &good_time);
  if (!good || !good_first || !good_time || !std::isfinite(time) || !info[3].IsTypedArray() ||
      info[3].As<Napi::TypedArray>().TypedArrayType() != napi_float64_array) {
    return ThrowType(info.Env(), "probed(number, group, first, values, time) needs numbers");
  }
  const auto array = info[3].As<Napi::Float64Array>();
  const std::size_t measured = group < planned_probes_.size() ? planned_probes_[group] : 0;
  if (first > measured || array.ElementLength() > measured - first) {
    return ThrowType(info.Env(), "probed(): the probes of the group measure fewer numbers");
  }
  log::Probed probed;
  probed.group = static_cast<std::uint32_t>(group);
  probed.first = first;
  probed.time = time;
  probed.values.assign(array.Data(), array.Data() + array.ElementLength());
  for (const double value : probed.values) {
    if (!std::isfinite(value)) return ThrowType(info.Env(), "probed(): values must be finite");
  }
  if (info[5].IsNumber() && info[6].IsBigInt()) {
    probed.firing = SizeAt(info, 5, &good);
    bool lossless = false;
    probed.job = info[6].As<Napi::BigInt>().Uint64Value(&lossless);
    if (!good || !lossless) return ThrowType(info.Env(), "probed() needs a firing and a job");
  }
  if (info[7].IsString()) probed.parameters = info[7].As<Napi::String>().Utf8Value();
  Post(info, runner::ProbedCommand{std::move(probed)});
}

void EngineObject::End(const Napi::CallbackInfo& info) {
  Post(info, runner::EndCommand{});
}

// admit(number, ticket, group, count, urgency)
void EngineObject::Admit(const Napi::CallbackInfo& info) {
  bool good[4];
  runner::AdmitCommand command{};
  command.ticket = SizeAt(info, 1, &good[0]);
  const std::size_t group = SizeAt(info, 2, &good[1]);
  command.count = SizeAt(info, 3, &good[2]);
  command.urgency = static_cast<int>(SizeAt(info, 4, &good[3]));
  if (!good[0] || !good[1] || !good[2] || !good[3] || group >= planned_groups_ ||
      command.count == 0) {
    return ThrowType(info.Env(), "admit(number, ticket, group, count, urgency) needs numbers");
  }
  command.group = static_cast<std::uint32_t>(group);
  Post(info, command);
}

// admitMore(number, ticket, lost)
void EngineObject::AdmitMore(const Napi::CallbackInfo& info) {
  bool good[2];
  runner::AdmitCommand command{};
  command.again = true;
  command.ticket = SizeAt(info, 1, &good[0]);
  command.lost = SizeAt(info, 2, &good[1]);
  if (!good[0] || !good[1]) {
    return ThrowType(info.Env(), "admitMore(number, ticket, lost) needs numbers");
  }
  Post(info, command);
}

// setQueuedUrgency(number, group, urgency)
void EngineObject::SetQueuedUrgency(const Napi::CallbackInfo& info) {
  bool good[2];
  const std::size_t group = SizeAt(info, 1, &good[0]);
  const std::size_t urgency = SizeAt(info, 2, &good[1]);
  if (!good[0] || !good[1] || group >= planned_groups_ || urgency > 31) {
    return ThrowType(info.Env(), "setQueuedUrgency(number, group, urgency) needs numbers");
  }
  Post(info,
       runner::QueuedUrgencyCommand{static_cast<std::uint32_t>(group), static_cast<int>(urgency)});
}

// addUnmade(number, group, change)
void EngineObject::AddUnmade(const Napi::CallbackInfo& info) {
  bool good[2];
  const std::size_t group = SizeAt(info, 1, &good[0]);
  const double change = NumberAt(info, 2, &good[1]);
  constexpr double kMost = 1e15;
  if (!good[0] || !good[1] || group >= planned_groups_ || !(std::abs(change) <= kMost)) {
    return ThrowType(info.Env(), "addUnmade(number, group, change) needs numbers");
  }
  Post(info,
       runner::UnmadeCommand{static_cast<std::uint32_t>(group), static_cast<std::int64_t>(change)});
}

// setWindow(number, active)
void EngineObject::SetWindow(const Napi::CallbackInfo& info) {
  bool good = false;
  const std::size_t active = SizeAt(info, 1, &good);
  if (!good || active == 0) {
    return ThrowType(info.Env(), "setWindow(number, active) needs a number above 0");
  }
  Post(info, runner::WindowCommand{active});
}

// The jobs of a group, or those of (.., .., parameter, value as JSON) where both are given.
static engine::GroupPart PartOf(const Napi::CallbackInfo& info, std::uint32_t group) {
  if (!info[2].IsString() || !info[3].IsString()) return engine::GroupPart(group);
  return engine::GroupPart(group, info[2].As<Napi::String>().Utf8Value(),
                           info[3].As<Napi::String>().Utf8Value());
}

// dropQueued(number, group, parameter or null, value as JSON or null)
void EngineObject::DropQueued(const Napi::CallbackInfo& info) {
  bool good = false;
  const std::size_t group = SizeAt(info, 1, &good);
  if (!good || group >= planned_groups_) {
    return ThrowType(info.Env(), "dropQueued(number, group) needs the index of a group");
  }
  Post(info, runner::DropCommand{PartOf(info, static_cast<std::uint32_t>(group))});
}

// setAllocation(number, size, end)
void EngineObject::SetAllocation(const Napi::CallbackInfo& info) {
  if (!info[1].IsNumber() || !info[2].IsNumber()) {
    return ThrowType(info.Env(), "setAllocation(number, size, end) needs numbers");
  }
  Post(info, runner::AllocationCommand{info[1].As<Napi::Number>().DoubleValue(),
                                       info[2].As<Napi::Number>().DoubleValue()});
}

// groupDone(number, group)
void EngineObject::GroupDone(const Napi::CallbackInfo& info) {
  bool good = false;
  const std::size_t group = SizeAt(info, 1, &good);
  if (!good || group >= planned_groups_) {
    return ThrowType(info.Env(), "groupDone(number, group) needs the index of a group");
  }
  Post(info, runner::GroupDoneCommand{static_cast<std::uint32_t>(group)});
}

void EngineObject::EndOfRun(const Napi::CallbackInfo& info) {
  Post(info, runner::EndOfRunCommand{});
}

void EngineObject::GetLimits(const Napi::CallbackInfo& info) {
  Post(info, runner::LimitsCommand{});
}

// pause(number, on)
void EngineObject::Pause(const Napi::CallbackInfo& info) {
  if (!info[1].IsBoolean()) return ThrowType(info.Env(), "pause(number, on) needs a boolean");
  Post(info, runner::PauseCommand{info[1].As<Napi::Boolean>().Value()});
}

void EngineObject::GetStatus(const Napi::CallbackInfo& info) {
  Post(info, runner::StatusCommand{});
}

void EngineObject::GetSnapshot(const Napi::CallbackInfo& info) {
  Post(info, runner::SnapshotCommand{});
}

void EngineObject::GetRules(const Napi::CallbackInfo& info) {
  Post(info, runner::RulesCommand{});
}

void EngineObject::GetFailures(const Napi::CallbackInfo& info) {
  Post(info, runner::FailuresCommand{});
}

// activeJobs(number, group, parameter or null, value as JSON or null)
void EngineObject::ActiveJobs(const Napi::CallbackInfo& info) {
  bool good = false;
  const double group = NumberAt(info, 1, &good);
  if (!good) return ThrowType(info.Env(), "activeJobs(number, group) needs a group's index");
  const bool one = group >= 0 && group < static_cast<double>(engine::kNoGroup);
  Post(info, runner::ActiveJobsCommand{
                 PartOf(info, one ? static_cast<std::uint32_t>(group) : engine::kNoGroup)});
}

// A bit for each kind of the events with these names; all kinds for no name.
static std::uint64_t KindsOf(const std::vector<std::string>& names) {
  std::uint64_t kinds = names.empty() ? ~std::uint64_t{0} : 0;
  for (const std::string& name : names) {
    kinds |= std::uint64_t{1} << static_cast<unsigned>(journal::KindOf(name));
  }
  return kinds;
}

// The source for an instance, or for a tree of instances.
static std::unique_ptr<runner::Source> MakeSource(const FluxSourceApi* api, FluxOptions options) {
  flux::FluxSessionOptions of_child = options.session;
  std::unique_ptr<runner::Source> parent;
  if (options.tree && options.tree->pilots) {
    parent = std::make_unique<tree::PilotParent>();
  } else {
    parent =
        std::make_unique<flux::FluxSession>(flux::ConnectTogether(api), std::move(options.session));
  }
  if (!options.tree) return parent;
  of_child.instance.clear();
  of_child.await_running = true;
  auto make = [api, of_child = std::move(of_child)](const std::string& uri) {
    flux::FluxSessionOptions at_uri = of_child;
    at_uri.uri = uri;
    return std::make_unique<flux::FluxSession>(flux::ConnectAlone(api), std::move(at_uri));
  };
  return std::make_unique<tree::TreeSource>(std::move(parent), std::move(make),
                                            std::move(*options.tree));
}

// openFlux(number, { libraries, uri, allow, inactiveJobs, begun, instance, validateOnce,
// window, tree, tap })
void EngineObject::OpenFlux(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Result<FluxOptions> options = ReadFluxOptions(info[1]);
  if (env.IsExceptionPending()) return;
  if (!options) return ThrowType(env, "openFlux(number, options): " + options.error().message);
  const Result<const flux::FluxLibrary*> library = flux::OpenFluxLibrary(options->libraries);
  if (!library) return Throw(env, "ERR_MEMBER_UNAVAILABLE", library.error().message);
  runner::OpenSourceCommand command;
  command.tap = options->tap;
  command.wanted = KindsOf(options->session.allow);
  command.source = MakeSource(FluxSourceOf(**library), std::move(*options));
  Post(info, std::move(command));
}

void EngineObject::CloseSource(const Napi::CallbackInfo& info) {
  Post(info, runner::CloseSourceCommand{});
}

// submit(number, { head, tail, count, urgency }, rule, firing, part, firstIndex, attempt)
void EngineObject::Submit(const Napi::CallbackInfo& info) {
  Result<engine::SubmitPortion> portion = ReadPortion(info[1]);
  if (info.Env().IsExceptionPending()) return;
  if (!portion)
    return ThrowType(info.Env(), "submit(number, portion, ...): " + portion.error().message);
  bool good[5];
  runner::SubmitOrder order;
  const double rule = NumberAt(info, 2, &good[0]);
  good[0] = good[0] && rule >= -1 && rule <= 4294967295.0;
  if (good[0]) order.rule = static_cast<std::int64_t>(rule);
  order.firing = SizeAt(info, 3, &good[1]);
  order.part = static_cast<std::uint32_t>(SizeAt(info, 4, &good[4]));
  order.first_index = SizeAt(info, 5, &good[2]);
  order.attempt = static_cast<std::uint32_t>(SizeAt(info, 6, &good[3]));
  if (!good[0] || !good[1] || !good[2] || !good[3] || !good[4]) {
    return ThrowType(
        info.Env(),
        "submit(number, portion, rule, firing, part, firstIndex, attempt) needs numbers");
  }
  order.portion = std::move(*portion);
  Post(info, runner::SubmitCommand{std::move(order)});
}

// cancel(number, ids, note)
void EngineObject::Cancel(const Napi::CallbackInfo& info) {
  bool good = false;
  std::vector<journal::JobId> ids = IdsAt(info, 1, &good);
  if (!good || !info[2].IsString()) {
    return ThrowType(info.Env(), "cancel(number, ids, note) needs a BigUint64Array and a string");
  }
  Post(info, runner::CancelCommand{std::move(ids), info[2].As<Napi::String>().Utf8Value()});
}

// setUrgency(number, ids, urgency)
void EngineObject::SetUrgency(const Napi::CallbackInfo& info) {
  bool good = false;
  bool good_urgency = false;
  std::vector<journal::JobId> ids = IdsAt(info, 1, &good);
  const std::size_t urgency = SizeAt(info, 2, &good_urgency);
  if (!good || !good_urgency || urgency > 31) {
    return ThrowType(info.Env(), "setUrgency(number, ids, urgency) needs ids and 0 to 31");
  }
  Post(info, runner::UrgencyCommand{std::move(ids), static_cast<int>(urgency)});
}

// ask(number, topic, json, rank)
void EngineObject::Ask(const Napi::CallbackInfo& info) {
  bool good = true;
  const std::size_t rank = info[3].IsNull() ? 0 : SizeAt(info, 3, &good);
  if (!info[1].IsString() || !info[2].IsString() || !good || rank >= FLUX_SOURCE_ANY_RANK) {
    return ThrowType(info.Env(),
                     "ask(number, topic, json, rank) needs two strings, and a rank or null");
  }
  runner::Question question{
      info[1].As<Napi::String>().Utf8Value(), info[2].As<Napi::String>().Utf8Value(), {}};
  if (!info[3].IsNull()) question.rank = static_cast<std::uint32_t>(rank);
  Post(info, runner::AskCommand{std::move(question)});
}

// widen(number, names)
void EngineObject::Widen(const Napi::CallbackInfo& info) {
  std::optional<std::vector<std::string>> names = ReadStrings(info[1]);
  if (info.Env().IsExceptionPending()) return;
  if (!names) return ThrowType(info.Env(), "widen(number, names) needs an array of strings");
  const std::uint64_t kinds = KindsOf(*names);
  Post(info, runner::WidenCommand{std::move(*names), kinds});
}

Napi::Value EngineObject::Take(const Napi::CallbackInfo& info) {
  if (!Open(info.Env())) return {};
  return {info.Env(), WriteOutbox(info.Env(), runner_->Take())};
}

Napi::Value EngineObject::TakeEvents(const Napi::CallbackInfo& info) {
  if (!Open(info.Env())) return {};
  return {info.Env(), WriteEvents(info.Env(), runner_->TakeEvents())};
}

// supplyTimes(rule, times)
void EngineObject::SupplyTimes(const Napi::CallbackInfo& info) {
  if (!Open(info.Env())) return;
  bool good = false;
  const std::size_t rule = SizeAt(info, 0, &good);
  if (!good || !info[1].IsTypedArray() ||
      info[1].As<Napi::TypedArray>().TypedArrayType() != napi_float64_array) {
    return ThrowType(info.Env(), "supplyTimes(rule, times) needs an index and a Float64Array");
  }
  const auto times = info[1].As<Napi::Float64Array>();
  runner_->SupplyTimes(static_cast<std::uint32_t>(rule),
                       {times.Data(), times.Data() + times.ElementLength()});
}

void EngineObject::GatherEvents(const Napi::CallbackInfo& info) {
  if (!Open(info.Env())) return;
  bool good = false;
  const std::size_t capacity = SizeAt(info, 0, &good);
  if (!good || !info[1].IsBoolean()) {
    return ThrowType(info.Env(), "gatherEvents(capacity, hold) needs a number and a boolean");
  }
  runner_->GatherEvents(capacity, info[1].As<Napi::Boolean>().Value());
}

void EngineObject::Hold(const Napi::CallbackInfo& info) {
  if (channel_ == nullptr) return;
  if (info[0].ToBoolean().Value()) {
    napi_ref_threadsafe_function(info.Env(), channel_);
  } else {
    napi_unref_threadsafe_function(info.Env(), channel_);
  }
}

void EngineObject::Close(const Napi::CallbackInfo&) {
  StopRunner();
}

}  // namespace flux_ensemble::node
