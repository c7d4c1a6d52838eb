// Details of active jobs, for groups whose rules or retries need them: the job's entry in its
// group, its previous attempts, and its parameters. They are kept outside of the job table.
#pragma once

#include <compare>
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
  std::string json;  // as received; empty without parameters
  std::vector<journal::Member> members;

  // Null for an unknown parameter.
  const journal::Member* Find(std::string_view name) const;
};

std::shared_ptr<const JobParameters> ParametersOf(std::string_view json);

// Null stays null.
template <typename Archive>
void PersistParameters(Archive& archive, std::shared_ptr<const JobParameters>& parameters) {
  bool any = parameters != nullptr;
  archive(any);
  std::string json = any && parameters != nullptr ? parameters->json : std::string();
  if (any) archive(json);
  if constexpr (Archive::kReads) parameters = any ? ParametersOf(json) : nullptr;
}

// attributes.user.origin: which submission of an ensemble a job is.
struct JobOrigin {
  std::optional<std::uint32_t> entry;  // index in its group, of a job that an ensemble submitted
  std::uint32_t attempt = 0;           // counted from 0
  std::int64_t rule = 0;               // -1: requested from outside
  std::uint64_t firing = 0;
  std::uint32_t part = 0;   // number of the submission among those of the firing
  std::uint64_t index = 0;  // among the jobs of the submission
  // attributes.user.origin.values exists: templates of the entry were filled in for this job.
  bool filled_in = false;

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(entry, attempt, rule, firing, part, index, filled_in);
  }
};

// Identifies the submission in its ensemble: ids of jobs are unique in their Flux instance only.
// Never 0.
std::uint64_t KeyOf(const JobOrigin& origin);

// The origin in a JSON object. Missing and invalid members have their defaults.
JobOrigin ReadOrigin(std::string_view json);

// A job of the run by its id and the key of its submission.
struct KnownJob {
  journal::JobId id = 0;
  std::uint64_t key = 0;
  auto operator<=>(const KnownJob&) const = default;
};

struct JobDetails : JobOrigin {
  std::string origin;     // attributes.user.origin as received
  std::string exception;  // type of the gravest exception so far, as Job has it
  std::shared_ptr<const JobParameters> parameters;
  // Groups that were made for values of its parameters, see Subsets. They follow from those.
  std::vector<std::uint32_t> made_groups;

  template <typename Archive>
  void Persist(Archive& archive) {
    JobOrigin::Persist(archive);
    archive(origin, exception);
    PersistParameters(archive, parameters);
  }
};

class JobDetailsTable {
 public:
  // Stores a job's details until they are erased.
  JobDetails& Add(journal::JobId id, const journal::Membership& membership);
  // Null for an unknown job. Valid until the next Add or Erase.
  JobDetails* Find(journal::JobId id);
  const JobDetails* Find(journal::JobId id) const;
  void Erase(journal::JobId id);

  std::size_t size() const { return jobs_.size(); }

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(jobs_);
    if constexpr (Archive::kReads) {
      for (auto& [id, details] : jobs_) {
        if (details.parameters != nullptr) details.parameters = Share(details.parameters->json);
      }
    }
  }

 private:
  std::shared_ptr<const JobParameters> Share(std::string_view json);

  std::unordered_map<journal::JobId, JobDetails> jobs_;
  // By their JSON. Unused entries are removed when the map has doubled.
  std::map<std::string, std::weak_ptr<const JobParameters>, std::less<>> shared_;
  std::size_t sweep_at_ = 64;
};

}  // namespace flux_ensemble::engine
