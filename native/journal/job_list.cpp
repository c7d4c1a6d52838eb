#include "journal/job_list.h"

#include <cmath>
#include <limits>
#include <utility>
#include <variant>

#include "journal/context_members.h"

namespace flux_ensemble::journal {

namespace {

using Members = std::vector<Member>;

// Numbers of flux_job_state_t.
std::optional<JobStage> StageOf(std::uint64_t state) {
  switch (state) {
    case 1:  // NEW
    case 2:  // DEPEND
    case 4:  // PRIORITY
    case 8:  // SCHED
      return JobStage::kPending;
    case 16:
      return JobStage::kRunning;
    case 32:
      return JobStage::kCleanup;
    case 64:
      return JobStage::kInactive;
    default:
      return std::nullopt;
  }
}

double TimeIn(const Members& job, std::string_view name) {
  const Member* const member = FindMember(job, name);
  const auto* const time = member == nullptr ? nullptr : std::get_if<double>(&member->value);
  return time != nullptr && std::isfinite(*time) && *time > 0 ? *time : 0;
}

std::optional<ListedJob> ReadJob(const Members& members) {
  const std::optional<std::uint64_t> id = IntegerOf(members, "id");
  const std::optional<JobStage> stage = StageOf(IntegerOf(members, "state").value_or(0));
  if (!id || !stage) return std::nullopt;
  ListedJob job;
  job.id = *id;
  job.stage = *stage;
  job.submit = TimeIn(members, "t_submit");
  job.run = TimeIn(members, "t_run");
  job.cleanup = TimeIn(members, "t_cleanup");
  job.inactive = TimeIn(members, "t_inactive");
  const std::optional<std::uint64_t> status = IntegerOf(members, "waitstatus");
  if (status && *status <= std::numeric_limits<std::int32_t>::max()) {
    job.status = static_cast<std::int32_t>(*status);
  }
  const std::optional<std::uint64_t> severity = IntegerOf(members, "exception_severity");
  std::string type = TextOf(members, "exception_type");
  if (severity && *severity <= 7 && !type.empty()) {
    job.exception = {std::move(type), TextOf(members, "exception_note"),
                     static_cast<int>(*severity)};
  }
  return job;
}

}  // namespace

std::optional<JobList> ReadJobList(std::string_view answer) {
  const auto objects = ObjectsIn(answer, "jobs");
  if (!objects) return std::nullopt;
  JobList list;
  list.jobs.reserve(objects->size());
  for (const Members& members : *objects) {
    if (std::optional<ListedJob> job = ReadJob(members)) {
      list.jobs.push_back(std::move(*job));
    } else {
      ++list.invalid;
    }
  }
  return list;
}

std::optional<JobId> ReadJobId(std::string_view answer) {
  return IntegerOf(MembersOf(answer), "id");
}

}  // namespace flux_ensemble::journal
