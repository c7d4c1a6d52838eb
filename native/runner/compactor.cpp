#include "runner/compactor.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "log/checkpoint_files.h"
#include "log/entry_log.h"
#include "log/entry_tee.h"
#include "log/segment_files.h"
#include "runner/checkpoint.h"

namespace flux_ensemble::runner {

namespace {

using log::StateFile;

constexpr int kNiceness = 10;

// 0 for a missing file.
std::uint64_t SizeOf(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

std::uint64_t SegmentBytes(const std::string& folder, std::uint64_t number) {
  return SizeOf(folder + '/' + log::SegmentName(number));
}

// Whether the segment's first frame needs none before it. False for a segment without frames.
bool BeginsWhole(const std::string& folder, std::uint64_t segment) {
  class Nothing final : public log::PartialVisitor {
  } nothing;
  const log::EntryReport report =
      log::ReadEntries(folder, nothing, {.after = segment - 1, .through = segment});
  return report.begins_whole && report.frames.frames > 0;
}

}  // namespace

void Compactor::Closed(std::uint64_t segment, std::vector<AddedRule> rules) {
  {
    const std::lock_guard lock(mutex_);
    if (failed_) return;
    request_ = {segment, std::move(rules)};
  }
  if (!std::exchange(started_, true) && thread_.Start([this] { Run(); }) != 0) {
    const std::lock_guard lock(mutex_);
    failed_ = true;
    problem_ = "its thread can't be started";
  }
  changed_.notify_one();
}

std::optional<std::string> Compactor::TakeProblem() {
  const std::lock_guard lock(mutex_);
  return std::exchange(problem_, std::nullopt);
}

void Compactor::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.Join();
}

void Compactor::Run() {
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNiceness);
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || request_.has_value(); });
    if (stopping_) return;
    const Request request = *std::exchange(request_, std::nullopt);
    lock.unlock();
    std::string problem = Compact(request);
    lock.lock();
    if (problem.empty()) continue;
    failed_ = true;
    problem_ = std::move(problem);
    return;
  }
}

std::string Compactor::Compact(const Request& request) {
  if (!IsWorthwhile(request.segment)) return "";
  const std::string& folder = options_.folder;
  engine::Engine engine(plan_);
  engine.RememberAll();
  engine.OnAskTimes([](std::uint32_t, double) { return std::nullopt; });
  std::size_t added = 0;
  bool all_known = true;
  const auto add_rule = [&](std::string_view json) {
    all_known = all_known && added < request.rules.size() && request.rules[added].json == json;
    if (!all_known) return;
    const AddedRule& rule = request.rules[added++];
    engine.AddRule(rule.rule, rule.metrics);
  };
  Restoration restoration(engine, add_rule, false);
  const std::optional<LoadedCheckpoint> base = LoadCheckpoint(folder, restoration);
  JobRows rows;
  if (!base || (base->number > 0 && !LoadActiveRows(base->rows, rows))) {
    return "the last checkpoint can't be used";
  }
  log::EntryTee both(restoration, rows);
  const log::EntryReport report = log::ReadEntries(
      folder, both, {.after = base->number, .through = request.segment, .stopped = &stopping_});
  if (stopping_) return "";
  if (report.has_loss()) return "the log is damaged: " + report.frames.first_damage;
  if (!all_known) return "a rule in the log is unknown";
  // Entries go on in the next segment, so the segment after that is the next one to try.
  if (!report.ends_whole || !BeginsWhole(folder, request.segment + 1)) return "";

  // A file of jobs without its checkpoint does not count.
  const std::string ended = rows.TakeEnded();
  int error = log::WriteStateFile(folder, StateFile::kJobs, request.segment, ended);
  if (error == 0) {
    error = log::WriteStateFile(folder, StateFile::kCheckpoint, request.segment,
                                EncodeCheckpoint(restoration, rows));
  }
  if (error != 0) return std::strerror(error);
  RemoveOld(request.segment);
  return "";
}

// A checkpoint costs its size, so the log has to grow by as much before the next one.
bool Compactor::IsWorthwhile(std::uint64_t segment) const {
  std::vector<std::uint64_t> checkpoints;
  log::ListStateFiles(options_.folder, StateFile::kCheckpoint, &checkpoints);
  const std::uint64_t last = checkpoints.empty() ? 0 : checkpoints.back();
  std::uint64_t grown = 0;
  for (std::uint64_t number = last + 1; number <= segment; ++number) {
    grown += SegmentBytes(options_.folder, number);
  }
  const std::string path = options_.folder + '/' + log::StateFileName(StateFile::kCheckpoint, last);
  return grown >= std::max(options_.least, SizeOf(path));
}

// The checkpoint before the last one stays, for the case that the last one gets damaged.
void Compactor::RemoveOld(std::uint64_t segment) {
  const std::string& folder = options_.folder;
  std::vector<std::uint64_t> checkpoints;
  log::ListStateFiles(folder, StateFile::kCheckpoint, &checkpoints);
  std::uint64_t safe = 0;  // segments up to it have two checkpoints
  for (const std::uint64_t number : checkpoints) {
    if (number < segment) {
      if (safe > 0) log::RemoveStateFile(folder, StateFile::kCheckpoint, safe);
      safe = number;
    }
  }
  std::vector<std::uint64_t> segments;
  log::ListSegments(folder, &segments);
  std::uint64_t bytes = 0;
  for (const std::uint64_t number : segments) bytes += SegmentBytes(folder, number);
  for (const std::uint64_t number : segments) {
    if (bytes <= options_.keep || number > safe) break;
    const std::string path = folder + '/' + log::SegmentName(number);
    bytes -= SizeOf(path);
    unlink(path.c_str());
  }
}

}  // namespace flux_ensemble::runner
