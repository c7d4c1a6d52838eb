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

// Lets a run go on from the latest checkpoint that is usable. Returns its number, 0 for none. The
// number is empty when a checkpoint was broken.
std::optional<std::uint64_t> LoadCheckpoint(const std::string& folder, Restoration& restoration);

// Whether the log begins with its first segment.
bool HasWholeLog(const std::string& folder);

// The jobs in a log, also in one whose first segments were removed. The report has no error for a
// folder without checkpoints.
log::EntryReport ReadJobs(const std::string& folder, JobRows& rows);

// The bytes of a checkpoint.
std::string EncodeCheckpoint(Restoration& restoration, JobRows& rows);

// Adds the rows that a checkpoint with its files of jobs has. False when any of them is missing or
// damaged; what the others have is added.
bool AddRowsOf(const std::string& folder, std::uint64_t number, JobRows& rows);

// Restores only the jobs of a checkpoint that were active.
bool LoadActiveRows(std::string_view checkpoint, JobRows& rows);

}  // namespace flux_ensemble::runner
