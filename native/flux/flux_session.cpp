#include "flux/flux_session.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include "flux/flux_messages.h"
#include "journal/padding.h"

namespace flux_ensemble::flux {

namespace {

using runner::SourceListener;
using namespace std::chrono_literals;

// A stream that ended is requested again at this interval, for this time.
constexpr auto kReopenEvery = 100ms;
constexpr auto kReopenFor = 10s;

}  // namespace

FluxSession::FluxSession(Connector connect, FluxSessionOptions options)
    : connect_(std::move(connect)), options_(std::move(options)) {}

void FluxSession::Open(SourceListener& listener) {
  Connected connected = connect_(options_.uri);
  if (connected.connection == nullptr) {
    return Fail(connected.errnum, CannotConnect(options_.uri, connected.error), listener);
  }
  connection_ = std::move(connected.connection);
  instance_ = connection_->instance();
  if (!instance_.owner) return BeginAsGuest();
  full_ = options_.inactive_jobs > 0 && instance_.inactive_jobs <= options_.inactive_jobs;
  listener.OnOpen(Facts());
  if (options_.await_running) return AwaitRunning(listener);
  OpenJournal(listener);
}

void FluxSession::AwaitRunning(SourceListener& listener) {
  const std::uint64_t request = Remember(RunningRequest{});
  if (connection_->Call(request, "state-machine.wait", "{}", FLUX_SOURCE_ANY_RANK) < 0) {
    Fail(errno, LostConnection(errno), listener);
  }
}

void FluxSession::OnRunning(int errnum, std::string_view text, SourceListener& listener) {
  if (errnum == 0) return OpenJournal(listener);
  Fail(errnum, std::string("the Flux instance does not start: ").append(text), listener);
}

runner::SourceFacts FluxSession::Facts() const {
  const bool another = !options_.instance.empty() && options_.instance != instance_.first_broker;
  return {instance_.broker_rank, instance_.first_broker, another, instance_.inactive_jobs, full_,
          guest_ != nullptr};
}

void FluxSession::OpenJournal(SourceListener& listener) {
  reopen_at_.reset();
  BeginStream(listener);
  if (RequestStream(listener)) stream_ = requested_stream_;
}

void FluxSession::BeginStream(SourceListener& listener) {
  // The look-ups of an earlier stream are requested again after this stream's backlog.
  std::erase_if(requests_, [](const auto& request) {
    return std::holds_alternative<LookupRequest>(request.second);
  });
  lookups_ = 0;
  look_up_again_.clear();
  look_up_at_.reset();
  listener.OnStream();
}

bool FluxSession::RequestStream(SourceListener& listener) {
  if (connection_->OpenJournal(++requested_stream_, {options_.allow, full_}) == 0) return true;
  Fail(errno, LostConnection(errno), listener);
  return false;
}

// The stream that is followed goes on until the wider one has begun, so no event is missed.
bool FluxSession::Widen(std::vector<std::string> allow, SourceListener& listener) {
  options_.allow = std::move(allow);
  if (guest_ != nullptr) guest_->jobs.Allow(options_.allow);
  if (!failed_ && stream_ > 0 && !reopen_at_) RequestStream(listener);
  return true;
}

int FluxSession::fd() const {
  // A lost connection stays readable for ever.
  return connection_ == nullptr || failed_ ? -1 : connection_->fd();
}

std::optional<FluxSession::Clock::time_point> FluxSession::deadline() const {
  if (failed_) return std::nullopt;
  std::optional<Clock::time_point> first = reopen_at_;
  const auto no_later_than = [&first](Clock::time_point time) {
    if (!first || time < *first) first = time;
  };
  if (!requests_.empty()) no_later_than(waiting_since_ + options_.patience);
  if (look_up_at_) no_later_than(*look_up_at_);
  if (const auto time = GuestDeadline()) no_later_than(*time);
  // Jobs wait until the stream is back.
  if (lost_at_) return first;
  for (const Order& order : orders_) {
    if (!order.again.empty()) no_later_than(order.not_before);
  }
  return first;
}

bool FluxSession::Pump(SourceListener& listener) {
  if (failed_ || connection_ == nullptr) return false;
  if (reopen_at_ && Clock::now() >= *reopen_at_) OpenJournal(listener);
  if (failed_) return false;
  if (look_up_at_ && Clock::now() >= *look_up_at_) LookUpAgain();

  struct Context {
    FluxSession* self;
    SourceListener* listener;
  } context{this, &listener};
  const FluxListener messages{
      &context,
      [](void* at, std::uint64_t stream, const char* json, std::size_t size) {
        auto* const to = static_cast<Context*>(at);
        to->self->OnRecord(stream, std::string_view(json, size), *to->listener);
      },
      [](void* at, std::uint64_t stream, int errnum, const char* text) {
        auto* const to = static_cast<Context*>(at);
        to->self->OnJournalEnd(stream, errnum, text, *to->listener);
      },
      [](void* at, std::uint64_t request, int errnum, const char* text, std::size_t size) {
        auto* const to = static_cast<Context*>(at);
        to->self->OnAnswer(request, errnum, std::string_view(text, size), *to->listener);
      },
  };
  const int pumped = connection_->Pump(messages, kPumpLimit);
  if (failed_) return false;
  if (pumped == FLUX_PUMP_LOST) {
    Fail(errno, LostConnection(errno), listener);
    return false;
  }
  if (pumped == FLUX_PUMP_DRAINED) LoseRequests(listener);
  PumpAsGuest(listener);
  Fill(listener);
  return pumped == FLUX_PUMP_MORE && !failed_;
}

void FluxSession::OnRecord(std::uint64_t stream, std::string_view json, SourceListener& listener) {
  if (stream == requested_stream_ && stream != stream_) {
    connection_->CloseJournal(stream_);
    stream_ = stream;
    BeginStream(listener);
  }
  if (stream != stream_) return;
  lost_at_.reset();
  PassRecord(json, listener);
}

void FluxSession::PassRecord(std::string_view json, SourceListener& listener) {
  record_.assign(json);
  record_.append(journal::kPadding, '\0');
  listener.OnJournal(std::string_view(record_).substr(0, json.size()));
}

// A reload of the job manager ends the stream. Until the job manager is back, requests fail with
// ENOSYS.
void FluxSession::OnJournalEnd(std::uint64_t stream, int errnum, const char* text,
                               SourceListener& listener) {
  if (stream != stream_ && stream != requested_stream_) return;
  // The reload ends a wider stream that has not begun, too.
  stream_ = requested_stream_;
  const bool may_come_back = errnum == ENODATA || errnum == ENOSYS;
  const Clock::time_point now = Clock::now();
  if (!lost_at_) lost_at_ = now;
  if (!may_come_back || now - *lost_at_ > kReopenFor) {
    return Fail(errnum, JournalRefused(errnum, text), listener);
  }
  reopen_at_ = now + kReopenEvery;
}

void FluxSession::Fail(int errnum, std::string message, SourceListener& listener) {
  if (failed_) return;
  GiveUp(message, listener);
  listener.OnFailure({ErrorName(errnum), std::move(message)});
}

void FluxSession::Close(SourceListener& listener) {
  if (!failed_) GiveUp("the ensemble has ended", listener);
}

void FluxSession::GiveUp(const std::string& reason, SourceListener& listener) {
  failed_ = true;
  for (OrderIt order = orders_.begin(); order != orders_.end();) {
    const OrderIt current = order++;
    current->report.dropped += current->in_flight;
    current->in_flight = 0;
    Drop(current);
    Settle(current, listener);
  }
  for (ControlIt control = controls_.begin(); control != controls_.end();) {
    const ControlIt current = control++;
    current->report.failed += current->ids.size() - current->next + current->in_flight;
    current->report.reason = reason;
    current->next = current->ids.size();
    current->in_flight = 0;
    Settle(current, listener);
  }
  for (const auto& [number, request] : requests_) {
    if (const auto* ask = std::get_if<AskRequest>(&request)) {
      OnAskAnswer(*ask, ECANCELED, reason, listener);
    }
  }
  requests_.clear();
  if (guest_ == nullptr) return;
  for (const auto& [number, list] : std::exchange(guest_->questions, {})) {
    OnAskAnswer({number}, ECANCELED, reason, listener);
  }
}

// Lost requests are not sent again: Flux may have performed them, which the journal will show.
void FluxSession::LoseRequests(SourceListener& listener) {
  if (requests_.empty() || std::exchange(answered_, false)) {
    waiting_since_ = Clock::now();
    return;
  }
  if (Clock::now() - waiting_since_ < options_.patience) return;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options_.patience).count();
  const std::string reason =
      "Flux did not answer for " + std::to_string(seconds) + " s; it may have done it all the same";
  std::unordered_map<std::uint64_t, Request> lost;
  lost.swap(requests_);
  for (const auto& [number, request] : lost) Answered(request, ECANCELED, reason, listener);
}

std::uint64_t FluxSession::Remember(Request request) {
  if (requests_.empty()) waiting_since_ = Clock::now();
  requests_.emplace(++last_request_, request);
  return last_request_;
}

void FluxSession::OnAnswer(std::uint64_t number, int errnum, std::string_view text,
                           SourceListener& listener) {
  const auto found = requests_.find(number);
  if (found == requests_.end()) return;
  const Request request = found->second;
  requests_.erase(found);
  answered_ = true;
  Answered(request, errnum, text, listener);
}

void FluxSession::Answered(const Request& request, int errnum, std::string_view text,
                           SourceListener& listener) {
  if (const auto* submit = std::get_if<SubmitRequest>(&request)) {
    OnSubmitAnswer(*submit, errnum, text, listener);
  } else if (const auto* control = std::get_if<ControlRequest>(&request)) {
    OnControlAnswer(*control, errnum, text, listener);
  } else if (const auto* ask = std::get_if<AskRequest>(&request)) {
    OnAskAnswer(*ask, errnum, text, listener);
  } else if (const auto* lookup = std::get_if<LookupRequest>(&request)) {
    OnLookupAnswer(*lookup, errnum, text, listener);
  } else if (const auto* eventlog = std::get_if<EventlogRequest>(&request)) {
    OnEventlogAnswer(*eventlog, errnum, text, listener);
  } else if (std::holds_alternative<ListRequest>(request)) {
    OnListAnswer(errnum, text, listener);
  } else {
    OnRunning(errnum, text, listener);
  }
}

}  // namespace flux_ensemble::flux
