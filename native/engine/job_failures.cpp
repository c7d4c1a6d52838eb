// Why jobs fail: the part of the engine that keeps their groups' digests.
#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>

#include "engine/engine.h"

namespace flux_ensemble::engine {

namespace {

// Notes of our own cancels that are kept: one for each rule that cancels, and some more.
constexpr std::size_t kMaxOwnCancels = 4096;

// What the context of an exception says; empty where it says nothing.
struct Words {
  explicit Words(const journal::Event& event) {
    for (journal::Member& member : journal::MembersOf(event.context)) {
      auto* const text = std::get_if<std::string>(&member.value);
      const auto* const number = std::get_if<double>(&member.value);
      if (member.name == "note" && text != nullptr) note = std::move(*text);
      if (member.name == "userid" && number != nullptr && *number >= 0 && *number <= UINT32_MAX) {
        user = std::to_string(static_cast<std::uint32_t>(*number));
      }
    }
  }

  std::string note;
  std::string user;
};

}  // namespace

void Engine::ExpectCancel(const std::string& note) {
  if (own_cancels_.size() < kMaxOwnCancels) own_cancels_.insert(note);
}

void Engine::NoteException(Job& job, const journal::Event& event, GroupMetrics& metrics) {
  if (event.exception_type == journal::ExceptionType::kCancel) {
    if (!others_cancel_) return;
    const Words words(event);
    if (own_cancels_.contains(words.note)) return;
    job.failure = metrics.failures().OfCancel(words.user, words.note);
  } else if (job.failure == 0) {
    job.failure = metrics.failures().OfException(event.exception_name, Words(event).note);
  }
}

bool Engine::CanceledByOthers(const Job& job) {
  return job.failure != 0 &&
         metrics_[job.group].failures().reasons()[job.failure - 1u].kind == FailureKind::kCanceled;
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
