// Checkpoints of a run in the folder of its log. A checkpoint stands for all segments up to its
// number, and the files of jobs up to this number have the jobs that ended in them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "log/entry_log.h"
#include "runner/job_rows.h"
#include "runner/restoration.h"

namespace flux_ensemble::runner {

// A checkpoint that a run goes on from.
struct LoadedCheckpoint {
  std::uint64_t number = 0;  // 0 for none
  std::string rows;          // of its active jobs, for LoadActiveRows()
};

// Lets a run go on from the latest checkpoint that is usable. Empty when a checkpoint was broken.
std::optional<LoadedCheckpoint> LoadCheckpoint(const std::string& folder, Restoration& restoration);

// Whether the log begins with its first segment.
bool HasWholeLog(const std::string& folder);

// The jobs in a log, also in one whose first segments were removed. The report has no error for a
// folder without checkpoints.
log::EntryReport ReadJobs(const std::string& folder, JobRows& rows);

// The bytes of a checkpoint.
std::string EncodeCheckpoint(Restoration& restoration, JobRows& rows);

// Restores the active jobs of a checkpoint. False for invalid bytes.
bool LoadActiveRows(std::string_view bytes, JobRows& rows);

}  // namespace flux_ensemble::runner
