// What is remembered of active jobs beside the job table, for the groups whose rules or retries ask
// for it: which entry of its group a job is of, how often it was tried before, and its parameters.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "journal/context_members.h"
#include "journal/record.h"

namespace flux_ensemble::engine {

// attributes.user.parameters of a jobspec. Jobs of one row share them.
struct JobParameters {
  std::string json;  // as it came; empty when there are none
  std::vector<journal::Member> members;

  // Null when there is no such parameter.
  const journal::Member* Find(std::string_view name) const;
};

struct JobDetails {
  std::optional<std::uint32_t> entry;  // index in its group, of a job that an ensemble submitted
  std::uint32_t attempt = 0;           // counted from 0
  std::int64_t rule = 0;               // -1: it was asked for from outside
  std::uint64_t firing = 0;
  std::uint64_t index = 0;  // among the jobs of the firing
  // attributes.user.origin.values is there: the job is not quite as its entry says.
  bool filled_in = false;
  std::string origin;     // attributes.user.origin as it came
  std::string exception;  // type of the gravest exception so far, as Job has it
  std::shared_ptr<const JobParameters> parameters;
};

class JobDetailsTable {
 public:
  // Remembers a job until it is erased.
  const JobDetails& Add(journal::JobId id, const journal::Membership& membership);
  // Null for a job that is not remembered. Holds until the next Add or Erase.
  JobDetails* Find(journal::JobId id);
  const JobDetails* Find(journal::JobId id) const;
  void Erase(journal::JobId id);

  std::size_t size() const { return jobs_.size(); }

 private:
  std::shared_ptr<const JobParameters> Share(std::string_view json);

  std::unordered_map<journal::JobId, JobDetails> jobs_;
  // By their JSON; those that no job has any more are swept when the map has doubled.
  std::map<std::string, std::weak_ptr<const JobParameters>, std::less<>> shared_;
  std::size_t sweep_at_ = 64;
};

}  // namespace flux_ensemble::engine
