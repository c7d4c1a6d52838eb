#include "runner/checkpoint.h"

#include <algorithm>
#include <ranges>
#include <utility>
#include <vector>

#include "base/archive.h"
#include "log/checkpoint_files.h"
#include "log/segment_files.h"

namespace flux_ensemble::runner {

namespace {

using log::StateFile;

// Two parts: what the engine and its restoration need, and the rows of active jobs.
struct Parts {
  std::string state;
  std::string rows;

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(state, rows);
  }
};

// Empty for a checkpoint that is missing or damaged.
std::optional<Parts> ReadParts(const std::string& folder, std::uint64_t number) {
  const auto bytes = log::ReadStateFile(folder, StateFile::kCheckpoint, number);
  if (!bytes) return std::nullopt;
  StateReader reader(*bytes);
  Parts parts;
  reader(parts);
  if (!reader.valid() || !reader.at_end()) return std::nullopt;
  return parts;
}

// Latest first.
std::vector<std::uint64_t> Checkpoints(const std::string& folder) {
  std::vector<std::uint64_t> numbers;
  log::ListStateFiles(folder, StateFile::kCheckpoint, &numbers);
  std::ranges::reverse(numbers);
  return numbers;
}

// Adds the rows of ended jobs up to a checkpoint. False when a file of them is missing or damaged;
// the rows of the others are added.
bool AddEndedRows(const std::string& folder, std::uint64_t number, JobRows& rows) {
  std::vector<std::uint64_t> files;
  bool whole = log::ListStateFiles(folder, StateFile::kJobs, &files) == 0;
  for (const std::uint64_t file : files) {
    if (file > number) break;
    const auto bytes = log::ReadStateFile(folder, StateFile::kJobs, file);
    whole = bytes && rows.Add(*bytes) && whole;
  }
  return whole;
}

}  // namespace

std::optional<LoadedCheckpoint> LoadCheckpoint(const std::string& folder,
                                               Restoration& restoration) {
  for (const std::uint64_t number : Checkpoints(folder)) {
    auto parts = ReadParts(folder, number);
    if (!parts) continue;
    const LoadResult result = restoration.Load(parts->state);
    if (result == LoadResult::kLoaded) return LoadedCheckpoint{number, std::move(parts->rows)};
    if (result == LoadResult::kBroken) return std::nullopt;
  }
  return LoadedCheckpoint();
}

bool HasWholeLog(const std::string& folder) {
  std::vector<std::uint64_t> numbers;
  return log::ListSegments(folder, &numbers) == 0 && !numbers.empty() && numbers.front() == 1;
}

std::string EncodeCheckpoint(Restoration& restoration, JobRows& rows) {
  StateWriter of_rows;
  of_rows(rows);
  Parts parts{restoration.Save(), of_rows.Take()};
  StateWriter writer;
  writer(parts);
  return writer.Take();
}

bool LoadActiveRows(std::string_view bytes, JobRows& rows) {
  StateReader reader(bytes);
  reader(rows);
  return reader.valid() && reader.at_end();
}

// The rows of active jobs come first, because they have the names of the groups.
log::EntryReport ReadJobs(const std::string& folder, JobRows& rows) {
  std::uint64_t base = 0;
  bool whole = true;
  for (const std::uint64_t number : Checkpoints(folder)) {
    const auto parts = ReadParts(folder, number);
    if (!parts || !LoadActiveRows(parts->rows, rows)) continue;
    whole = AddEndedRows(folder, number, rows);
    base = number;
    break;
  }
  log::EntryReport report = log::ReadEntries(folder, rows, {.after = base});
  if (!whole) {
    ++report.frames.damaged_places;
    if (report.frames.first_damage.empty()) {
      report.frames.first_damage = folder + ": a file of ended jobs is missing or damaged";
    }
  }
  return report;
}

}  // namespace flux_ensemble::runner
