// Reasons of failures: the part of the engine that updates the digests of groups.
#include <algorithm>
#include <string>
#include <unordered_map>

#include "engine/engine.h"
#include "engine/exception_words.h"

namespace flux_ensemble::engine {

namespace {

// The most notes of own cancels: one for each rule that cancels, and some more.
constexpr std::size_t kMaxOwnCancels = 4096;

}  // namespace

void Engine::ExpectCancel(const std::string& note) {
  own_cancels_.insert(note);
  // With more notes than are kept, own cancels can't be recognized any more.
  if (own_cancels_.size() <= kMaxOwnCancels) return;
  others_cancel_ = false;
  own_cancels_.clear();
}

void Engine::NoteException(Job& job, const journal::Event& event, GroupMetrics& metrics) {
  if (event.exception_type == journal::ExceptionType::kCancel) {
    if (!others_cancel_) return;
    const ExceptionWords words(event);
    if (own_cancels_.contains(words.note)) return;
    job.failure = metrics.failures().OfCancel(words.user, words.note);
  } else if (job.failure == 0) {
    job.failure = metrics.failures().OfException(event.exception_name, ExceptionWords(event).note);
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
    awaited_.Add(job.group, *details_.Find(job.id), job.id, number);
  }
  if (!digest.Fail(number, job.id, again)) return;
  failure_reports_.push_back(
      {job.group, number - 1u, job.id, again, job.has_start, digest.reasons()[number - 1]});
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
  awaited_.ForEachWaiting(
      [&](std::uint32_t group, journal::JobId job, FailureDigest::Number failure) {
        FailureReason& reason = failures[places.at(group)].reasons[failure - 1u];
        if (reason.jobs.size() < FailureDigest::kMaxJobs) reason.jobs.push_back(job);
      });
  return failures;
}

}  // namespace flux_ensemble::engine
