#include "runner/source_driver.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace flux_ensemble::runner {

namespace {

using log::EntryKind;

// Delay between two looks for messages of a backlog.
constexpr std::chrono::microseconds kBacklogDelay{1000};

// With this many active jobs, messages come all the time, so they are batched. Two milliseconds are
// less than a job takes from its submission to its start. Without the delay, each look finds one
// message and costs more than it saves.
constexpr std::size_t kBatchingThreshold = 64;
constexpr std::chrono::microseconds kBatchingDelay{2000};

// These bits mark the orders of firings and of retries. Other orders come from commands.
constexpr std::uint64_t kOfFiring = std::uint64_t{1} << 63;
constexpr std::uint64_t kOfRetry = std::uint64_t{1} << 62;

// Time to wait for the refusal of a submitted job. Flux sends the submit and the refusal at once.
constexpr std::chrono::milliseconds kRefusalPatience{50};

}  // namespace

std::optional<SourceDriver::Clock::time_point> SourceDriver::deadline() const {
  if (source_ == nullptr) return std::nullopt;
  const std::optional<Clock::time_point> deadline = source_->deadline();
  if (!unvalidated_) return deadline;
  return deadline ? std::min(*deadline, refusal_deadline_) : refusal_deadline_;
}

// The first message after a pause is never delayed.
std::optional<SourceDriver::Clock::duration> SourceDriver::TakeBatchingDelay() {
  if (!std::exchange(received_, false) || source_ == nullptr) return std::nullopt;
  if (engine_.in_backlog()) return kBacklogDelay;
  if (engine_.active_jobs() >= kBatchingThreshold) return kBatchingDelay;
  return std::nullopt;
}

bool SourceDriver::Pump() {
  if (source_ == nullptr) return false;
  const bool more = source_->Pump(*this);
  for (const journal::JobId id : engine_.missing_jobs()) source_->LookupEventlog(id);
  engine_.missing_jobs().clear();
  if (!done_.empty()) LogDone();
  AwaitRefusal();
  Leave();
  UpdateIdle();
  return more;
}

// A submit counts when the source has sent nothing after it for a while.
void SourceDriver::AwaitRefusal() {
  const std::optional<journal::JobId> job = engine_.unvalidated_job();
  if (job != unvalidated_) {
    unvalidated_ = job;
    refusal_deadline_ = Clock::now() + kRefusalPatience;
  } else if (job && Clock::now() >= refusal_deadline_) {
    unvalidated_.reset();
    engine_.Settle();
    SubmitFirings();
  }
}

// Reports once when the last active job has ended: only the driver knows that the run may be over.
void SourceDriver::UpdateIdle() {
  const bool idle = engine_.active_jobs() == 0 && engine_.retrying() == 0 && submitting() == 0;
  if (idle && !idle_) outbox_.quiet = true;
  idle_ = idle;
}

std::uint64_t SourceDriver::in_journal() const {
  const std::uint64_t own = engine_.totals().own_jobs;
  return own > own_before_ ? own - own_before_ : 0;
}

std::uint64_t SourceDriver::submitting() const {
  const std::uint64_t held = queue_.held();
  if (source_ == nullptr) return held;
  const std::uint64_t accepted = source_->accepted();
  const std::uint64_t in_journal = this->in_journal();
  return held + source_->submitting() + (accepted > in_journal ? accepted - in_journal : 0);
}

void SourceDriver::Restore(Restoration& restoration) {
  restoration_ = &restoration;
  log_.GiveTo(&restoration);
}

void SourceDriver::Reconciled() {
  restoration_ = nullptr;
  log_.GiveTo(nullptr);
  own_before_ = engine_.totals().own_jobs;
  engine_.IgnoreEnded({});
  if (source_ != nullptr) source_->ShowActiveOnly();
}

void SourceDriver::Done(std::uint64_t firing) {
  done_.emplace_back(source_ == nullptr ? 0 : source_->accepted(), firing);
  LogDone();
}

// A job that was accepted and is not in the journal yet would be missing in a restored run.
void SourceDriver::LogDone() {
  while (!done_.empty() && (source_ == nullptr || done_.front().first <= in_journal())) {
    log_.Number(EntryKind::kDone, done_.front().second);
    done_.pop_front();
  }
}

void SourceDriver::SubmitFirings() {
  if (source_ == nullptr || opening_) return;
  std::vector<engine::Firing>& firings = engine_.firings();
  for (; seen_firings_ < firings.size(); ++seen_firings_) {
    engine::Firing& firing = firings[seen_firings_];
    const std::vector<engine::SubmitPortion>& portions = engine_.rule(firing.rule).submit;
    if (portions.empty() || firing.resolved || paused_ || restoration_ != nullptr) continue;
    if (!log_.Commit()) continue;
    firing.submitting = true;
    // The last report removes the entry, and reports may come before Submit returns.
    PendingSubmission& pending = pending_[firing.number];
    pending.orders = portions.size();
    pending.report.number = firing.number;
    const std::uint64_t number = firing.number;
    const std::uint32_t rule = firing.rule;
    std::uint64_t first_index = 0;
    for (const engine::SubmitPortion& portion : portions) {
      Send({kOfFiring | number, portion, rule, number, 0, first_index});
      first_index += portion.count;
    }
  }
}

void SourceDriver::SubmitRetries() {
  std::vector<engine::Retry>& retries = engine_.retries_due();
  for (; seen_retries_ < retries.size(); ++seen_retries_) {
    engine::Retry& retry = retries[seen_retries_];
    const engine::JobDetails& details = retry.details;
    const engine::RetryPolicy* const policy = engine_.retry_policy(retry.group);
    if (source_ == nullptr || opening_ || restoration_ != nullptr || policy == nullptr ||
        details.filled_in || *details.entry >= policy->entries.size()) {
      continue;
    }
    if (!log_.Commit()) continue;
    retry.submitting = true;
    engine::SubmitPortion portion = policy->entries[*details.entry];
    portion.count = 1;
    Send({kOfRetry | retry.number, std::move(portion), details.rule, details.firing, details.part,
          details.index, details.attempt});
  }
}

void SourceDriver::Send(SubmitOrder order) {
  if (queue_.has_limits() && order.portion.count > 0) {
    queue_.Add(std::move(order));
  } else {
    source_->Submit(std::move(order), *this);
  }
}

void SourceDriver::Leave() {
  if (queue_.is_busy()) Deal(queue_.Leave());
}

void SourceDriver::Deal(SubmissionQueue::Leaving leaving) {
  if (!leaving.orders.empty() || !leaving.admitted.empty()) log_.Commit();
  for (SubmitOrder& order : leaving.orders) {
    if (source_ != nullptr) source_->Submit(std::move(order), *this);
  }
  for (const auto& [request, count] : leaving.admitted) Reply(request, static_cast<double>(count));
  for (SubmitReport& report : leaving.reports) OnSubmitted(std::move(report));
}

std::uint64_t SourceDriver::DropGroup(const engine::GroupPart& part) {
  SubmissionQueue::Leaving dropped;
  std::uint64_t count = queue_.DropGroup(part, dropped);
  Deal(std::move(dropped));
  if (source_ != nullptr) count += source_->DropGroup(part, *this);
  Leave();
  return count;
}

void SourceDriver::StopSubmitting() {
  Deal(queue_.DropAll());
  Leave();
  if (source_ != nullptr) source_->StopSubmitting(*this);
}

void SourceDriver::Open(std::uint64_t number, OpenSourceCommand& command) {
  source_ = std::move(command.source);
  engine_.LookForCancels();
  log_.Plain(EntryKind::kLookForCancels);
  wanted_ = command.wanted;
  tap_ = command.tap;
  // The backlog of a restored run shows jobs that the engine knows, as after a loss of the stream.
  streamed_ = restoration_ != nullptr;
  if (restoration_ != nullptr) engine_.IgnoreEnded(restoration_->TakeJobs());
  opening_ = number;
  source_->Open(*this);
}

void SourceDriver::Close() {
  if (source_ != nullptr) source_->Close(*this);
  source_.reset();
}

bool SourceDriver::CheckOpen(std::uint64_t number) {
  if (source_ == nullptr) Reply(number, SourceFailure{"ENOTCONN", "no source is open"});
  return source_ != nullptr;
}

void SourceDriver::Submit(std::uint64_t number, SubmitCommand& command) {
  if (!CheckOpen(number)) return;
  command.order.number = number;
  Send(std::move(command.order));
}

void SourceDriver::Cancel(std::uint64_t number, CancelCommand& command) {
  if (!CheckOpen(number)) return;
  engine_.ExpectCancel(command.note);
  log_.Text(EntryKind::kExpectCancel, command.note);
  log_.Commit();
  source_->Cancel(number, std::move(command.ids), std::move(command.note), *this);
}

void SourceDriver::SetUrgency(std::uint64_t number, UrgencyCommand& command) {
  if (!CheckOpen(number)) return;
  source_->SetUrgency(number, std::move(command.ids), command.urgency, *this);
}

void SourceDriver::Ask(std::uint64_t number, AskCommand& command) {
  if (!CheckOpen(number)) return;
  source_->Ask(number, std::move(command.question), *this);
}

void SourceDriver::Widen(std::uint64_t number, WidenCommand& command) {
  if (!CheckOpen(number)) return;
  // The stream may begin again at once.
  const std::uint64_t before = std::exchange(wanted_, command.wanted);
  if (source_->Widen(std::move(command.allow), *this)) return Reply(number, 1.0);
  wanted_ = before;
  Reply(number, SourceFailure{"ENOTSUP", "the stream of events can't be widened"});
}

void SourceDriver::OnOpen(SourceFacts facts) {
  if (restoration_ != nullptr && facts.another) {
    engine_.KeepUnknown(true);
    log_.Plain(EntryKind::kKeepUnknown);
  }
  if (opening_) Reply(*opening_, std::move(facts));
  opening_.reset();
}

void SourceDriver::OnStream() {
  if (streamed_) {
    engine_.ResumeStream(wanted_);
    log_.Number(EntryKind::kResumeStream, wanted_);
  } else {
    engine_.BeginStream(wanted_);
    log_.Number(EntryKind::kBeginStream, wanted_);
  }
  streamed_ = true;
}

void SourceDriver::OnJournal(std::string_view record) {
  received_ = true;
  if (tap_) outbox_.records.append(record).push_back('\n');
  engine_.IngestRecord(record);
  if (!engine_.firings().empty()) SubmitFirings();
}

void SourceDriver::OnSubmitted(SubmitReport report) {
  if ((report.number & kOfQueue) != 0) {
    std::optional<SubmitReport> whole = queue_.OnSubmitted(report);
    if (whole) OnSubmitted(std::move(*whole));
    return;
  }
  if ((report.number & kOfRetry) != 0) {
    report.number &= ~kOfRetry;
    report.of_retry = true;
    outbox_.submissions.push_back(std::move(report));
    return;
  }
  if ((report.number & kOfFiring) == 0) return Reply(report.number, std::move(report));
  const auto pending = pending_.find(report.number & ~kOfFiring);
  if (pending == pending_.end()) return;
  pending->second.report.Add(report);
  if (--pending->second.orders > 0) return;
  // A process that goes on with the run submits what was dropped for another reason.
  const SubmitReport& whole = pending->second.report;
  if (whole.dropped == whole.canceled) Done(pending->first);
  outbox_.submissions.push_back(std::move(pending->second.report));
  pending_.erase(pending);
}

void SourceDriver::OnControlled(ControlReport report) {
  Reply(report.number, std::move(report));
}

void SourceDriver::OnAsked(std::uint64_t number, std::string_view json) {
  Reply(number, std::string(json));
}

void SourceDriver::OnAskFailed(std::uint64_t number, SourceFailure failure) {
  Reply(number, std::move(failure));
}

void SourceDriver::OnFailure(SourceFailure failure) {
  if (opening_) {
    Reply(*opening_, std::move(failure));
    opening_.reset();
  } else {
    outbox_.failure = std::move(failure);
  }
}

void SourceDriver::Reply(std::uint64_t number, AnswerBody body) {
  outbox_.answers.push_back({number, std::move(body)});
}

}  // namespace flux_ensemble::runner
