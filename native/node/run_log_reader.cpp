#include "node/run_log_reader.h"

#include <cstring>
#include <memory>
#include <string>

#include "node/value_writer.h"
#include "runner/checkpoint.h"

namespace flux_ensemble::node {

namespace {

// Owned by the work that Node queues.
struct Reading {
  std::string folder;
  log::EntryReport report;
  runner::JobColumns jobs;
  napi_deferred deferred = nullptr;
  napi_async_work work = nullptr;
};

napi_value WriteJobs(napi_env env, const runner::JobColumns& jobs) {
  return ObjectWriter(env)
      .Set("ids", WriteColumn(env, jobs.ids))
      .Set("groups", WriteStrings(env, jobs.groups))
      .Set("group", WriteColumn(env, jobs.group))
      .Set("entry", WriteColumn(env, jobs.entry))
      .Set("attempt", WriteColumn(env, jobs.attempt))
      .Set("rule", WriteColumn(env, jobs.rule))
      .Set("firing", WriteColumn(env, jobs.firing))
      .Set("part", WriteColumn(env, jobs.part))
      .Set("index", WriteColumn(env, jobs.index))
      .Set("submit", WriteColumn(env, jobs.submit))
      .Set("start", WriteColumn(env, jobs.start))
      .Set("finish", WriteColumn(env, jobs.finish))
      .Set("clean", WriteColumn(env, jobs.clean))
      .Set("status", WriteColumn(env, jobs.status))
      .Set("result", WriteColumn(env, jobs.result))
      .Set("texts", WriteStrings(env, jobs.texts))
      .Set("exception", WriteColumn(env, jobs.exception))
      .Set("note", WriteColumn(env, jobs.note))
      .Set("parameters", WriteColumn(env, jobs.parameters))
      .Set("hosts", WriteColumn(env, jobs.hosts))
      .Set("measuredRow", WriteColumn(env, jobs.measured_row))
      .Set("measuredVariable", WriteColumn(env, jobs.measured_variable))
      .Set("measuredValue", WriteColumn(env, jobs.measured_value))
      .Set("toldRow", WriteColumn(env, jobs.told_row))
      .Set("toldName", WriteColumn(env, jobs.told_name))
      .Set("toldText", WriteColumn(env, jobs.told_text))
      .Set("addedRules", WriteStrings(env, jobs.added_rules))
      .value();
}

napi_value WriteRunLog(napi_env env, const Reading& reading) {
  const log::ReadReport& frames = reading.report.frames;
  return ObjectWriter(env)
      .Set("jobs", WriteJobs(env, reading.jobs))
      .Set("frames", static_cast<double>(frames.frames))
      .Set("bytes", static_cast<double>(frames.bytes))
      .Set("lostBytes", static_cast<double>(frames.lost_bytes))
      .Set("tornBytes", static_cast<double>(frames.torn_bytes))
      .Set("unreadableFrames", static_cast<double>(reading.report.unreadable_frames))
      .Set("damage", log::DescribeDamage(reading.report))
      .value();
}

napi_value ErrorOf(napi_env env, const Reading& reading) {
  const std::string message =
      reading.folder + " can't be read: " + std::strerror(reading.report.frames.error);
  napi_value error = nullptr;
  const napi_value code = WriteString(env, "ERR_FILE");
  const napi_value text = WriteString(env, message);
  if (code == nullptr || text == nullptr) return nullptr;
  if (napi_create_error(env, code, text, &error) != napi_ok) return nullptr;
  return error;
}

// Called on: a thread of Node's pool.
void Execute(napi_env, void* data) {
  auto* const reading = static_cast<Reading*>(data);
  runner::JobRows rows;
  reading->report = runner::ReadJobs(reading->folder, rows);
  reading->jobs = rows.Take();
}

// Called on: JS thread.
void Complete(napi_env env, napi_status status, void* data) {
  const std::unique_ptr<Reading> reading(static_cast<Reading*>(data));
  napi_delete_async_work(env, reading->work);
  if (status != napi_ok) return;
  const bool failed = reading->report.frames.error != 0;
  const napi_value value = failed ? ErrorOf(env, *reading) : WriteRunLog(env, *reading);
  if (value == nullptr) return;
  (failed ? napi_reject_deferred : napi_resolve_deferred)(env, reading->deferred, value);
}

}  // namespace

napi_value ReadRunLog(napi_env env, napi_callback_info info) {
  std::size_t count = 1;
  napi_value folder = nullptr;
  std::size_t size = 0;
  if (napi_get_cb_info(env, info, &count, &folder, nullptr, nullptr) != napi_ok) return nullptr;
  if (napi_get_value_string_utf8(env, folder, nullptr, 0, &size) != napi_ok) {
    napi_throw_type_error(env, "ERR_ENGINE", "readRunLog(folder) needs a path");
    return nullptr;
  }
  auto reading = std::make_unique<Reading>();
  reading->folder.resize(size + 1);
  napi_value promise = nullptr;
  napi_value name = WriteString(env, "flux-ensemble");
  if (name == nullptr ||
      napi_get_value_string_utf8(env, folder, reading->folder.data(), size + 1, &size) != napi_ok ||
      napi_create_promise(env, &reading->deferred, &promise) != napi_ok ||
      napi_create_async_work(env, nullptr, name, &Execute, &Complete, reading.get(),
                             &reading->work) != napi_ok) {
    return nullptr;
  }
  reading->folder.resize(size);
  if (napi_queue_async_work(env, reading->work) != napi_ok) {
    napi_delete_async_work(env, reading->work);
    return nullptr;
  }
  // Complete() deletes it.
  (void)reading.release();
  return promise;
}

}  // namespace flux_ensemble::node
