#include "node/value_writer.h"

#include <cmath>
#include <cstring>

namespace flux_ensemble::node {

namespace {

// An array with the result of `write` for each item.
template <typename Items, typename Write>
napi_value WriteArray(napi_env env, const Items& items, Write write) {
  napi_value array = nullptr;
  if (napi_create_array_with_length(env, items.size(), &array) != napi_ok) return nullptr;
  std::uint32_t index = 0;
  for (const auto& item : items) {
    // A scope for each item, so that handles of thousands of items are not alive at once.
    napi_handle_scope scope = nullptr;
    if (napi_open_handle_scope(env, &scope) != napi_ok) return nullptr;
    napi_value value = write(item);
    const bool good = value != nullptr && napi_set_element(env, array, index++, value) == napi_ok;
    if (napi_close_handle_scope(env, scope) != napi_ok || !good) return nullptr;
  }
  return array;
}

napi_value WriteSnapshot(napi_env env, const engine::Snapshot& snapshot);

napi_value Null(napi_env env) {
  napi_value null = nullptr;
  return napi_get_null(env, &null) == napi_ok ? null : nullptr;
}

napi_value WriteFiring(napi_env env, const engine::Firing& firing) {
  ObjectWriter object(env);
  object.Set("number", static_cast<double>(firing.number))
      .Set("rule", static_cast<double>(firing.rule))
      .Set("timestamp", firing.timestamp);
  napi_value job = nullptr;
  if (!firing.job) {
    object.SetNull("job");
  } else if (napi_create_bigint_uint64(env, *firing.job, &job) == napi_ok) {
    object.Set("job", job);
  } else {
    return nullptr;
  }
  object.Set("group", firing.group == engine::kNoGroup ? -1.0 : static_cast<double>(firing.group));
  if (std::isnan(firing.value)) {
    object.SetNull("value");
  } else {
    object.Set("value", firing.value);
  }
  const auto state = [](std::uint32_t index) {
    return index == engine::kNoState ? -1.0 : static_cast<double>(index);
  };
  object.Set("state", state(firing.state)).Set("goto", state(firing.go_to));
  object.Set("submitting", firing.submitting);
  object.Set("resolved", firing.resolved);
  if (firing.by.empty()) {
    object.SetNull("by");
  } else {
    object.Set("by", std::string_view(firing.by));
  }
  if (firing.snapshot == nullptr) {
    object.SetNull("snapshot");
  } else {
    object.Set("snapshot", WriteSnapshot(env, *firing.snapshot));
  }
  const auto text_or_null = [&object](const char* key, const std::string& text) {
    if (text.empty()) {
      object.SetNull(key);
    } else {
      object.Set(key, std::string_view(text));
    }
  };
  text_or_null("event", firing.event);
  text_or_null("context", firing.context);
  text_or_null("parameters",
               firing.parameters == nullptr ? std::string() : firing.parameters->json);
  text_or_null("origin", firing.origin);
  if (firing.entry) {
    object.Set("entry", static_cast<double>(*firing.entry));
  } else {
    object.SetNull("entry");
  }
  return object.value();
}

napi_value WriteRetry(napi_env env, const engine::Retry& retry) {
  napi_value job = nullptr;
  if (napi_create_bigint_uint64(env, retry.job, &job) != napi_ok) return nullptr;
  const engine::JobDetails& details = retry.details;
  ObjectWriter object(env);
  object.Set("number", static_cast<double>(retry.number))
      .Set("timestamp", retry.due)
      .Set("job", job)
      .Set("group", static_cast<double>(retry.group))
      .Set("entry", static_cast<double>(details.entry.value_or(0)))
      .Set("attempt", static_cast<double>(details.attempt))
      .Set("origin", std::string_view(details.origin))
      .Set("submitting", retry.submitting);
  if (details.parameters->json.empty()) {
    object.SetNull("parameters");
  } else {
    object.Set("parameters", std::string_view(details.parameters->json));
  }
  return object.value();
}

napi_value WriteDecodeError(napi_env env, const journal::DecodeError& error) {
  return ObjectWriter(env)
      .Set("offset", static_cast<double>(error.offset))
      .Set("line", static_cast<double>(error.line))
      .Set("reason", std::string_view(error.reason))
      .value();
}

napi_value WriteReason(napi_env env, const engine::FailureReason& reason) {
  return ObjectWriter(env)
      .Set("kind", static_cast<double>(reason.kind))
      .Set("type", std::string_view(reason.type))
      .Set("note", std::string_view(reason.note))
      .Set("varies", reason.varies)
      .Set("status", static_cast<double>(reason.status))
      .Set("count", static_cast<double>(reason.count))
      .Set("waiting", static_cast<double>(reason.waiting))
      .Set("jobs", WriteColumn(env, reason.jobs))
      .value();
}

napi_value WriteFailureReport(napi_env env, const engine::FailureReport& report) {
  napi_value job = nullptr;
  if (napi_create_bigint_uint64(env, report.job, &job) != napi_ok) return nullptr;
  return ObjectWriter(env)
      .Set("group", static_cast<double>(report.group))
      .Set("reason", static_cast<double>(report.reason))
      .Set("job", job)
      .Set("again", report.again)
      .Set("started", report.started)
      .Set("what", WriteReason(env, report.what))
      .value();
}

napi_value WriteGroupFailures(napi_env env, const engine::GroupFailures& failures) {
  return ObjectWriter(env)
      .Set("group", static_cast<double>(failures.group))
      .Set("reasons", WriteArray(env, failures.reasons,
                                 [env](const auto& reason) { return WriteReason(env, reason); }))
      .value();
}

napi_value WriteSubmitReport(napi_env env, const runner::SubmitReport& report) {
  return ObjectWriter(env)
      .Set("number", static_cast<double>(report.number))
      .Set("accepted", static_cast<double>(report.accepted))
      .Set("refused", static_cast<double>(report.refused))
      .Set("dropped", static_cast<double>(report.dropped))
      .Set("reason", std::string_view(report.reason))
      .Set("ofRetry", report.of_retry)
      .value();
}

napi_value WriteControlReport(napi_env env, const runner::ControlReport& report) {
  return ObjectWriter(env)
      .Set("done", static_cast<double>(report.done))
      .Set("failed", static_cast<double>(report.failed))
      .Set("reason", std::string_view(report.reason))
      .value();
}

napi_value WriteReached(napi_env env, const runner::ReachedLimits& reached) {
  return ObjectWriter(env)
      .Set("limits", WriteArray(env, reached.limits,
                                [env](const engine::ReachedLimit& limit) {
                                  return ObjectWriter(env)
                                      .Set("limit", static_cast<double>(limit.limit))
                                      .Set("time", limit.time)
                                      .value();
                                }))
      .Set("withheld", WriteArray(env, reached.withheld,
                                  [env](double jobs) { return Napi::Number::New(env, jobs); }))
      .value();
}

napi_value WriteFacts(napi_env env, const runner::SourceFacts& facts) {
  return ObjectWriter(env)
      .Set("rank", static_cast<double>(facts.rank))
      .Set("instance", std::string_view(facts.instance))
      .Set("another", facts.another)
      .Set("inactiveJobs", static_cast<double>(facts.inactive_jobs))
      .Set("full", facts.full)
      .Set("guest", facts.guest)
      .value();
}

napi_value WriteFailure(napi_env env, const runner::SourceFailure& failure) {
  return ObjectWriter(env)
      .Set("code", std::string_view(failure.code))
      .Set("message", std::string_view(failure.message))
      .value();
}

// A Buffer with a copy of the bytes.
napi_value WriteBytes(napi_env env, std::string_view bytes) {
  napi_value buffer = nullptr;
  if (napi_create_buffer_copy(env, bytes.size(), bytes.data(), nullptr, &buffer) != napi_ok) {
    return nullptr;
  }
  return buffer;
}

// An object of types and their counts for each group; null for groups without.
napi_value WriteExceptions(napi_env env, const engine::Snapshot& snapshot) {
  return WriteArray(env, snapshot.exceptions, [env](const auto& types) -> napi_value {
    napi_value null = nullptr;
    if (types.empty()) return napi_get_null(env, &null) == napi_ok ? null : nullptr;
    ObjectWriter object(env);
    for (const auto& [type, count] : types) object.Set(type.c_str(), static_cast<double>(count));
    return object.value();
  });
}

napi_value WriteSnapshot(napi_env env, const engine::Snapshot& snapshot) {
  ObjectWriter object(env);
  if (snapshot.states.heads.empty()) {
    object.SetNull("states");
  } else {
    object.Set("states", WriteStates(env, snapshot.states));
  }
  return object.Set("exceptions", WriteExceptions(env, snapshot))
      .Set("counts", WriteColumn(env, snapshot.counts))
      .Set("statistics", WriteColumn(env, snapshot.statistics))
      .Set("probes", WriteColumn(env, snapshot.probes))
      .Set("metrics", WriteColumn(env, snapshot.metrics))
      .Set("status", WriteStatus(env, snapshot.status))
      .value();
}

// A row of numbers for each rule, in the order of `RULE_COLUMNS` in src/engine/rule-report.ts.
napi_value WriteRules(napi_env env, const engine::RuleReports& reports) {
  std::vector<double> rows;
  for (const engine::RuleReport& report : reports.rules) {
    const engine::RuleState& state = report.state;
    const auto number = [](std::uint64_t count) { return static_cast<double>(count); };
    rows.insert(rows.end(),
                {number(state.fired), number(state.repetitions_left), number(report.came),
                 number(report.came_after), number(state.in_backoff), number(state.in_cooldown),
                 number(state.too_short), number(state.in_other_state), report.pending ? 1.0 : 0.0,
                 report.holds ? 1.0 : 0.0, report.probing ? 1.0 : 0.0, number(state.backoff_left),
                 report.since, report.ready, report.next, number(state.resolved),
                 state.raised ? 1.0 : 0.0});
  }
  return ObjectWriter(env)
      .Set("rows", WriteColumn(env, rows))
      .Set("metrics", WriteColumn(env, reports.metrics))
      .Set("splits", WriteArray(env, reports.splits,
                                [env](const engine::SplitReport& split) {
                                  return ObjectWriter(env)
                                      .Set("values", WriteStrings(env, split.values))
                                      .Set("metrics", WriteColumn(env, split.metrics))
                                      .Set("firings", WriteColumn(env, split.firings))
                                      .Set("beyond", static_cast<double>(split.beyond))
                                      .Set("without", static_cast<double>(split.without))
                                      .value();
                                }))
      .value();
}

napi_value WriteRestored(napi_env env, const runner::Restored& restored) {
  return ObjectWriter(env)
      .Set("error", std::string_view(restored.error))
      .Set("started", restored.started)
      .Set("ended", restored.ended)
      .Set("interrupted", restored.interrupted)
      .Set("latest", restored.latest)
      .Set("epoch", static_cast<double>(restored.epoch))
      .Set("firings", WriteArray(env, restored.firings,
                                 [env](const runner::OpenFiring& open) {
                                   return ObjectWriter(env)
                                       .Set("firing", WriteFiring(env, open.firing))
                                       .Set("notes", WriteStrings(env, open.notes))
                                       .value();
                                 }))
      .Set("notes", WriteStrings(env, restored.notes))
      .Set("jobs", static_cast<double>(restored.jobs))
      .Set("active", static_cast<double>(restored.active))
      .Set("retrying", static_cast<double>(restored.retrying))
      .Set("events", static_cast<double>(restored.events))
      .Set("seconds", restored.seconds)
      .Set("checkpoint", static_cast<double>(restored.checkpoint))
      .Set("begins", restored.begins)
      .Set("damage", std::string_view(restored.damage))
      .value();
}

napi_value WriteAnswer(napi_env env, const runner::Answer& answer) {
  ObjectWriter object(env);
  object.Set("number", static_cast<double>(answer.number));
  if (const auto* rule = std::get_if<std::uint32_t>(&answer.body)) {
    object.Set("value", static_cast<double>(*rule));
  } else if (const auto* time = std::get_if<double>(&answer.body)) {
    object.Set("value", *time);
  } else if (const auto* status = std::get_if<engine::Status>(&answer.body)) {
    object.Set("value", WriteStatus(env, *status));
  } else if (const auto* snapshot = std::get_if<engine::Snapshot>(&answer.body)) {
    object.Set("value", WriteSnapshot(env, *snapshot));
  } else if (const auto* rules = std::get_if<engine::RuleReports>(&answer.body)) {
    object.Set("value", WriteRules(env, *rules));
  } else if (const auto* failures = std::get_if<std::vector<engine::GroupFailures>>(&answer.body)) {
    object.Set("value", WriteArray(env, *failures, [env](const auto& of_group) {
                 return WriteGroupFailures(env, of_group);
               }));
  } else if (const auto* restored = std::get_if<runner::Restored>(&answer.body)) {
    object.Set("value", WriteRestored(env, *restored));
  } else if (const auto* ranges = std::get_if<std::vector<runner::KnownRange>>(&answer.body)) {
    object.Set("value", WriteArray(env, *ranges, [env](const runner::KnownRange& range) {
                 return ObjectWriter(env)
                     .Set("part", static_cast<double>(range.part))
                     .Set("begin", static_cast<double>(range.begin))
                     .Set("end", static_cast<double>(range.end))
                     .value();
               }));
  } else if (const auto* json = std::get_if<std::string>(&answer.body)) {
    object.Set("value", std::string_view(*json));
  } else if (const auto* ids = std::get_if<std::vector<journal::JobId>>(&answer.body)) {
    object.Set("value", WriteColumn(env, *ids));
  } else if (const auto* submit = std::get_if<runner::SubmitReport>(&answer.body)) {
    object.Set("value", WriteSubmitReport(env, *submit));
  } else if (const auto* control = std::get_if<runner::ControlReport>(&answer.body)) {
    object.Set("value", WriteControlReport(env, *control));
  } else if (const auto* reached = std::get_if<runner::ReachedLimits>(&answer.body)) {
    object.Set("value", WriteReached(env, *reached));
  } else if (const auto* facts = std::get_if<runner::SourceFacts>(&answer.body)) {
    object.Set("value", WriteFacts(env, *facts));
  } else {
    object.SetNull("value");
  }
  if (const auto* failure = std::get_if<runner::SourceFailure>(&answer.body)) {
    object.Set("failure", WriteFailure(env, *failure));
  } else {
    object.SetNull("failure");
  }
  return object.value();
}

}  // namespace

ObjectWriter& ObjectWriter::Set(const char* key, napi_value value) {
  if (object_ == nullptr) return *this;
  if (value == nullptr || napi_set_named_property(env_, object_, key, value) != napi_ok) {
    object_ = nullptr;
  }
  return *this;
}

ObjectWriter& ObjectWriter::Set(const char* key, double value) {
  napi_value number = nullptr;
  if (napi_create_double(env_, value, &number) != napi_ok) number = nullptr;
  return Set(key, number);
}

ObjectWriter& ObjectWriter::Set(const char* key, bool value) {
  napi_value boolean = nullptr;
  if (napi_get_boolean(env_, value, &boolean) != napi_ok) boolean = nullptr;
  return Set(key, boolean);
}

ObjectWriter& ObjectWriter::Set(const char* key, std::string_view value) {
  return Set(key, WriteString(env_, value));
}

ObjectWriter& ObjectWriter::SetNull(const char* key) {
  napi_value null = nullptr;
  if (napi_get_null(env_, &null) != napi_ok) null = nullptr;
  return Set(key, null);
}

napi_value WriteString(napi_env env, std::string_view text) {
  napi_value value = nullptr;
  return napi_create_string_utf8(env, text.data(), text.size(), &value) == napi_ok ? value
                                                                                   : nullptr;
}

napi_value WriteStrings(napi_env env, const std::vector<std::string>& strings) {
  return WriteArray(env, strings,
                    [env](const std::string& text) { return WriteString(env, text); });
}

napi_value WriteStates(napi_env env, const engine::StreamStates& states) {
  return ObjectWriter(env)
      .Set("heads", WriteColumn(env, states.heads))
      .Set("buckets", WriteColumn(env, states.buckets))
      .value();
}

napi_value WriteTypedArray(napi_env env, napi_typedarray_type type, const void* data,
                           std::size_t count, std::size_t bytes) {
  void* memory = nullptr;
  napi_value buffer = nullptr;
  napi_value array = nullptr;
  if (napi_create_arraybuffer(env, bytes, &memory, &buffer) != napi_ok) return nullptr;
  if (bytes > 0) std::memcpy(memory, data, bytes);
  if (napi_create_typedarray(env, type, count, buffer, 0, &array) != napi_ok) return nullptr;
  return array;
}

napi_value WriteStatus(napi_env env, const engine::Status& status) {
  const engine::Totals& totals = status.totals;
  ObjectWriter object(env);
  if (std::isnan(status.log_lag)) {
    object.SetNull("logLag");
  } else {
    object.Set("logLag", status.log_lag);
  }
  return object.Set("activeJobs", static_cast<double>(status.active_jobs))
      .Set("submitting", static_cast<double>(status.submitting))
      .Set("queued", static_cast<double>(status.queued))
      .Set("timeCouldFire", status.time_could_fire)
      .Set("retrying", static_cast<double>(status.retrying))
      .Set("ended", status.ended)
      .Set("backlogOver", status.backlog_over)
      .Set("state", status.state.empty() ? Null(env) : WriteString(env, status.state))
      .Set("records", static_cast<double>(totals.records))
      .Set("events", static_cast<double>(totals.events))
      .Set("trackedEvents", static_cast<double>(totals.tracked_events))
      .Set("decodeErrors", static_cast<double>(totals.decode_errors))
      .Set("negativeIntervals", static_cast<double>(totals.negative_intervals))
      .Set("ignoredTells", static_cast<double>(totals.ignored_tells))
      .Set("firings", static_cast<double>(totals.firings))
      .Set("lostJobs", static_cast<double>(totals.lost_jobs))
      .Set("earliest", totals.earliest)
      .Set("latest", totals.latest)
      .value();
}

napi_value WriteOutbox(napi_env env, const runner::Outbox& outbox) {
  ObjectWriter object(env);
  object
      .Set("answers", WriteArray(env, outbox.answers,
                                 [env](const auto& answer) { return WriteAnswer(env, answer); }))
      .Set("firings", WriteArray(env, outbox.firings,
                                 [env](const auto& firing) { return WriteFiring(env, firing); }))
      .Set("retries", WriteArray(env, outbox.retries,
                                 [env](const auto& retry) { return WriteRetry(env, retry); }))
      .Set("failures",
           WriteArray(env, outbox.failures,
                      [env](const auto& failure) { return WriteFailureReport(env, failure); }))
      .Set("submissions",
           WriteArray(env, outbox.submissions,
                      [env](const auto& submission) { return WriteSubmitReport(env, submission); }))
      .Set("decodeErrors",
           WriteArray(env, outbox.decode_errors,
                      [env](const auto& error) { return WriteDecodeError(env, error); }))
      .Set("ignoredTells", WriteArray(env, outbox.ignored_tells,
                                      [env](const engine::IgnoredTell& ignored) {
                                        return ObjectWriter(env)
                                            .Set("group", static_cast<double>(ignored.group))
                                            .Set("job", Napi::BigInt::New(env, ignored.job))
                                            .Set("name", WriteString(env, ignored.told.text))
                                            .value();
                                      }))
      .Set("idleGroups",
           WriteArray(env, outbox.idle_groups,
                      [env](std::uint32_t group) { return Napi::Number::New(env, group); }))
      .Set("timeRequests", WriteArray(env, outbox.time_requests,
                                      [env](const runner::TimeRequest& request) {
                                        return ObjectWriter(env)
                                            .Set("rule", static_cast<double>(request.rule))
                                            .Set("after", request.after)
                                            .value();
                                      }))
      .Set("ruleRequests", WriteStrings(env, outbox.rule_requests))
      .Set("newGroups", WriteStrings(env, outbox.new_groups))
      .Set("eventsWaiting", outbox.events_waiting)
      .Set("quiet", outbox.quiet);
  if (outbox.records.empty()) {
    object.SetNull("records");
  } else {
    object.Set("records", WriteBytes(env, outbox.records));
  }
  if (outbox.log_problem) {
    object.Set("logProblem", WriteString(env, *outbox.log_problem));
  } else {
    object.SetNull("logProblem");
  }
  if (outbox.log_failure) {
    object.Set("logFailure", WriteString(env, outbox.log_failure->message));
  } else {
    object.SetNull("logFailure");
  }
  if (outbox.failure) {
    object.Set("failure", WriteFailure(env, *outbox.failure));
  } else {
    object.SetNull("failure");
  }
  return object.value();
}

napi_value WriteEvents(napi_env env, const runner::EventBatch& batch) {
  const engine::EventColumns& columns = batch.columns;
  return ObjectWriter(env)
      .Set("ids", WriteColumn(env, columns.ids))
      .Set("timestamps", WriteColumn(env, columns.timestamps))
      .Set("kinds", WriteColumn(env, columns.kinds))
      .Set("groups", WriteColumn(env, columns.groups))
      .Set("newGroups", WriteStrings(env, batch.new_groups))
      .Set("newKinds", WriteStrings(env, batch.named_kinds))
      .Set("dropped", static_cast<double>(batch.dropped))
      .value();
}

}  // namespace flux_ensemble::node
