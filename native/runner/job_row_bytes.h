// Rows of jobs as bytes: column by column, about 50 bytes a job.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runner/job_columns.h"

namespace flux_ensemble::runner {

// Rows with what is needed to go on with them.
struct JobRowSet {
  JobColumns columns;
  std::vector<std::uint64_t> sequence;  // by row: its place among all rows of the run
  std::vector<std::uint8_t> severity;   // by row: of its exception
};

std::string EncodeRows(const JobRowSet& rows, std::span<const std::uint32_t> selected);

// False for invalid bytes.
bool DecodeRows(std::string_view bytes, JobRowSet& rows);

}  // namespace flux_ensemble::runner
