#include "flux/flux_session.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <functional>
#include <utility>

#include "flux/flux_messages.h"
#include "journal/decoder.h"

namespace flux_ensemble::flux {

namespace {

using engine::SourceListener;
using namespace std::chrono_literals;

// Messages taken in one Pump, so that commands and heartbeats get their turn.
constexpr int kPumpLimit = 256;
// How long a stream that ended is asked for anew, and how often.
constexpr auto kReopenEvery = 100ms;
constexpr auto kReopenFor = 10s;
// How often a job that was refused for now is sent again; the waits double from the first.
constexpr int kMaxTries = 6;
constexpr auto kFirstRetry = 100ms;
// Jobspecs remembered as valid.
constexpr std::size_t kMaxValidated = 4096;

// The beginning of an object with a job's id.
std::string IdObject(journal::JobId id) {
  return std::string("{\"id\":").append(std::to_string(id));
}

constexpr int kNoValidate = 8;  // FLUX_JOB_NOVALIDATE: for the instance's owner only

}  // namespace

FluxSession::FluxSession(const FluxSourceApi* api, FluxSessionOptions options)
    : api_(api), options_(std::move(options)), source_(nullptr, Closer{api}) {}

void FluxSession::Open(SourceListener& listener) {
  char error[256] = "";
  const char* const uri = options_.uri.empty() ? nullptr : options_.uri.c_str();
  source_.reset(api_->open(uri, error, sizeof error));
  if (source_ == nullptr) {
    return Fail(errno, CannotConnect(options_.uri, error), listener);
  }
  api_->instance(source_.get(), &instance_);
  listener.OnOpen();
  OpenJournal(listener);
}

void FluxSession::OpenJournal(SourceListener& listener) {
  reopen_at_.reset();
  // What was recalled for an earlier stream will be asked for again after this one's backlog.
  std::erase_if(requests_, [](const auto& request) {
    return std::holds_alternative<RecallRequest>(request.second);
  });
  listener.OnStream();
  const std::string request = JournalRequest(options_.allow, options_.full);
  if (api_->open_journal(source_.get(), request.c_str()) < 0) {
    Fail(errno, LostConnection(errno), listener);
  }
}

int FluxSession::fd() const {
  return source_ == nullptr ? -1 : api_->fd(source_.get());
}

std::optional<FluxSession::Clock::time_point> FluxSession::deadline() const {
  if (failed_) return std::nullopt;
  std::optional<Clock::time_point> first = reopen_at_;
  for (const Order& order : orders_) {
    if (!order.again.empty() && (!first || order.not_before < *first)) first = order.not_before;
  }
  return first;
}

bool FluxSession::Pump(SourceListener& listener) {
  if (failed_ || source_ == nullptr) return false;
  if (reopen_at_ && Clock::now() >= *reopen_at_) OpenJournal(listener);
  if (failed_) return false;

  struct Context {
    FluxSession* self;
    SourceListener* listener;
  } context{this, &listener};
  const FluxListener told{
      &context,
      [](void* at, const char* json, std::size_t size) {
        auto* const to = static_cast<Context*>(at);
        std::string& record = to->self->record_;
        record.assign(json, size);
        record.append(journal::kPadding, '\0');
        to->listener->OnJournal(std::string_view(record).substr(0, size));
      },
      [](void* at, int errnum, const char* text) {
        auto* const to = static_cast<Context*>(at);
        to->self->OnJournalEnd(errnum, text, *to->listener);
      },
      [](void* at, std::uint64_t request, int errnum, const char* text, std::size_t size) {
        auto* const to = static_cast<Context*>(at);
        to->self->OnAnswer(request, errnum, std::string_view(text, size), *to->listener);
      },
  };
  const int pumped = api_->pump(source_.get(), &told, kPumpLimit);
  if (failed_) return false;
  if (pumped == FLUX_PUMP_LOST) {
    Fail(errno, LostConnection(errno), listener);
    return false;
  }
  Fill(listener);
  return pumped == FLUX_PUMP_MORE && !failed_;
}

// A job manager that is reloaded ends the stream and is back a moment later; until it is, it does
// not exist.
void FluxSession::OnJournalEnd(int errnum, const char* text, SourceListener& listener) {
  const bool may_come_back = errnum == ENODATA || errnum == ENOSYS;
  const Clock::time_point now = Clock::now();
  if (errnum == ENODATA) lost_at_ = now;
  if (lost_at_ == Clock::time_point{}) lost_at_ = now;
  if (!may_come_back || now - lost_at_ > kReopenFor) {
    return Fail(errnum, JournalRefused(errnum, text), listener);
  }
  reopen_at_ = now + kReopenEvery;
}

void FluxSession::Fail(int errnum, std::string message, SourceListener& listener) {
  if (failed_) return;
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
    current->report.reason = message;
    current->next = current->ids.size();
    current->in_flight = 0;
    Settle(current, listener);
  }
  requests_.clear();
  listener.OnFailure({ErrorName(errnum), std::move(message)});
}

std::uint64_t FluxSession::Remember(Request request) {
  requests_.emplace(++last_request_, request);
  return last_request_;
}

void FluxSession::OnAnswer(std::uint64_t number, int errnum, std::string_view text,
                           SourceListener& listener) {
  const auto found = requests_.find(number);
  if (found == requests_.end()) return;
  const Request request = found->second;
  requests_.erase(found);
  if (const auto* submit = std::get_if<SubmitRequest>(&request)) {
    OnSubmitAnswer(*submit, errnum, text, listener);
  } else if (const auto* control = std::get_if<ControlRequest>(&request)) {
    OnControlAnswer(*control, errnum, text, listener);
  } else {
    OnRecallAnswer(std::get<RecallRequest>(request), errnum, text, listener);
  }
}

// --- submissions

void FluxSession::Submit(engine::SubmitOrder what, SourceListener& listener) {
  Order order;
  order.report.number = what.number;
  order.jobspec_hash =
      std::hash<std::string_view>{}(what.head) * 31 + std::hash<std::string_view>{}(what.tail);
  ordered_ += what.count;
  order.what = std::move(what);
  orders_.push_back(std::move(order));
  const OrderIt added = std::prev(orders_.end());
  if (failed_ || stopped_ || source_ == nullptr) Drop(added);
  if (added->what.count == 0 || failed_ || stopped_ || source_ == nullptr) {
    return Settle(added, listener);
  }
  Fill(listener);
}

void FluxSession::Fill(SourceListener& listener) {
  for (OrderIt order = orders_.begin(); order != orders_.end();) {
    const OrderIt current = order++;
    if (!FillOrder(current, listener)) return;
  }
  for (ControlIt control = controls_.begin(); control != controls_.end();) {
    const ControlIt current = control++;
    if (!FillControl(current, listener)) return;
  }
}

// False when nothing more can be sent now.
bool FluxSession::FillOrder(OrderIt order, SourceListener& listener) {
  if (!order->again.empty() && Clock::now() >= order->not_before) {
    std::vector<std::uint64_t> again;
    again.swap(order->again);
    for (const std::uint64_t index : again) {
      if (!SendJob(order, index, listener)) return false;
    }
  }
  const bool known = validated_.contains(order->jobspec_hash);
  while (order->next < order->what.count && !order->trial) {
    if (requests_.size() >= options_.window) return false;
    if (options_.validate_once && instance_.owner && !known) {
      order->trial = order->what.count > 1;
    }
    if (!SendJob(order, order->next++, listener)) return false;
  }
  return true;
}

bool FluxSession::SendJob(OrderIt order, std::uint64_t index, SourceListener& listener) {
  const engine::SubmitOrder& what = order->what;
  text_.assign(what.head);
  text_.append("\"rule\":").append(std::to_string(what.rule));
  text_.append(",\"firing\":").append(std::to_string(what.firing));
  text_.append(",\"index\":").append(std::to_string(what.first_index + index));
  text_.append(what.tail);
  const bool known =
      options_.validate_once && instance_.owner && validated_.contains(order->jobspec_hash);
  const std::uint64_t request = Remember(SubmitRequest{order, index});
  ++order->in_flight;
  if (api_->submit(source_.get(), request, text_.c_str(), what.urgency, known ? kNoValidate : 0) ==
      0) {
    return true;
  }
  const int errnum = errno;
  requests_.erase(request);
  --order->in_flight;
  if (IsLost(errnum)) {
    Fail(errnum, LostConnection(errnum), listener);
    return false;
  }
  Refuse(order, 1, std::strerror(errnum));
  return true;
}

void FluxSession::OnSubmitAnswer(const SubmitRequest& request, int errnum, std::string_view text,
                                 SourceListener& listener) {
  const OrderIt order = request.order;
  --order->in_flight;
  const bool was_trial = order->trial;
  order->trial = false;
  if (errnum == 0) {
    ++order->report.accepted;
    ++accepted_;
    --ordered_;
    order->tries = 0;
    if (validated_.size() >= kMaxValidated) validated_.clear();
    validated_.insert(order->jobspec_hash);
  } else if (IsTransient(errnum) && order->tries < kMaxTries && !stopped_) {
    if (order->again.empty()) {
      order->not_before = Clock::now() + kFirstRetry * (1 << order->tries++);
    }
    order->again.push_back(request.index);
  } else {
    Refuse(order, 1, text);
    // The others are the same but for their number, and would be refused for the same reason.
    if (was_trial) Drop(order);
  }
  Settle(order, listener);
}

void FluxSession::Refuse(OrderIt order, std::uint64_t jobs, std::string_view reason) {
  order->report.refused += jobs;
  ordered_ -= jobs;
  if (order->report.reason.empty()) order->report.reason = reason;
}

// What was not sent never will be.
void FluxSession::Drop(OrderIt order) {
  order->report.dropped += order->what.count - order->next + order->again.size();
  order->next = order->what.count;
  order->again.clear();
}

void FluxSession::Settle(OrderIt order, SourceListener& listener) {
  const bool done =
      order->next == order->what.count && order->in_flight == 0 && order->again.empty();
  if (!done) return;
  ordered_ -= std::min(ordered_, order->report.dropped);
  engine::SubmitReport report = std::move(order->report);
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

// --- what is asked of jobs that exist

void FluxSession::Cancel(std::uint64_t number, std::vector<journal::JobId> ids, std::string note,
                         SourceListener& listener) {
  AddControl(
      number, std::move(ids), "job-manager.raise",
      std::string(",\"type\":\"cancel\",\"severity\":0,\"note\":").append(Quote(note)).append("}"),
      listener);
}

void FluxSession::SetUrgency(std::uint64_t number, std::vector<journal::JobId> ids, int urgency,
                             SourceListener& listener) {
  AddControl(number, std::move(ids), "job-manager.urgency",
             std::string(",\"urgency\":").append(std::to_string(urgency)).append("}"), listener);
}

void FluxSession::AddControl(std::uint64_t number, std::vector<journal::JobId> ids,
                             std::string topic, std::string body, SourceListener& listener) {
  Control control;
  control.report.number = number;
  control.topic = std::move(topic);
  control.body = std::move(body);
  control.ids = std::move(ids);
  if (failed_ || source_ == nullptr) {
    control.report.failed = control.ids.size();
    control.report.reason = "the connection to Flux is lost";
    control.next = control.ids.size();
  }
  controls_.push_back(std::move(control));
  const ControlIt added = std::prev(controls_.end());
  if (added->next < added->ids.size()) FillControl(added, listener);
  if (!failed_) Settle(added, listener);
}

bool FluxSession::FillControl(ControlIt control, SourceListener& listener) {
  while (control->next < control->ids.size()) {
    if (requests_.size() >= options_.window) return false;
    text_ = IdObject(control->ids[control->next++]).append(control->body);
    const std::uint64_t request = Remember(ControlRequest{control});
    ++control->in_flight;
    if (api_->call(source_.get(), request, control->topic.c_str(), text_.c_str()) == 0) continue;
    const int errnum = errno;
    requests_.erase(request);
    --control->in_flight;
    if (IsLost(errnum)) {
      Fail(errnum, LostConnection(errnum), listener);
      return false;
    }
    ++control->report.failed;
    control->report.reason = std::strerror(errnum);
  }
  return true;
}

void FluxSession::OnControlAnswer(const ControlRequest& request, int errnum, std::string_view text,
                                  SourceListener& listener) {
  engine::ControlReport& report = request.control->report;
  --request.control->in_flight;
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
  engine::ControlReport report = std::move(control->report);
  controls_.erase(control);
  listener.OnControlled(std::move(report));
}

// --- jobs that ended while the stream was gone

void FluxSession::Recall(journal::JobId id) {
  if (failed_ || source_ == nullptr) return;
  std::string json = IdObject(id);
  json.append(",\"keys\":[\"eventlog\"],\"flags\":0}");
  const std::uint64_t request = Remember(RecallRequest{id});
  if (api_->call(source_.get(), request, "job-info.lookup", json.c_str()) < 0) {
    requests_.erase(request);
  }
}

void FluxSession::OnRecallAnswer(const RecallRequest& request, int errnum, std::string_view text,
                                 SourceListener& listener) {
  // A job that Flux knows no more was purged: the engine is told that it is over.
  record_ = errnum == 0 ? journal::RecordOfLookup(request.id, text)
                        : IdObject(request.id).append(",\"events\":[]}");
  const std::size_t size = record_.size();
  record_.append(journal::kPadding, '\0');
  listener.OnJournal(std::string_view(record_).substr(0, size));
}

}  // namespace flux_ensemble::flux
