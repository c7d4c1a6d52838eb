#include "runner/job_rows.h"

#include <cmath>
#include <limits>

#include "engine/exception_words.h"
#include "engine/job_details.h"

namespace flux_ensemble::runner {

namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr std::int32_t kUnknownRule = -2;

// The first time counts.
void SetTime(double& time, double seconds) {
  if (std::isnan(time)) time = seconds;
}

}  // namespace

JobRows::JobRows() {
  TextOf("");
}

std::uint32_t JobRows::TextOf(std::string_view text) {
  const auto found = texts_.find(text);
  if (found != texts_.end()) return found->second;
  const auto index = static_cast<std::uint32_t>(columns_.texts.size());
  columns_.texts.emplace_back(text);
  texts_.emplace(text, index);
  return index;
}

void JobRows::OnRun(std::string_view id, const std::vector<std::string>& groups) {
  run_ = id;
  for (const std::string& group : groups) {
    if (groups_.emplace(group, columns_.groups.size()).second) columns_.groups.push_back(group);
  }
}

void JobRows::OnRecords(std::span<const journal::Record> records) {
  for (const journal::Record& record : records) {
    auto place = places_.find(record.id);
    if (place == places_.end() || IsAnother(place->second, record)) {
      if (!record.membership || !record.membership->group) continue;
      const auto group = groups_.find(*record.membership->group);
      if (group == groups_.end() || !record.membership->MayBelongTo(run_)) continue;
      const auto row = static_cast<std::uint32_t>(columns_.ids.size());
      place = places_.insert_or_assign(record.id, Place{.row = row}).first;
      AddRow(record.id, group->second, *record.membership);
    }
    for (const journal::Event& event : record.events) Apply(place->second, event);
  }
}

// Ids begin again in another Flux instance.
bool JobRows::IsAnother(const Place& place, const journal::Record& record) const {
  if (!record.membership || !record.membership->origin || !record.membership->ensemble) {
    return false;
  }
  const engine::JobOrigin origin = engine::ReadOrigin(*record.membership->origin);
  const std::uint32_t row = place.row;
  return columns_.rule[row] != static_cast<std::int32_t>(origin.rule) ||
         columns_.firing[row] != static_cast<double>(origin.firing) ||
         columns_.part[row] != origin.part ||
         columns_.index[row] != static_cast<double>(origin.index) ||
         columns_.attempt[row] != origin.attempt;
}

void JobRows::AddRow(journal::JobId id, std::uint32_t group,
                     const journal::Membership& membership) {
  engine::JobOrigin origin;
  if (membership.origin) origin = engine::ReadOrigin(*membership.origin);
  columns_.ids.push_back(id);
  columns_.group.push_back(group);
  columns_.entry.push_back(origin.entry ? static_cast<std::int32_t>(*origin.entry) : -1);
  columns_.attempt.push_back(origin.attempt);
  columns_.rule.push_back(membership.origin ? static_cast<std::int32_t>(origin.rule)
                                            : kUnknownRule);
  columns_.firing.push_back(membership.origin ? static_cast<double>(origin.firing) : kUnknown);
  columns_.part.push_back(origin.part);
  columns_.index.push_back(membership.origin ? static_cast<double>(origin.index) : kUnknown);
  for (auto* times : {&columns_.submit, &columns_.start, &columns_.finish, &columns_.clean}) {
    times->push_back(kUnknown);
  }
  columns_.status.push_back(-1);
  columns_.result.push_back(static_cast<std::uint8_t>(log::JobResult::kActive));
  columns_.exception.push_back(0);
  columns_.note.push_back(0);
  columns_.hosts.push_back(0);
  columns_.parameters.push_back(TextOf(membership.parameters.value_or(std::string_view())));
}

void JobRows::Apply(Place& place, const journal::Event& event) {
  using journal::EventKind;
  const std::uint32_t row = place.row;
  switch (event.kind) {
    case EventKind::kSubmit:
      return SetTime(columns_.submit[row], event.timestamp);
    case EventKind::kStart:
      return SetTime(columns_.start[row], event.timestamp);
    case EventKind::kFinish:
      if (columns_.status[row] < 0) columns_.status[row] = event.status;
      return SetTime(columns_.finish[row], event.timestamp);
    case EventKind::kClean:
      return SetTime(columns_.clean[row], event.timestamp);
    case EventKind::kException: {
      // The gravest exception, the first among equals, as for the result.
      if (event.severity >= place.severity) return;
      place.severity = event.severity;
      columns_.exception[row] = TextOf(event.exception_name);
      columns_.note[row] = TextOf(engine::ExceptionWords(event).note);
      return;
    }
    default:
      return;
  }
}

void JobRows::OnHosts(journal::JobId job, std::string_view hosts) {
  const auto place = places_.find(job);
  if (place != places_.end()) columns_.hosts[place->second.row] = TextOf(hosts);
}

void JobRows::OnProbed(const log::Probed& probed) {
  const auto place = places_.find(probed.job);
  if (!probed.firing || place == places_.end()) return;
  for (std::size_t i = 0; i < probed.values.size(); ++i) {
    columns_.measured_row.push_back(place->second.row);
    columns_.measured_variable.push_back(static_cast<std::uint32_t>(probed.first + i));
    columns_.measured_value.push_back(probed.values[i]);
  }
}

void JobRows::OnResult(journal::JobId job, log::JobResult result) {
  const auto place = places_.find(job);
  if (place == places_.end()) return;
  std::uint8_t& stored = columns_.result[place->second.row];
  // A job with a result keeps it when its process is lost.
  const bool active = stored == static_cast<std::uint8_t>(log::JobResult::kActive);
  if (result != log::JobResult::kLost || active) stored = static_cast<std::uint8_t>(result);
}

void JobRows::OnPlain(log::EntryKind kind) {
  if (kind == log::EntryKind::kInterrupted) interrupted_ = true;
  if (kind == log::EntryKind::kRestored) interrupted_ = false;
}

void JobRows::OnText(log::EntryKind kind, std::string_view text) {
  if (kind == log::EntryKind::kAddRule && !interrupted_) columns_.added_rules.emplace_back(text);
}

}  // namespace flux_ensemble::runner
