#include "runner/run_log.h"

#include <algorithm>

namespace flux_ensemble::runner {

namespace {

using log::EntryKind;

// Bytes of a frame after which the next one begins.
constexpr std::size_t kFrameBytes = std::size_t{32} << 10;
// Room that a segment has for the next frame. A frame that is larger may begin the next segment.
constexpr std::size_t kRoom = 2 * kFrameBytes;

log::JobResult ResultOf(engine::JobOutcome outcome) {
  switch (outcome) {
    case engine::JobOutcome::kSuccess:
      return log::JobResult::kCompleted;
    case engine::JobOutcome::kFailed:
      return log::JobResult::kFailed;
    case engine::JobOutcome::kCanceled:
      return log::JobResult::kCanceled;
    case engine::JobOutcome::kTimeout:
      return log::JobResult::kTimeout;
  }
  return log::JobResult::kUnknown;
}

}  // namespace

bool RunLog::Begin() {
  if (writer_ == nullptr) return false;
  if (entries_.frame().size() >= kFrameBytes) EndFrame();
  if (entries_.frame().empty()) {
    writer_->MakeRoom(std::min<std::uint64_t>(kRoom, writer_->segment_limit() / 4));
    // Each segment can be read without the segments before it.
    type_ =
        segment_ == writer_->segment() ? log::FrameType::kEntries : log::FrameType::kFirstEntries;
    if (type_ == log::FrameType::kFirstEntries) entries_.ClearPatterns();
    segment_ = writer_->segment();
  }
  if (time_) entries_.Time(EntryKind::kTime, *std::exchange(time_, std::nullopt));
  return true;
}

void RunLog::Run(std::string_view id, const std::vector<std::string>& groups) {
  if (Begin()) entries_.Run(id, groups);
}

void RunLog::OnRecords(std::span<const journal::Record> records) {
  if (restoration_ != nullptr) restoration_->Follow(records);
  if (!Begin()) return;
  entries_.Records(records);
  for (const journal::Record& record : records) {
    if (!record.resources.empty()) Hosts(record);
  }
}

// The hosts are the strings of execution.nodelist, each in RFC 29's form. It is the last member, or
// the last but one.
void RunLog::Hosts(const journal::Record& record) {
  constexpr std::string_view key = "\"nodelist\":[\"";
  const std::size_t at = record.resources.rfind(key);
  if (at == std::string_view::npos) return;
  std::string_view list = record.resources.substr(at + key.size());
  const std::size_t end = list.find("\"]");
  if (end == std::string_view::npos) return;
  list = list.substr(0, end);
  hosts_.assign(list);
  for (std::size_t next = 0; (next = hosts_.find("\",\"", next)) != std::string::npos; ++next) {
    hosts_.replace(next, 3, ",");
  }
  entries_.Hosts(record.id, hosts_);
}

void RunLog::OnOutcome(journal::JobId job, engine::JobOutcome outcome) {
  Result(job, ResultOf(outcome));
}

void RunLog::Result(journal::JobId job, log::JobResult result) {
  if (Begin()) entries_.Result(job, result);
}

void RunLog::OnTold(journal::JobId job, const engine::Told& told) {
  if (!Begin()) return;
  entries_.AddTold({job, told.is_text, told.index, told.number, told.text});
}

void RunLog::PassTo(double now, bool due) {
  if (writer_ == nullptr) return;
  time_ = now;
  if (due) Begin();
}

void RunLog::Probed(const log::Probed& probed) {
  if (!Begin()) return;
  if (!probed.parameters.empty()) entries_.Text(log::EntryKind::kParameters, probed.parameters);
  entries_.AddProbed(probed);
}

void RunLog::Queued(std::uint32_t group, std::int64_t change, double time) {
  if (Begin()) entries_.Queued(group, change, time);
}

void RunLog::OnAllocation(journal::JobId job, engine::Allocation allocation) {
  if (Begin()) entries_.Holds(job, allocation.nodes, allocation.cores);
}

void RunLog::Allocation(double size, double end, double time) {
  if (Begin()) entries_.Allocation(size, end, time);
}

void RunLog::GroupDone(std::uint32_t group, double time) {
  if (Begin()) entries_.GroupDone(group, time);
}

void RunLog::Note(std::optional<std::uint64_t> firing, std::string_view text) {
  if (Begin()) entries_.Note(firing, text);
}

void RunLog::Supply(std::uint32_t rule, std::span<const double> times) {
  if (Begin()) entries_.Supply(rule, times);
}

void RunLog::Plain(EntryKind kind) {
  if (Begin()) entries_.Plain(kind);
}

void RunLog::Number(EntryKind kind, std::uint64_t number) {
  if (Begin()) entries_.Number(kind, number);
}

void RunLog::Time(EntryKind kind, double seconds) {
  if (Begin()) entries_.Time(kind, seconds);
}

void RunLog::Text(EntryKind kind, std::string_view text) {
  if (Begin()) entries_.Text(kind, text);
}

void RunLog::EndFrame() {
  std::string_view rest = entries_.frame();
  for (; rest.size() > log::kMaxPayload; rest.remove_prefix(log::kMaxPayload)) {
    writer_->Append(static_cast<std::uint8_t>(log::FrameType::kPart),
                    rest.substr(0, log::kMaxPayload));
  }
  writer_->Append(static_cast<std::uint8_t>(type_), rest);
  entries_.EndFrame();
}

bool RunLog::EndEntries() {
  if (writer_ == nullptr) return false;
  if (!entries_.frame().empty()) EndFrame();
  return true;
}

void RunLog::Flush() {
  if (!EndEntries()) return;
  writer_->Flush();
  CheckWriter();
}

bool RunLog::Commit() {
  if (EndEntries()) {
    writer_->Commit();
    CheckWriter();
  }
  return !lost_;
}

void RunLog::Sync() {
  if (!EndEntries()) return;
  writer_->SyncNow();
  CheckWriter();
}

void RunLog::CheckWriter() {
  if (!writer_->failed()) return;
  failure_ = writer_->failure();
  lost_ = writer_->survives_host();
  writer_.reset();
}

}  // namespace flux_ensemble::runner
