// Begin and end of a job's life in the statistics: accepted or refused, with a result, submitted
// again, or lost.
#include <algorithm>
#include <utility>
#include <vector>

#include "engine/engine.h"

namespace flux_ensemble::engine {

using journal::EventKind;

bool Engine::BeforeValidation(Job& job, const journal::Event& event, bool accepted) {
  if (event.kind == EventKind::kInvalidate) {
    unvalidated_.Drop();
    Refused(job, event);
    return false;
  }
  if (!accepted && !Unvalidated::IsAccepted(event.kind)) {
    unvalidated_.Add(job.id, event);
    return true;
  }
  if (unvalidated_.any()) TakeSubmit();
  return Apply(job, event);
}

void Engine::TakeSubmit() {
  Job* const job = jobs_.Find(unvalidated_.job());
  unvalidated_.Take([&](const journal::Event& event) { Apply(*job, event); });
}

void Engine::Refused(Job& job, const journal::Event& event) {
  const Within within(*this, job);
  ChangeMask changed;
  changed.Add(ChangeOf(event.kind));
  if (!job.counted) CountArrival(job);
  // The job was counted only if the stream paused between the two events.
  Uncount(job, changed);
  if (tap_ != nullptr) tap_->OnRefused(job.id);
  Evaluate(job, event, changed, false);
}

void Engine::Uncount(const Job& job, ChangeMask& changed) {
  if (job.counted && !job.settled) {
    GroupMetrics& metrics = metrics_[job.group];
    Tally(metrics, Count::kSubmitted, -1);
    changed.Add(ChangeOf(Count::kSubmitted));
    MoveGauges(job.state, JobState::kInactive, metrics, changed);
    if (job.has_submit && !job.has_start && !job.has_finish) {
      metrics_.TakeFromWindows(job.group, Count::kSubmitted, job.since);
      for (const std::uint32_t made : made_groups_) {
        metrics_.TakeFromWindows(made, Count::kSubmitted, job.since);
      }
    }
  }
  if (Remembers(job.group)) {
    const JobDetails* const details = details_.Find(job.id);
    const auto failure =
        details == nullptr ? std::nullopt : awaited_.OnRefused(job.group, *details);
    if (failure) metrics_[job.group].failures().Await(*failure);
  }
  if (job.own) --totals_.own_jobs;
}

// Flux's own result (flux-core: src/modules/job-list/job_state.c). The finish decides success. A
// job without success is CANCELED or TIMEOUT by the type of its gravest exception, of any severity,
// else FAILED. All exceptions before the cleanup count.
void Engine::Outcome(Job& job, bool success, double time, GroupMetrics& metrics,
                     ChangeMask& changed) {
  const auto add = [&](Count count, Change trigger) {
    Tally(metrics, count, 1);
    changed.Add(ChangeOf(count));
    changed.Add(trigger);
  };
  JobOutcome outcome = JobOutcome::kFailed;
  if (success) {
    outcome = JobOutcome::kSuccess;
    add(Count::kSuccess, Change::kSuccess);
  } else if (job.severity == Job::kNoException) {
    add(Count::kFailed, Change::kFail);
  } else if (job.exception_type == journal::ExceptionType::kCancel) {
    outcome = JobOutcome::kCanceled;
    add(Count::kCanceled, Change::kCancel);
  } else {
    add(Count::kFailed, Change::kFail);
    if (job.exception_type == journal::ExceptionType::kTimeout) {
      outcome = JobOutcome::kTimeout;
      add(Count::kTimeout, Change::kTimeout);
    }
  }
  job.settled = true;
  if (tap_ != nullptr) tap_->OnOutcome(job.id, outcome);
  if (success) return;
  const bool again = Remembers(job.group) && TryAgain(job, outcome, time, metrics, changed);
  if (outcome != JobOutcome::kCanceled || CanceledByOthers(job)) Failed(job, again, metrics);
}

bool Engine::TryAgain(const Job& job, JobOutcome outcome, double time, GroupMetrics& metrics,
                      ChangeMask& changed) {
  const RetryPolicy* const policy = retries_.PolicyOf(job.group);
  const JobDetails* const details = details_.Find(job.id);
  // A job that was not submitted by an ensemble has no entry to submit again.
  if (policy == nullptr || rules_.ended() || details == nullptr || !details->entry) return false;
  if (details->attempt >= policy->times || !policy->Wants(outcome, details->exception)) {
    return false;
  }
  Tally(metrics, Count::kRetried, 1);
  changed.Add(ChangeOf(Count::kRetried));
  // The job's end is its finish. The cleanup may take longer.
  const double ended = job.has_finish ? job.since : time;
  Retry retry{0, ended + policy->Delay(details->attempt), job.id, job.group, *details};
  ++retry.details.attempt;
  retries_.Add(std::move(retry));
  return true;
}

void Engine::SettleAsItIs(Job& job) {
  if (job.has_finish) SettleWithoutSuccess(job);
}

void Engine::SettleWithoutSuccess(Job& job) {
  if (job.settled) return;
  const Within within(*this, job);
  ChangeMask changed;
  Outcome(job, false, totals_.latest, metrics_[job.group], changed);
  CountInWindows(job.group, changed, totals_.latest);
  rules_.OnSettled(job, job.group, changed, totals_.latest);
  for (const std::uint32_t made : made_groups_) {
    rules_.OnSettled(job, made, changed, totals_.latest);
  }
}

void Engine::FinishStream() {
  decoder_.Finish(*this);
  Settle();
  std::vector<journal::JobId> open;
  jobs_.ForEach([&](const Job& job) {
    if (job.has_finish && !job.settled) open.push_back(job.id);
  });
  // In a reproducible order.
  std::sort(open.begin(), open.end());
  for (const journal::JobId id : open) SettleAsItIs(*jobs_.Find(id));
}

// The job has left the stream without a final event.
void Engine::Lose(Job* job) {
  SettleAsItIs(*job);
  if (!job->settled) {
    ++totals_.lost_jobs;
    if (tap_ != nullptr) tap_->OnLost(job->id);
  }
  const Within within(*this, *job);
  ChangeMask changed;
  Enter(*job, JobState::kInactive, metrics_[job->group], changed);
  rules_.OnLost(*job);
  Forget(job);
}

bool Engine::TakeBack(journal::JobId id) {
  Job* const job = jobs_.Find(id);
  if (job == nullptr) return false;
  if (tap_ != nullptr) tap_->OnTakenBack(id);
  if (unvalidated_.any() && unvalidated_.job() == id) unvalidated_.Drop();
  if (job->has_fatal_exception) SettleWithoutSuccess(*job);
  const JobDetails* const details = details_.Find(id);
  // A job that was not submitted by an ensemble has no entry to submit again.
  if (job->has_finish || job->settled || details == nullptr || !details->entry) {
    Lose(job);
    return false;
  }
  Retry retry{retries_.NextNumber(), now(), id, job->group, *details};
  const Within within(*this, *job);
  ChangeMask changed;
  Uncount(*job, changed);
  Changed(job->group, changed);
  rules_.OnLost(*job);
  details_.Erase(id);
  jobs_.Erase(job);
  retries_due_.push_back(std::move(retry));
  return true;
}

}  // namespace flux_ensemble::engine
