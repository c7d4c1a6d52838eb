// Why jobs fail: the part of the engine that keeps their groups' digests.
#include <algorithm>
#include <string>
#include <unordered_map>
#include <variant>

#include "engine/engine.h"

namespace flux_ensemble::engine {

namespace {

// Of an exception; empty when it has none.
std::string NoteOf(const journal::Event& event) {
  for (const journal::Member& member : journal::MembersOf(event.context)) {
    const auto* const note = std::get_if<std::string>(&member.value);
    if (member.name == "note" && note != nullptr) return *note;
  }
  return {};
}

}  // namespace

void Engine::NoteException(Job& job, const journal::Event& event, GroupMetrics& metrics) {
  if (job.failure != 0 || event.exception_type == journal::ExceptionType::kCancel) return;
  job.failure = metrics.failures().OfException(event.exception_name, NoteOf(event));
}

void Engine::NoteStatus(Job& job, std::int32_t status, GroupMetrics& metrics) {
  if (status == 0) return;
  const bool canceled =
      job.severity != Job::kNoException && job.exception_type == journal::ExceptionType::kCancel;
  if (job.failure != 0) {
    metrics.failures().AddStatus(job.failure, status);
  } else if (!canceled) {
    job.failure = metrics.failures().OfStatus(status);
  }
}

void Engine::Failed(const Job& job, bool again, GroupMetrics& metrics) {
  FailureDigest& digest = metrics.failures();
  const FailureDigest::Number number = job.failure == 0 ? digest.Unknown() : job.failure;
  if (again) {
    awaited_.emplace(AttemptsOf(job.group, *details_.Find(job.id)), AwaitedRetry{job.id, number});
  }
  if (!digest.Fail(number, job.id, again)) return;
  failure_reports_.push_back(
      {job.group, number - 1u, job.id, again, job.has_start, digest.reasons()[number - 1]});
}

Engine::Attempts Engine::AttemptsOf(std::uint32_t group, const JobDetails& details) {
  return {group, static_cast<std::uint64_t>(details.rule), details.firing, details.index};
}

Engine::Awaited::iterator Engine::TryBefore(std::uint32_t group, const JobDetails& details,
                                            bool resubmitted) {
  if (details.attempt == 0 || awaited_.empty()) return awaited_.end();
  const auto [first, last] = awaited_.equal_range(AttemptsOf(group, details));
  const auto found = std::find_if(
      first, last, [&](const auto& entry) { return entry.second.resubmitted == resubmitted; });
  return found == last ? awaited_.end() : found;
}

void Engine::Resubmitted(std::uint32_t group, const JobDetails& details) {
  const auto before = TryBefore(group, details, false);
  if (before == awaited_.end()) return;
  before->second.resubmitted = true;
  metrics_[group].failures().Resubmitted(before->second.failure);
}

void Engine::AwaitAgain(std::uint32_t group, const JobDetails& details) {
  const auto before = TryBefore(group, details, true);
  if (before == awaited_.end()) return;
  before->second.resubmitted = false;
  metrics_[group].failures().Await(before->second.failure);
}

void Engine::ForgetAttempts(std::uint32_t group, const JobDetails& details) {
  const auto before = TryBefore(group, details, true);
  if (before != awaited_.end()) awaited_.erase(before);
}

std::vector<GroupFailures> Engine::GetFailures() const {
  std::vector<GroupFailures> failures;
  std::unordered_map<std::uint32_t, std::size_t> places;
  for (std::uint32_t group = 0; group < metrics_.groups(); ++group) {
    const std::vector<FailureReason>& reasons = metrics_[group].failures().reasons();
    const bool any = std::any_of(reasons.begin(), reasons.end(), [](const FailureReason& reason) {
      return reason.count + reason.waiting > 0;
    });
    if (!any) continue;
    places.emplace(group, failures.size());
    failures.push_back({group, reasons});
  }
  for (const auto& [attempts, awaited] : awaited_) {
    if (awaited.resubmitted) continue;
    FailureReason& reason =
        failures[places.at(static_cast<std::uint32_t>(attempts[0]))].reasons[awaited.failure - 1];
    if (reason.jobs.size() < FailureDigest::kMaxJobs) reason.jobs.push_back(awaited.job);
  }
  return failures;
}

}  // namespace flux_ensemble::engine
