#include "engine/awaited_retries.h"

#include <algorithm>

namespace flux_ensemble::engine {

AwaitedRetries::Map::iterator AwaitedRetries::PreviousOf(std::uint32_t group,
                                                         const JobDetails& details,
                                                         bool resubmitted) {
  if (details.attempt == 0 || failed_.empty()) return failed_.end();
  const auto [first, last] = failed_.equal_range(KeyOf(group, details));
  const auto found = std::find_if(
      first, last, [&](const auto& entry) { return entry.second.resubmitted == resubmitted; });
  return found == last ? failed_.end() : found;
}

std::optional<FailureDigest::Number> AwaitedRetries::SetResubmitted(std::uint32_t group,
                                                                    const JobDetails& details,
                                                                    bool resubmitted) {
  const auto previous = PreviousOf(group, details, !resubmitted);
  if (previous == failed_.end()) return std::nullopt;
  previous->second.resubmitted = resubmitted;
  return previous->second.failure;
}

std::optional<FailureDigest::Number> AwaitedRetries::OnSubmitted(std::uint32_t group,
                                                                 const JobDetails& details) {
  return SetResubmitted(group, details, true);
}

std::optional<FailureDigest::Number> AwaitedRetries::OnRefused(std::uint32_t group,
                                                               const JobDetails& details) {
  return SetResubmitted(group, details, false);
}

void AwaitedRetries::OnEnded(std::uint32_t group, const JobDetails& details) {
  const auto previous = PreviousOf(group, details, true);
  if (previous != failed_.end()) failed_.erase(previous);
}

}  // namespace flux_ensemble::engine
