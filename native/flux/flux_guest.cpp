// The session of a guest: lists and eventlogs replace the stream of the journal.
#include <algorithm>
#include <cerrno>
#include <utility>

#include "flux/flux_messages.h"
#include "flux/flux_session.h"

namespace flux_ensemble::flux {

namespace {

using runner::SourceListener;
using namespace std::chrono_literals;

// The time between two lists: the shorter one after progress.
constexpr FluxSession::Clock::duration kMinInterval = 250ms;
constexpr FluxSession::Clock::duration kMaxInterval = 2s;
// After a slow list, the pause is this many times as long as the list took.
constexpr int kPause = 4;
// Eventlogs that are requested at the same time.
constexpr std::size_t kMaxEventlogs = 64;

}  // namespace

void FluxSession::BeginAsGuest() {
  full_ = options_.inactive_jobs > 0;
  guest_ = std::make_unique<Guest>(
      GuestJobsOptions{instance_.userid, options_.allow, full_, options_.begun});
  guest_->interval = kMinInterval;
  guest_->list_at = Clock::now();
}

std::optional<FluxSession::Clock::time_point> FluxSession::GuestDeadline() const {
  if (guest_ == nullptr) return std::nullopt;
  std::optional<Clock::time_point> first = guest_->list_at;
  const auto lookup = guest_->jobs.next_lookup();
  if (lookup && guest_->eventlogs < kMaxEventlogs)
    first = first ? std::min(*first, *lookup) : lookup;
  return first;
}

void FluxSession::PumpAsGuest(SourceListener& listener) {
  if (guest_ == nullptr || failed_) return;
  if (guest_->list_at && Clock::now() >= *guest_->list_at) RequestList(listener);
  if (!failed_) RequestEventlogs(listener);
  if (!failed_) AnswerGuest(listener);
}

void FluxSession::RequestList(SourceListener& listener) {
  guest_->list_at.reset();
  guest_->listed_at = Clock::now();
  if (guest_->step == GuestStep::kLastEnded) {
    text_ = guest_->jobs.LastEndedRequest();
  } else {
    ++guest_->lists;
    text_ = guest_->jobs.ListRequest(guest_->listed_at);
  }
  const std::uint64_t request = Remember(ListRequest{});
  if (connection_->Call(request, "job-list.list", text_.c_str(), FLUX_SOURCE_ANY_RANK) == 0) {
    return;
  }
  const int errnum = errno;
  requests_.erase(request);
  Fail(errnum, LostConnection(errnum), listener);
}

void FluxSession::OnListAnswer(int errnum, std::string_view text, SourceListener& listener) {
  const Clock::time_point now = Clock::now();
  if (errnum == 0) {
    if (guest_->step == GuestStep::kLastEnded) {
      if (guest_->jobs.TakeLastEnded(text)) {
        guest_->step = GuestStep::kFirstList;
        guest_->list_at = now;
        return lost_at_.reset();
      }
    } else {
      GuestJobs::Records records;
      if (guest_->jobs.TakeList(text, now, records)) {
        OnGuestList(now, listener);
        return Show(records, listener);
      }
    }
    errnum = EPROTO;
    text = "the answer is not a list of jobs";
  }
  if (!lost_at_) lost_at_ = now;
  const bool may_come_back = IsTransient(errnum) || errnum == ECANCELED;
  if (!may_come_back || now - *lost_at_ > options_.patience) {
    return Fail(errnum, ListRefused(errnum, text), listener);
  }
  guest_->list_at = now + kMinInterval;
  for (auto& [number, list] : guest_->questions) list = guest_->lists + 1;
}

void FluxSession::OnGuestList(Clock::time_point now, SourceListener& listener) {
  lost_at_.reset();
  if (guest_->step == GuestStep::kFirstList) {
    guest_->step = GuestStep::kBacklog;
    listener.OnOpen(Facts());
    listener.OnStream();
  }
  Clock::duration& interval = guest_->interval;
  const bool quiet = guest_->jobs.active() == 0 && orders_.empty();
  if (quiet) {
    interval = kMaxInterval;
  } else if (guest_->jobs.progressed()) {
    interval = std::max(kMinInterval, interval / 2);
  } else {
    interval = std::min(kMaxInterval, interval * 3 / 2);
  }
  guest_->list_at = now + std::max(interval, kPause * (now - guest_->listed_at));
  const bool asked = std::ranges::any_of(
      guest_->questions, [this](const auto& question) { return question.second > guest_->lists; });
  if (asked) guest_->list_at = now;
}

// Jobs change now.
void FluxSession::ListSoon() {
  if (guest_ == nullptr) return;
  guest_->interval = kMinInterval;
  if (guest_->list_at) guest_->list_at = std::min(*guest_->list_at, Clock::now() + kMinInterval);
}

void FluxSession::RequestEventlogs(SourceListener& listener) {
  while (guest_->eventlogs < kMaxEventlogs) {
    const std::optional<GuestJobs::Lookup> lookup = guest_->jobs.NextLookup(Clock::now());
    if (!lookup) return;
    text_ = "{\"id\":" + std::to_string(lookup->id) + ",\"keys\":[\"eventlog\"" +
            (lookup->jobspec ? ",\"jobspec\"" : "") + "],\"flags\":0}";
    const std::uint64_t request = Remember(EventlogRequest{lookup->id});
    ++guest_->eventlogs;
    if (connection_->Call(request, "job-info.lookup", text_.c_str(), FLUX_SOURCE_ANY_RANK) == 0) {
      continue;
    }
    const int errnum = errno;
    requests_.erase(request);
    return Fail(errnum, LostConnection(errnum), listener);
  }
}

void FluxSession::OnEventlogAnswer(const EventlogRequest& request, int errnum,
                                   std::string_view text, SourceListener& listener) {
  --guest_->eventlogs;
  GuestJobs::Records records;
  guest_->jobs.TakeLookup(request.id, errnum, text, Clock::now(), records);
  Show(records, listener);
}

// The backlog is over when all that the first list has shown is shown. Questions are answered when
// the same is true of their list.
void FluxSession::AnswerGuest(SourceListener& listener) {
  const bool backlog = guest_->step == GuestStep::kBacklog;
  const bool wanted = backlog || !guest_->questions.empty();
  if (!wanted || !guest_->jobs.settled()) return;
  if (backlog) {
    guest_->step = GuestStep::kLive;
    PassRecord(R"({"id":-1,"events":[]})", listener);
  }
  // The last list is not answered yet while no next one is planned.
  const std::uint64_t answered = guest_->list_at ? guest_->lists : guest_->lists - 1;
  std::vector<std::uint64_t> numbers;
  std::erase_if(guest_->questions, [&](const auto& question) {
    if (question.second > answered) return false;
    numbers.push_back(question.first);
    return true;
  });
  for (const std::uint64_t number : numbers) listener.OnAsked(number, "{}");
}

void FluxSession::Show(const GuestJobs::Records& records, SourceListener& listener) {
  for (const std::string& record : records) PassRecord(record, listener);
}

}  // namespace flux_ensemble::flux
