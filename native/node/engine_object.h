// The JavaScript class `Engine`: one runner, and the channel from its thread to JavaScript.
//
// Lifetime. The object owns the runner and the thread-safe function through which the runner's
// thread asks JavaScript to call take(). An object ends by close(), by garbage collection, or by
// the end of the environment, whose cleanup hook runs before any finalizer. They may come in any
// order. Each joins the thread first and then releases the thread-safe function. A wake that is
// still queued then arrives with a null environment and does nothing.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "node/node_addon.h"
#include "runner/runner.h"

namespace flux_ensemble::node {

class EngineObject : public Napi::ObjectWrap<EngineObject> {
 public:
  static Napi::Function Class(Napi::Env env);

  // new Engine(plan, wake, log, restores, survivesHost): `wake` is called without arguments when
  // there is something to take(). `log` is the folder of the run's log, or null. An engine that
  // `restores` begins with restore(). With `survivesHost`, the log is on the disk before an effect
  // leaves.
  explicit EngineObject(const Napi::CallbackInfo& info);
  ~EngineObject() override;

 private:
  // Commands: the first argument is the number of the answer that take() returns.
  void Start(const Napi::CallbackInfo& info);
  void Restore(const Napi::CallbackInfo& info);
  void Resume(const Napi::CallbackInfo& info);
  void Reconciled(const Napi::CallbackInfo& info);
  void KnownJobs(const Napi::CallbackInfo& info);
  void Note(const Napi::CallbackInfo& info);
  void Done(const Napi::CallbackInfo& info);
  void Interrupted(const Napi::CallbackInfo& info);
  void Ingest(const Napi::CallbackInfo& info);
  void FinishStream(const Napi::CallbackInfo& info);
  void Tick(const Napi::CallbackInfo& info);
  void Advance(const Napi::CallbackInfo& info);
  void AddRule(const Napi::CallbackInfo& info);
  void GoTo(const Napi::CallbackInfo& info);
  void Probed(const Napi::CallbackInfo& info);
  void End(const Napi::CallbackInfo& info);
  void Pause(const Napi::CallbackInfo& info);
  void Admit(const Napi::CallbackInfo& info);
  void AdmitMore(const Napi::CallbackInfo& info);
  void SetQueuedUrgency(const Napi::CallbackInfo& info);
  void AddUnmade(const Napi::CallbackInfo& info);
  void SetWindow(const Napi::CallbackInfo& info);
  void DropQueued(const Napi::CallbackInfo& info);
  void SetAllocation(const Napi::CallbackInfo& info);
  void GroupDone(const Napi::CallbackInfo& info);
  void EndOfRun(const Napi::CallbackInfo& info);
  void GetLimits(const Napi::CallbackInfo& info);
  void GetStatus(const Napi::CallbackInfo& info);
  void GetSnapshot(const Napi::CallbackInfo& info);
  void GetRules(const Napi::CallbackInfo& info);
  void GetFailures(const Napi::CallbackInfo& info);
  void ActiveJobs(const Napi::CallbackInfo& info);
  void OpenFlux(const Napi::CallbackInfo& info);
  void CloseSource(const Napi::CallbackInfo& info);
  void Submit(const Napi::CallbackInfo& info);
  void Cancel(const Napi::CallbackInfo& info);
  void SetUrgency(const Napi::CallbackInfo& info);
  void Ask(const Napi::CallbackInfo& info);
  void Widen(const Napi::CallbackInfo& info);

  Napi::Value Take(const Napi::CallbackInfo& info);
  Napi::Value TakeEvents(const Napi::CallbackInfo& info);
  void SupplyTimes(const Napi::CallbackInfo& info);
  void SupplyRule(const Napi::CallbackInfo& info);
  void GatherEvents(const Napi::CallbackInfo& info);
  // hold(true): keeps the event loop alive until hold(false).
  void Hold(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);

  struct NewRule {
    engine::Rule rule;
    std::vector<engine::Metric> metrics;
    std::size_t known_metrics = 0;  // with these
  };
  // Nothing, with an exception, for invalid values.
  std::optional<NewRule> ReadNewRule(Napi::Env env, Napi::Value rule, Napi::Value metrics);

  bool Open(Napi::Env env);
  // Posts a command with the number in the first argument; throws when the number is missing.
  bool Post(const Napi::CallbackInfo& info, runner::CommandBody body);
  void StopRunner();

  static void CallWake(napi_env env, napi_value callback, void* context, void* data);
  static void AtEnvironmentEnd(void* self);

  // Sizes of the plan with the rules added since.
  std::size_t planned_groups_ = 0;
  std::vector<std::size_t> planned_probes_;
  std::size_t planned_metrics_ = 0;
  std::size_t planned_states_ = 0;
  std::unique_ptr<runner::Runner> runner_;
  napi_threadsafe_function channel_ = nullptr;
  bool hooked_ = false;
};

}  // namespace flux_ensemble::node
