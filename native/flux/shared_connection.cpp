#include "flux/shared_connection.h"

#include <poll.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "journal/context_members.h"
#include "journal/event_filter.h"

namespace flux_ensemble::flux {

namespace {

// Milliseconds to wait for the answer of the job manager.
constexpr int kOpenPatience = 30'000;

}  // namespace

SharedConnection::SharedConnection(std::shared_ptr<Hub> hub, std::shared_ptr<HubInbox> inbox)
    : hub_(std::move(hub)), inbox_(std::move(inbox)), instance_(hub_->instance()) {
  hub_->Post(inbox_, Hub::Enter{});
}

SharedConnection::~SharedConnection() {
  hub_->Post(inbox_, Hub::Leave{});
}

void SharedConnection::CountInactiveJobs() {
  Call(0, "job-manager.stats-get", "{}", FLUX_SOURCE_ANY_RANK);
  pollfd polled{inbox_->fd(), POLLIN, 0};
  if (poll(&polled, 1, kOpenPatience) <= 0) return;
  inbox_->Take(1, messages_);
  if (messages_.empty()) return;
  if (messages_[0].kind != HubMessage::Kind::kAnswer) {
    // The connection is lost, which Pump() reports.
    return inbox_->Put(std::move(messages_[0]));
  }
  const auto members = journal::MembersOf(*messages_[0].text);
  instance_.inactive_jobs = journal::IntegerOf(members, "inactive_jobs").value_or(0);
}

int SharedConnection::Pump(const FluxListener& listener, int limit) {
  const bool more = inbox_->Take(static_cast<std::size_t>(limit), messages_);
  for (const HubMessage& message : messages_) {
    if (message.kind == HubMessage::Kind::kLost) {
      errno = message.errnum;
      return FLUX_PUMP_LOST;
    }
    Deliver(message, listener);
  }
  return more ? FLUX_PUMP_MORE : FLUX_PUMP_DRAINED;
}

int SharedConnection::OpenJournal(std::uint64_t stream, const JournalOptions& options) {
  wishes_[stream] = options.allow;
  hub_->Post(inbox_, Hub::OpenStream{stream, options});
  return 0;
}

int SharedConnection::CloseJournal(std::uint64_t stream) {
  wishes_.erase(stream);
  hub_->Post(inbox_, Hub::CloseStream{stream});
  return 0;
}

int SharedConnection::Call(std::uint64_t request, const char* topic, const char* json,
                           std::uint32_t rank) {
  hub_->Post(inbox_, Hub::Call{request, topic, json, rank});
  return 0;
}

int SharedConnection::Submit(std::uint64_t request, const char* jobspec, int urgency) {
  hub_->Post(inbox_, Hub::Submit{request, jobspec, urgency});
  return 0;
}

void SharedConnection::Deliver(const HubMessage& message, const FluxListener& listener) {
  if (message.kind == HubMessage::Kind::kRecord) return DeliverRecord(message, listener);
  const std::string& text = *message.text;
  if (message.kind == HubMessage::Kind::kAnswer) {
    return listener.answered(listener.context, message.number, message.errnum, text.data(),
                             text.size());
  }
  wishes_.erase(message.number);
  listener.journal_ended(listener.context, message.number, message.errnum, text.c_str());
}

void SharedConnection::DeliverRecord(const HubMessage& message, const FluxListener& listener) {
  std::string_view record = *message.text;
  if (message.wider) {
    const auto wish = wishes_.find(message.number);
    if (wish == wishes_.end()) return;
    if (!journal::KeepEvents(record, wish->second, kept_)) return;
    if (!kept_.empty()) record = kept_;
  }
  listener.journal(listener.context, message.number, record.data(), record.size());
}

}  // namespace flux_ensemble::flux
