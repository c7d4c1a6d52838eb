// The answers of Flux's job-list service, with the facts that a record of the journal needs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "journal/record.h"

namespace flux_ensemble::journal {

// How far a job is. The states DEPEND, PRIORITY and SCHED of Flux are one here.
enum class JobStage : std::uint8_t { kPending, kRunning, kCleanup, kInactive };

struct ListedException {
  std::string type;
  std::string note;
  int severity = 0;
};

// Times are in seconds since the epoch, and 0 where the list has none.
struct ListedJob {
  JobId id = 0;
  JobStage stage = JobStage::kPending;
  double submit = 0;
  double run = 0;      // of the allocation
  double cleanup = 0;  // of the finish, or of the first fatal exception
  double inactive = 0;
  std::optional<std::int32_t> status;  // as of wait(2)
  std::optional<ListedException> exception;
};

struct JobList {
  std::vector<ListedJob> jobs;
  std::uint64_t invalid = 0;  // entries without a valid id or state, which are skipped
};

// The names of the attributes that ReadJobList() takes, as a JSON array.
inline constexpr std::string_view kJobListAttributes =
    R"(["state","t_submit","t_run","t_cleanup","t_inactive","waitstatus",)"
    R"("exception_type","exception_severity","exception_note"])";

// Reads the answer {"jobs":[...]}. Nothing when it is not one. Values of a wrong type are absent.
std::optional<JobList> ReadJobList(std::string_view answer);

// The id in {"id":N}.
std::optional<JobId> ReadJobId(std::string_view answer);

}  // namespace flux_ensemble::journal
