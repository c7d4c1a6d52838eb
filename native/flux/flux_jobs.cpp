// The session's requests for jobs: submissions, cancels, urgencies, and look-ups of eventlogs.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <utility>

#include "flux/flux_messages.h"
#include "flux/flux_session.h"
#include "journal/eventlog_record.h"

namespace flux_ensemble::flux {

namespace {

using runner::SourceListener;
using namespace std::chrono_literals;

// Attempts to send a job after a transient refusal. The delays double from the first.
constexpr int kMaxTries = 6;
constexpr auto kFirstRetry = 100ms;
// The most jobspecs that are remembered as valid.
constexpr std::size_t kMaxValidated = 4096;

// The beginning of an object with a job's id.
std::string IdObject(journal::JobId id) {
  return std::string("{\"id\":").append(std::to_string(id));
}

// Requests of a guest in flight: the submission of each holds its jobspec, and takes longer.
constexpr std::uint32_t kGuestWindow = 512;

constexpr int kNoValidate = 8;  // FLUX_JOB_NOVALIDATE: for the instance's owner only

}  // namespace

// --- submissions

void FluxSession::Submit(runner::SubmitOrder what, SourceListener& listener) {
  Order order;
  order.report.number = what.number;
  const engine::Jobspec& jobspec = *what.portion.jobspec;
  order.jobspec_hash = std::hash<std::string_view>{}(jobspec.head) * 31 +
                       std::hash<std::string_view>{}(jobspec.tail);
  ordered_ += what.portion.count;
  order.what = std::move(what);
  orders_.push_back(std::move(order));
  const OrderIt added = std::prev(orders_.end());
  if (failed_ || stopped_ || connection_ == nullptr) {
    Drop(added);
    return Settle(added, listener);
  }
  Fill(listener);
}

// Cancels and urgencies go first: they must not wait until a large order has been sent.
void FluxSession::Fill(SourceListener& listener) {
  if (failed_) return;
  for (ControlIt control = controls_.begin(); control != controls_.end();) {
    const ControlIt current = control++;
    if (!FillControl(current, listener)) return;
    Settle(current, listener);
  }
  // A job that began and ended while the stream is lost would be missed.
  if (lost_at_) return;
  for (OrderIt order = orders_.begin(); order != orders_.end();) {
    const OrderIt current = order++;
    if (!FillOrder(current, listener)) return;
    // All jobs of the order may have been refused without being sent.
    Settle(current, listener);
  }
}

// Lists and eventlogs of a guest have bounds of their own.
bool FluxSession::IsFull() const {
  if (guest_ == nullptr) return requests_.size() >= options_.window;
  const std::size_t others = guest_->eventlogs + (guest_->list_at ? 0 : 1);
  return requests_.size() - others >= std::min(options_.window, kGuestWindow);
}

// False when the window is full or the connection is lost.
bool FluxSession::FillOrder(OrderIt order, SourceListener& listener) {
  if (!order->again.empty() && Clock::now() >= order->not_before) {
    while (!order->again.empty()) {
      if (IsFull()) return false;
      const std::uint64_t index = order->again.back();
      order->again.pop_back();
      if (!SendJob(order, index, listener)) return false;
    }
  }
  const bool known = validated_.contains(order->jobspec_hash);
  // New jobs wait while others have to be sent again.
  while (order->next < order->what.portion.count && !order->trial && order->again.empty()) {
    if (IsFull()) return false;
    const bool tries = guest_ != nullptr || options_.validate_once;
    if (tries && !known) order->trial = order->what.portion.count > 1;
    if (!SendJob(order, order->next++, listener)) return false;
  }
  return true;
}

bool FluxSession::SendJob(OrderIt order, std::uint64_t index, SourceListener& listener) {
  const int urgency = order->what.portion.urgency;
  WriteJobspec(order->what, index, text_);
  const bool known =
      options_.validate_once && instance_.owner && validated_.contains(order->jobspec_hash);
  const std::uint64_t request = Remember(SubmitRequest{order, index});
  ++order->in_flight;
  const bool was_trial = order->trial;
  int sent = 0;
  if (guest_ != nullptr) {
    sent = connection_->Submit(request, text_.c_str(), urgency);
  } else {
    WriteSubmitRequest(instance_.userid, text_, urgency, known ? kNoValidate : 0, request_);
    sent = connection_->Call(request, "job-ingest.submit", request_.c_str(), FLUX_SOURCE_ANY_RANK);
  }
  if (sent == 0) return true;
  const int errnum = errno;
  requests_.erase(request);
  if (IsLost(errnum)) {
    Fail(errnum, LostConnection(errnum), listener);
    return false;
  }
  --order->in_flight;
  order->trial = false;
  Refuse(order, 1, std::strerror(errnum));
  if (was_trial) Drop(order);
  return true;
}

void FluxSession::OnSubmitAnswer(const SubmitRequest& request, int errnum, std::string_view text,
                                 SourceListener& listener) {
  const OrderIt order = request.order;
  --order->in_flight;
  const bool was_trial = order->trial;
  order->trial = false;
  if (errnum == 0) {
    if (guest_ != nullptr) {
      const std::optional<journal::JobId> id = journal::ReadJobId(text);
      // Without its id, the list shows the job, as it shows jobs of others.
      if (id) guest_->jobs.Accepted(*id, order->what, request.index);
      ListSoon();
    }
    ++order->report.accepted;
    ++accepted_;
    --ordered_;
    order->tries = 0;
    if (validated_.size() >= kMaxValidated) validated_.clear();
    validated_.insert(order->jobspec_hash);
  } else if (IsTransient(errnum) && order->tries < kMaxTries && !stopped_) {
    const Clock::time_point now = Clock::now();
    if (order->again.empty() || now >= order->not_before) {
      order->not_before = now + kFirstRetry * (1 << order->tries++);
    }
    order->again.push_back(request.index);
  } else {
    Refuse(order, 1, guest_ && errnum == EPERM ? SubmissionRefused(text) : std::string(text));
    // The other jobs differ only in their number and would be refused for the same reason.
    if (was_trial) Drop(order);
  }
  Settle(order, listener);
}

void FluxSession::Refuse(OrderIt order, std::uint64_t jobs, std::string_view reason) {
  order->report.refused += jobs;
  ordered_ -= jobs;
  if (order->report.reason.empty()) order->report.reason = reason;
}

// Drops the jobs that were not sent.
void FluxSession::Drop(OrderIt order) {
  order->report.dropped += order->what.portion.count - order->next + order->again.size();
  order->next = order->what.portion.count;
  order->again.clear();
}

void FluxSession::Settle(OrderIt order, SourceListener& listener) {
  const bool done =
      order->next == order->what.portion.count && order->in_flight == 0 && order->again.empty();
  if (!done) return;
  ordered_ -= std::min(ordered_, order->report.dropped);
  runner::SubmitReport report = std::move(order->report);
  orders_.erase(order);
  listener.OnSubmitted(std::move(report));
}

void FluxSession::StopSubmitting(SourceListener& listener) {
  stopped_ = true;
  for (OrderIt order = orders_.begin(); order != orders_.end();) {
    const OrderIt current = order++;
    Drop(current);
    Settle(current, listener);
  }
}

// --- cancels and urgencies

void FluxSession::Cancel(std::uint64_t number, std::vector<journal::JobId> ids, std::string note,
                         SourceListener& listener) {
  AddControl(
      number, std::move(ids), "job-manager.raise",
      std::string(",\"type\":\"cancel\",\"severity\":0,\"note\":").append(Quote(note)).append("}"),
      listener);
}

void FluxSession::SetUrgency(std::uint64_t number, std::vector<journal::JobId> ids, int urgency,
                             SourceListener& listener) {
  std::string refusal;
  if (guest_ != nullptr && urgency > kMaxGuestUrgency) {
    refusal = "a guest of a Flux instance may set an urgency of " +
              std::to_string(kMaxGuestUrgency) + " at most, not " + std::to_string(urgency);
  }
  AddControl(number, std::move(ids), "job-manager.urgency",
             std::string(",\"urgency\":").append(std::to_string(urgency)).append("}"), listener,
             std::move(refusal));
}

void FluxSession::AddControl(std::uint64_t number, std::vector<journal::JobId> ids,
                             std::string topic, std::string body, SourceListener& listener,
                             std::string refusal) {
  Control control;
  control.report.number = number;
  control.topic = std::move(topic);
  control.body = std::move(body);
  control.ids = std::move(ids);
  if (failed_ || connection_ == nullptr) refusal = "the connection to Flux is lost";
  if (!refusal.empty()) {
    control.report.failed = control.ids.size();
    control.report.reason = refusal;
    control.next = control.ids.size();
  }
  controls_.push_back(std::move(control));
  const ControlIt added = std::prev(controls_.end());
  if (!refusal.empty()) return Settle(added, listener);
  Fill(listener);
}

bool FluxSession::FillControl(ControlIt control, SourceListener& listener) {
  while (control->next < control->ids.size()) {
    if (IsFull()) return false;
    text_ = IdObject(control->ids[control->next++]).append(control->body);
    const std::uint64_t request = Remember(ControlRequest{control});
    ++control->in_flight;
    if (connection_->Call(request, control->topic.c_str(), text_.c_str(), FLUX_SOURCE_ANY_RANK) ==
        0)
      continue;
    const int errnum = errno;
    requests_.erase(request);
    if (IsLost(errnum)) {
      Fail(errnum, LostConnection(errnum), listener);
      return false;
    }
    --control->in_flight;
    ++control->report.failed;
    control->report.reason = std::strerror(errnum);
  }
  return true;
}

void FluxSession::OnControlAnswer(const ControlRequest& request, int errnum, std::string_view text,
                                  SourceListener& listener) {
  runner::ControlReport& report = request.control->report;
  --request.control->in_flight;
  ListSoon();
  if (errnum == 0) {
    ++report.done;
  } else if (!IsInactive(errnum)) {
    ++report.failed;
    if (report.reason.empty()) report.reason = text;
  }
  Settle(request.control, listener);
}

void FluxSession::Settle(ControlIt control, SourceListener& listener) {
  if (control->next < control->ids.size() || control->in_flight > 0) return;
  runner::ControlReport report = std::move(control->report);
  controls_.erase(control);
  listener.OnControlled(std::move(report));
}

// --- questions

void FluxSession::Ask(std::uint64_t number, runner::Question question, SourceListener& listener) {
  const AskRequest ask{number};
  if (failed_ || connection_ == nullptr) {
    return OnAskAnswer(ask, ENOTCONN, "the connection to Flux is lost", listener);
  }
  if (guest_ != nullptr && question.topic == kGuestListTopic) {
    // A list that is requested already may not have the newest jobs.
    guest_->questions.emplace_back(number, guest_->lists + 1);
    if (guest_->list_at) guest_->list_at = Clock::now();
    return;
  }
  const std::uint64_t request = Remember(ask);
  const std::uint32_t rank = question.rank.value_or(FLUX_SOURCE_ANY_RANK);
  const char* const json = question.json.c_str();
  const int sent = guest_ != nullptr && question.topic == kGuestSubmitTopic
                       ? connection_->Submit(request, json, kMaxGuestUrgency)
                       : connection_->Call(request, question.topic.c_str(), json, rank);
  if (sent == 0) return;
  const int errnum = errno;
  requests_.erase(request);
  OnAskAnswer(ask, errnum, std::strerror(errnum), listener);
}

void FluxSession::OnAskAnswer(const AskRequest& request, int errnum, std::string_view text,
                              SourceListener& listener) {
  if (errnum == 0) return listener.OnAsked(request.number, text);
  listener.OnAskFailed(request.number, {ErrorName(errnum), std::string(text)});
}

// --- jobs that ended while the stream was gone

void FluxSession::LookupEventlog(journal::JobId id) {
  if (failed_ || connection_ == nullptr) return;
  std::string json = IdObject(id);
  json.append(",\"keys\":[\"eventlog\"],\"flags\":0}");
  const std::uint64_t request = Remember(LookupRequest{id});
  if (connection_->Call(request, "job-info.lookup", json.c_str(), FLUX_SOURCE_ANY_RANK) < 0) {
    requests_.erase(request);
    return;
  }
  ++lookups_;
}

void FluxSession::LookUpAgain() {
  look_up_at_.reset();
  std::vector<journal::JobId> ids;
  ids.swap(look_up_again_);
  for (const journal::JobId id : ids) LookupEventlog(id);
}

void FluxSession::OnLookupAnswer(const LookupRequest& request, int errnum, std::string_view text,
                                 SourceListener& listener) {
  if (lookups_ > 0) --lookups_;
  if (IsTransient(errnum) || errnum == ECANCELED) {
    look_up_again_.push_back(request.id);
    if (!look_up_at_) look_up_at_ = Clock::now() + kFirstRetry;
    return;
  }
  // Flux has purged a job that it does not know. A record without events makes the engine drop it.
  PassRecord(errnum == 0 ? journal::RecordOfLookup(request.id, text)
                         : IdObject(request.id).append(",\"events\":[]}"),
             listener);
}

}  // namespace flux_ensemble::flux
