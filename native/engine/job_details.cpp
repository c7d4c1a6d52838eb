#include "engine/job_details.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

namespace flux_ensemble::engine {

namespace {

std::optional<std::uint32_t> IndexOf(const journal::Member& member) {
  const double* const number = std::get_if<double>(&member.value);
  if (number == nullptr || !(*number >= 0 && *number < UINT32_MAX)) return std::nullopt;
  return std::floor(*number) == *number
             ? std::optional<std::uint32_t>(static_cast<std::uint32_t>(*number))
             : std::nullopt;
}

// -1 for a job without a rule, which was requested from outside.
std::int64_t RuleOf(const journal::Member& member) {
  const double* const number = std::get_if<double>(&member.value);
  return number != nullptr && *number == -1 ? -1 : IndexOf(member).value_or(0);
}

}  // namespace

std::uint64_t KeyOf(const JobOrigin& origin) {
  std::uint64_t key = 0;
  for (const std::uint64_t part :
       {static_cast<std::uint64_t>(origin.rule), origin.firing, std::uint64_t{origin.part},
        origin.index, std::uint64_t{origin.attempt}}) {
    key = (std::rotl(key, 5) ^ part) * 0x9e3779b97f4a7c15u + 1;
  }
  return key == 0 ? 1 : key;
}

JobOrigin ReadOrigin(std::string_view json) {
  JobOrigin origin;
  for (const journal::Member& member : journal::MembersOf(json)) {
    if (member.name == "entry") origin.entry = IndexOf(member);
    if (member.name == "attempt") origin.attempt = IndexOf(member).value_or(0);
    if (member.name == "rule") origin.rule = RuleOf(member);
    if (member.name == "firing") origin.firing = IndexOf(member).value_or(0);
    if (member.name == "part") origin.part = IndexOf(member).value_or(0);
    if (member.name == "index") origin.index = IndexOf(member).value_or(0);
    if (member.name == "values") origin.filled_in = true;
  }
  return origin;
}

const journal::Member* JobParameters::Find(std::string_view name) const {
  return journal::FindMember(members, name);
}

std::shared_ptr<const JobParameters> ParametersOf(std::string_view json) {
  auto parameters = std::make_shared<JobParameters>();
  parameters->json = json;
  if (!json.empty()) parameters->members = journal::MembersOf(json);
  return parameters;
}

JobDetails& JobDetailsTable::Add(journal::JobId id, const journal::Membership& membership) {
  JobDetails& details = jobs_[id];
  details = {};
  if (membership.origin) {
    static_cast<JobOrigin&>(details) = ReadOrigin(*membership.origin);
    details.origin = *membership.origin;
  }
  details.parameters = Share(membership.parameters.value_or(std::string_view()));
  return details;
}

JobDetails* JobDetailsTable::Find(journal::JobId id) {
  const auto found = jobs_.find(id);
  return found == jobs_.end() ? nullptr : &found->second;
}

const JobDetails* JobDetailsTable::Find(journal::JobId id) const {
  const auto found = jobs_.find(id);
  return found == jobs_.end() ? nullptr : &found->second;
}

void JobDetailsTable::Erase(journal::JobId id) {
  jobs_.erase(id);
}

std::shared_ptr<const JobParameters> JobDetailsTable::Share(std::string_view json) {
  auto found = shared_.find(json);
  if (found != shared_.end()) {
    if (std::shared_ptr<const JobParameters> parameters = found->second.lock()) return parameters;
  } else {
    if (shared_.size() >= sweep_at_) {
      std::erase_if(shared_, [](const auto& entry) { return entry.second.expired(); });
      sweep_at_ = std::max<std::size_t>(64, 2 * shared_.size());
    }
    found = shared_.emplace(json, std::weak_ptr<const JobParameters>()).first;
  }
  std::shared_ptr<const JobParameters> parameters = ParametersOf(json);
  found->second = parameters;
  return parameters;
}

}  // namespace flux_ensemble::engine
