// Failed jobs that are submitted again, until the end of their next attempt is known. An attempt is
// found by what all attempts of a job have in common: its group, rule, firing, part and index.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>

#include "engine/failures.h"
#include "engine/job_details.h"
#include "journal/record.h"

namespace flux_ensemble::engine {

class AwaitedRetries {
 public:
  // The job failed for the reason `failure`, and its next attempt will be submitted.
  void Add(std::uint32_t group, const JobDetails& details, journal::JobId job,
           FailureDigest::Number failure) {
    failed_.emplace(KeyOf(group, details), Failed{job, failure, false});
  }

  // The job with these details was submitted. Returns the reason for which its previous attempt
  // failed, if any: that failure no longer counts.
  std::optional<FailureDigest::Number> OnSubmitted(std::uint32_t group, const JobDetails& details);
  // The job was refused. Returns the reason of its previous attempt, which waits again.
  std::optional<FailureDigest::Number> OnRefused(std::uint32_t group, const JobDetails& details);
  // The job has ended, so its previous attempt is forgotten.
  void OnEnded(std::uint32_t group, const JobDetails& details);

  // Calls with group, job and reason of each failure whose next attempt is not submitted yet.
  template <typename Call>
  void ForEachWaiting(Call call) const {
    for (const auto& [key, failed] : failed_) {
      if (!failed.resubmitted) call(static_cast<std::uint32_t>(key[0]), failed.job, failed.failure);
    }
  }

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(failed_);
  }

 private:
  using Key = std::array<std::uint64_t, 5>;
  struct Failed {
    journal::JobId job = 0;
    FailureDigest::Number failure = 0;
    bool resubmitted = false;  // the next attempt is active

    template <typename Archive>
    void Persist(Archive& archive) {
      archive(job, failure, resubmitted);
    }
  };
  using Map = std::multimap<Key, Failed>;

  static Key KeyOf(std::uint32_t group, const JobDetails& details) {
    return {group, static_cast<std::uint64_t>(details.rule), details.firing, details.part,
            details.index};
  }
  // The previous attempt of a job; the end when it is unknown.
  Map::iterator PreviousOf(std::uint32_t group, const JobDetails& details, bool resubmitted);
  std::optional<FailureDigest::Number> SetResubmitted(std::uint32_t group,
                                                      const JobDetails& details, bool resubmitted);

  Map failed_;
};

}  // namespace flux_ensemble::engine
