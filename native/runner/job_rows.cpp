#include "runner/job_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "engine/exception_words.h"
#include "engine/job_details.h"

namespace flux_ensemble::runner {

namespace {

constexpr std::int32_t kUnknownRule = -2;
constexpr std::uint32_t kNoRow = ~std::uint32_t{0};
// A row of which only later news is known: the first row of its job was taken out.
constexpr std::uint32_t kUnknownGroup = ~std::uint32_t{0};
constexpr std::uint8_t kNoException = 8;
constexpr auto kActive = static_cast<std::uint8_t>(log::JobResult::kActive);

// The first time counts.
void SetTime(double& time, double seconds) {
  if (std::isnan(time)) time = seconds;
}

// Adds a value of a row that a job told under a name, or replaces the one before.
template <typename Value>
void PutTold(std::unordered_map<std::uint64_t, std::size_t>& places, std::uint32_t row,
             std::uint32_t name, Value value, std::vector<std::uint32_t>& rows,
             std::vector<std::uint32_t>& names, std::vector<Value>& values) {
  const auto [place, added] = places.emplace(std::uint64_t{row} << 32 | name, values.size());
  if (!added) {
    values[place->second] = value;
    return;
  }
  rows.push_back(row);
  names.push_back(name);
  values.push_back(value);
}

using Submission = JobRows::Submission;

// Empty for a row or a record that does not say it.
std::optional<Submission> SubmissionOf(const JobColumns& columns, std::uint32_t row) {
  if (columns.group[row] == kUnknownGroup || columns.rule[row] == kUnknownRule) return std::nullopt;
  return Submission{columns.rule[row], columns.firing[row], columns.part[row], columns.index[row],
                    columns.attempt[row]};
}
std::optional<Submission> SubmissionOf(const journal::Record& record) {
  if (!record.membership || !record.membership->origin || !record.membership->ensemble) {
    return std::nullopt;
  }
  const engine::JobOrigin origin = engine::ReadOrigin(*record.membership->origin);
  return Submission{static_cast<std::int32_t>(origin.rule), static_cast<double>(origin.firing),
                    origin.part, static_cast<double>(origin.index), origin.attempt};
}

std::vector<std::uint32_t> AllRows(std::size_t count) {
  std::vector<std::uint32_t> rows(count);
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

}  // namespace

JobRows::JobRows() {
  TextOf("");
}

std::uint32_t JobRows::TextOf(std::string_view text) {
  const auto found = texts_.find(text);
  if (found != texts_.end()) return found->second;
  std::vector<std::string>& texts = rows_.columns.texts;
  const auto index = static_cast<std::uint32_t>(texts.size());
  texts.emplace_back(text);
  texts_.emplace(text, index);
  return index;
}

void JobRows::OnRun(std::string_view id, const std::vector<std::string>& groups) {
  run_ = id;
  std::vector<std::string>& names = rows_.columns.groups;
  for (const std::string& group : groups) {
    if (groups_.emplace(group, names.size()).second) names.push_back(group);
  }
}

void JobRows::OnRecords(std::span<const journal::Record> records) {
  for (const journal::Record& record : records) {
    const auto place = places_.find(record.id);
    std::uint32_t row = place == places_.end() ? kNoRow : place->second;
    if (row != kNoRow && IsAnother(row, SubmissionOf(record))) row = kNoRow;
    if (row == kNoRow || rows_.columns.group[row] == kUnknownGroup) {
      if (!record.membership || !record.membership->group) continue;
      const auto group = groups_.find(*record.membership->group);
      if (group == groups_.end() || !record.membership->MayBelongTo(run_)) continue;
      if (row == kNoRow) row = AddRow(record.id);
      Describe(row, group->second, *record.membership);
    }
    for (const journal::Event& event : record.events) Apply(row, event);
  }
}

// Ids begin again in another Flux instance. Rows of which only later news is known are of the
// latest job with the id.
bool JobRows::IsAnother(std::uint32_t row, const std::optional<Submission>& submission) const {
  const bool is_known = rows_.columns.group[row] != kUnknownGroup;
  return is_known && submission && SubmissionOf(rows_.columns, row) != submission;
}

std::uint32_t JobRows::AddRow(journal::JobId id) {
  JobColumns& columns = rows_.columns;
  const auto row = static_cast<std::uint32_t>(columns.size());
  places_.insert_or_assign(id, row);
  columns.ids.push_back(id);
  columns.group.push_back(kUnknownGroup);
  columns.entry.push_back(-1);
  columns.attempt.push_back(0);
  columns.rule.push_back(kUnknownRule);
  columns.firing.push_back(kUnknown);
  columns.part.push_back(0);
  columns.index.push_back(kUnknown);
  for (auto* times : {&columns.submit, &columns.start, &columns.finish, &columns.clean}) {
    times->push_back(kUnknown);
  }
  columns.status.push_back(-1);
  columns.result.push_back(kActive);
  for (auto* texts : {&columns.exception, &columns.note, &columns.parameters, &columns.hosts}) {
    texts->push_back(0);
  }
  rows_.sequence.push_back(next_++);
  rows_.severity.push_back(kNoException);
  return row;
}

void JobRows::Describe(std::uint32_t row, std::uint32_t group,
                       const journal::Membership& membership) {
  JobColumns& columns = rows_.columns;
  columns.group[row] = group;
  columns.parameters[row] = TextOf(membership.parameters.value_or(std::string_view()));
  if (!membership.origin) return;
  const engine::JobOrigin origin = engine::ReadOrigin(*membership.origin);
  columns.entry[row] = origin.entry ? static_cast<std::int32_t>(*origin.entry) : -1;
  columns.attempt[row] = origin.attempt;
  columns.rule[row] = static_cast<std::int32_t>(origin.rule);
  columns.firing[row] = static_cast<double>(origin.firing);
  columns.part[row] = origin.part;
  columns.index[row] = static_cast<double>(origin.index);
}

void JobRows::Apply(std::uint32_t row, const journal::Event& event) {
  using journal::EventKind;
  JobColumns& columns = rows_.columns;
  switch (event.kind) {
    case EventKind::kSubmit:
      return SetTime(columns.submit[row], event.timestamp);
    case EventKind::kStart:
      return SetTime(columns.start[row], event.timestamp);
    case EventKind::kFinish:
      if (columns.status[row] < 0) columns.status[row] = event.status;
      return SetTime(columns.finish[row], event.timestamp);
    case EventKind::kClean:
      return SetTime(columns.clean[row], event.timestamp);
    case EventKind::kException: {
      // The gravest exception, the first among equals, as for the result.
      const auto severity = static_cast<std::uint8_t>(event.severity);
      if (severity >= rows_.severity[row]) return;
      rows_.severity[row] = severity;
      columns.exception[row] = TextOf(event.exception_name);
      columns.note[row] = TextOf(engine::ExceptionWords(event).note);
      return;
    }
    default:
      return;
  }
}

std::uint32_t JobRows::RowOf(journal::JobId id) {
  const auto place = places_.find(id);
  if (place != places_.end()) return place->second;
  return taken_ ? AddRow(id) : kNoRow;
}

void JobRows::OnHosts(journal::JobId job, std::string_view hosts) {
  const std::uint32_t row = RowOf(job);
  if (row != kNoRow) rows_.columns.hosts[row] = TextOf(hosts);
}

void JobRows::OnProbed(const log::Probed& probed) {
  if (!probed.firing) return;
  const std::uint32_t row = RowOf(probed.job);
  if (row == kNoRow) return;
  for (std::size_t i = 0; i < probed.values.size(); ++i) {
    rows_.columns.measured_row.push_back(row);
    rows_.columns.measured_variable.push_back(static_cast<std::uint32_t>(probed.first + i));
    rows_.columns.measured_value.push_back(probed.values[i]);
  }
}

void JobRows::OnTold(const log::Told& told) {
  const std::uint32_t row = RowOf(told.job);
  if (row == kNoRow) return;
  JobColumns& columns = rows_.columns;
  if (told.is_text) {
    PutTold(told_texts_, row, told.index, TextOf(told.text), columns.told_row, columns.told_name,
            columns.told_text);
  } else {
    PutTold(told_numbers_, row, told.index, told.number, columns.measured_row,
            columns.measured_variable, columns.measured_value);
  }
}

void JobRows::OnResult(journal::JobId job, log::JobResult result) {
  const std::uint32_t row = RowOf(job);
  if (row != kNoRow) SetResult(row, result);
}

// A job with a result keeps it when its process is lost.
void JobRows::SetResult(std::uint32_t row, log::JobResult result) {
  std::uint8_t& stored = rows_.columns.result[row];
  if (result != log::JobResult::kLost || stored == kActive) {
    stored = static_cast<std::uint8_t>(result);
  }
}

bool JobRows::HasEnded(std::uint32_t row) const {
  if (rows_.columns.group[row] == kUnknownGroup) return true;
  switch (static_cast<log::JobResult>(rows_.columns.result[row])) {
    case log::JobResult::kRefused:
    case log::JobResult::kUnknown:
    case log::JobResult::kLost:
      return true;
    default:
      return !std::isnan(rows_.columns.clean[row]);
  }
}

std::string JobRows::TakeEnded() {
  std::vector<std::uint32_t> ended;
  std::vector<std::uint32_t> others;
  for (const std::uint32_t row : AllRows(rows_.columns.size())) {
    (HasEnded(row) ? ended : others).push_back(row);
  }
  std::string bytes = EncodeRows(rows_, ended);
  // The texts of the rows that stay are few.
  const std::string rest = EncodeRows(rows_, others);
  RestoreRows(rest);
  taken_ = true;
  return bytes;
}

std::string JobRows::EncodeAll() const {
  return EncodeRows(rows_, AllRows(rows_.columns.size()));
}

bool JobRows::RestoreRows(std::string_view bytes) {
  std::vector<std::string> groups = std::move(rows_.columns.groups);
  std::vector<std::string> rules = std::move(rows_.columns.added_rules);
  groups_.clear();
  for (const std::string& group : groups) groups_.emplace(group, groups_.size());
  rows_ = JobRowSet();
  rows_.columns.groups = std::move(groups);
  rows_.columns.added_rules = std::move(rules);
  places_.clear();
  told_numbers_.clear();
  told_texts_.clear();
  texts_.clear();
  TextOf("");
  return Add(bytes);
}

bool JobRows::Add(std::string_view bytes) {
  JobRowSet others;
  if (!DecodeRows(bytes, others)) return false;
  const JobColumns& columns = others.columns;
  std::vector<std::uint32_t> texts;
  texts.reserve(columns.texts.size());
  for (const std::string& text : columns.texts) texts.push_back(TextOf(text));
  std::vector<std::uint32_t> rows;
  rows.reserve(columns.size());
  const std::uint64_t next = next_;
  for (std::uint32_t other = 0; other < columns.size(); ++other) {
    if (columns.group[other] != kUnknownGroup &&
        columns.group[other] >= rows_.columns.groups.size()) {
      return false;
    }
    const auto place = places_.find(columns.ids[other]);
    const std::uint32_t known = place == places_.end() ? kNoRow : place->second;
    std::uint32_t row = known;
    if (known == kNoRow || IsAnother(known, SubmissionOf(columns, other))) {
      row = AddRow(columns.ids[other]);
      rows_.sequence[row] = others.sequence[other];
      // Later news is of the latest job with the id.
      if (known != kNoRow && rows_.sequence[known] > rows_.sequence[row]) {
        places_[columns.ids[other]] = known;
      }
    }
    Join(row, others, other, texts);
    rows.push_back(row);
  }
  next_ = next;
  for (std::size_t i = 0; i < columns.measured_row.size(); ++i) {
    rows_.columns.measured_row.push_back(rows[columns.measured_row[i]]);
    rows_.columns.measured_variable.push_back(columns.measured_variable[i]);
    rows_.columns.measured_value.push_back(columns.measured_value[i]);
  }
  for (std::size_t i = 0; i < columns.told_row.size(); ++i) {
    rows_.columns.told_row.push_back(rows[columns.told_row[i]]);
    rows_.columns.told_name.push_back(columns.told_name[i]);
    rows_.columns.told_text.push_back(texts[columns.told_text[i]]);
  }
  return true;
}

// Rows come in the order in which they were taken out, so what is known counts.
void JobRows::Join(std::uint32_t row, const JobRowSet& others, std::uint32_t other,
                   const std::vector<std::uint32_t>& texts) {
  JobColumns& to = rows_.columns;
  const JobColumns& from = others.columns;
  if (to.group[row] == kUnknownGroup && from.group[other] != kUnknownGroup) {
    to.group[row] = from.group[other];
    to.entry[row] = from.entry[other];
    to.attempt[row] = from.attempt[other];
    to.rule[row] = from.rule[other];
    to.firing[row] = from.firing[other];
    to.part[row] = from.part[other];
    to.index[row] = from.index[other];
    to.parameters[row] = texts[from.parameters[other]];
  }
  rows_.sequence[row] = std::min(rows_.sequence[row], others.sequence[other]);
  SetTime(to.submit[row], from.submit[other]);
  SetTime(to.start[row], from.start[other]);
  SetTime(to.finish[row], from.finish[other]);
  SetTime(to.clean[row], from.clean[other]);
  if (to.status[row] < 0) to.status[row] = from.status[other];
  if (from.result[other] != kActive) {
    SetResult(row, static_cast<log::JobResult>(from.result[other]));
  }
  if (others.severity[other] < rows_.severity[row]) {
    rows_.severity[row] = others.severity[other];
    to.exception[row] = texts[from.exception[other]];
    to.note[row] = texts[from.note[other]];
  }
  if (from.hosts[other] != 0) to.hosts[row] = texts[from.hosts[other]];
}

void JobRows::Select(std::span<const std::uint32_t> rows) {
  rows_.columns.Select(rows);
  JobColumns::SelectOf(rows_.sequence, rows);
  JobColumns::SelectOf(rows_.severity, rows);
}

JobColumns JobRows::Take() {
  const std::vector<std::uint32_t>& group = rows_.columns.group;
  const bool all_known = std::ranges::find(group, kUnknownGroup) == group.end();
  if (!all_known || !std::ranges::is_sorted(rows_.sequence)) {
    std::vector<std::uint32_t> rows = AllRows(rows_.columns.size());
    std::erase_if(rows, [&](std::uint32_t row) { return group[row] == kUnknownGroup; });
    std::ranges::stable_sort(rows, {}, [this](std::uint32_t row) { return rows_.sequence[row]; });
    Select(rows);
  }
  return std::move(rows_.columns);
}

void JobRows::OnPlain(log::EntryKind kind) {
  if (kind == log::EntryKind::kInterrupted) interrupted_ = true;
  if (kind == log::EntryKind::kRestored) interrupted_ = false;
}

void JobRows::OnText(log::EntryKind kind, std::string_view text) {
  if (kind == log::EntryKind::kAddRule && !interrupted_)
    rows_.columns.added_rules.emplace_back(text);
}

}  // namespace flux_ensemble::runner
