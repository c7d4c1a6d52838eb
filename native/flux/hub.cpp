#include "flux/hub.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include "journal/json_walk.h"

namespace flux_ensemble::flux {

namespace {

using namespace std::chrono_literals;

// When messages come one after the other, they are taken together after this time. It is less than
// a job takes from its submission to its start.
constexpr auto kGather = 1ms;
constexpr auto kBusy = 2ms;

bool IsSentinel(std::string_view record) {
  return journal::FindValue(record, "id") == "-1";
}

bool SameEvents(const JournalOptions& one, const JournalOptions& other) {
  return std::ranges::is_permutation(one.allow, other.allow);
}

// Adds the events of another stream. No names stand for all events.
void Widen(JournalOptions& options, const JournalOptions& other) {
  if (options.allow.empty()) return;
  if (other.allow.empty()) return options.allow.clear();
  for (const std::string& name : other.allow) {
    const bool known = std::ranges::find(options.allow, name) != options.allow.end();
    if (!known) options.allow.push_back(name);
  }
}

}  // namespace

void HubInbox::Put(HubMessage message) {
  const std::lock_guard lock(mutex_);
  messages_.push_back(std::move(message));
  if (messages_.size() == 1) ready_.Signal();
}

bool HubInbox::Take(std::size_t limit, std::vector<HubMessage>& messages) {
  const std::lock_guard lock(mutex_);
  const auto count = static_cast<std::ptrdiff_t>(std::min(limit, messages_.size()));
  messages.assign(std::move_iterator(messages_.begin()),
                  std::move_iterator(messages_.begin() + count));
  messages_.erase(messages_.begin(), messages_.begin() + count);
  if (messages_.empty()) ready_.Clear();
  return !messages_.empty();
}

Hub::Hub(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

Hub::~Hub() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.Signal();
  thread_.Join();
}

int Hub::Start() {
  if (wake_.error() != 0) return wake_.error();
  return thread_.Start([this] { Run(); });
}

void Hub::Post(InboxPtr from, Request request) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = posted_.empty();
    posted_.push_back({std::move(from), std::move(request)});
  }
  if (first) wake_.Signal();
}

void Hub::Run() {
  while (TakePosted()) {
    if (!lost_ && Clock::now() >= pump_at_) Pump();
    Wait();
  }
}

bool Hub::TakePosted() {
  std::vector<Posted> posted;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    posted.swap(posted_);
    wake_.Clear();
  }
  for (Posted& one : posted) {
    std::visit([&](auto& request) { Perform(one.from, std::move(request)); }, one.request);
  }
  return true;
}

void Hub::Wait() {
  const Clock::time_point now = Clock::now();
  const bool gathers = pump_at_ > now;
  std::array<pollfd, 2> polled{{{wake_.fd(), POLLIN, 0}, {connection_->fd(), POLLIN, 0}}};
  const nfds_t count = gathers || lost_ ? 1 : 2;
  const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(
      gathers ? pump_at_ - now : Clock::duration::zero());
  const timespec timeout{0, static_cast<long>(left.count())};
  ppoll(polled.data(), count, gathers || (more_ && !lost_) ? &timeout : nullptr, nullptr);
}

void Hub::Pump() {
  const FluxListener listener{
      this,
      [](void* at, std::uint64_t stream, const char* json, std::size_t size) {
        static_cast<Hub*>(at)->OnRecord(stream, std::string_view(json, size));
      },
      [](void* at, std::uint64_t stream, int errnum, const char* text) {
        static_cast<Hub*>(at)->OnStreamEnd(stream, errnum, text);
      },
      [](void* at, std::uint64_t request, int errnum, const char* text, std::size_t size) {
        static_cast<Hub*>(at)->OnAnswer(request, errnum, std::string_view(text, size));
      },
  };
  received_ = false;
  const int pumped = connection_->Pump(listener, kPumpLimit);
  if (pumped == FLUX_PUMP_LOST) return Lose(errno);
  more_ = pumped == FLUX_PUMP_MORE;
  if (!received_) return;
  const Clock::time_point now = Clock::now();
  if (!more_ && now - pumped_ < kBusy) pump_at_ = now + kGather;
  pumped_ = now;
}

void Hub::Lose(int errnum) {
  lost_ = true;
  for (const InboxPtr& inbox : inboxes_)
    inbox->Put({HubMessage::Kind::kLost, 0, errnum, false, {}});
}

void Hub::Perform(const InboxPtr& from, Enter) {
  inboxes_.push_back(from);
  if (lost_) from->Put({HubMessage::Kind::kLost, 0, ECONNRESET, false, {}});
}

void Hub::Perform(const InboxPtr& from, Leave) {
  const auto of_session = [&from](const auto& one) { return one.inbox == from; };
  std::erase(inboxes_, from);
  std::erase_if(joining_, of_session);
  if (stream_) std::erase_if(stream_->followers, of_session);
  if (next_) std::erase_if(next_->followers, of_session);
}

void Hub::Perform(const InboxPtr& from, OpenStream request) {
  joining_.push_back({from, request.stream, std::move(request.options)});
  OpenNext();
}

void Hub::Perform(const InboxPtr& from, CloseStream request) {
  const auto is_meant = [&](const Follower& follower) {
    return follower.inbox == from && follower.number == request.stream;
  };
  std::erase_if(joining_, is_meant);
  if (stream_) std::erase_if(stream_->followers, is_meant);
  if (next_) std::erase_if(next_->followers, is_meant);
}

void Hub::Perform(const InboxPtr& from, Call request) {
  if (lost_) return;
  const std::uint64_t number = Remember(from, request.request);
  const int sent =
      connection_->Call(number, request.topic.c_str(), request.json.c_str(), request.rank);
  if (sent < 0) OnAnswer(number, errno, std::strerror(errno));
}

void Hub::Perform(const InboxPtr& from, Submit request) {
  if (lost_) return;
  const std::uint64_t number = Remember(from, request.request);
  if (connection_->Submit(number, request.jobspec.c_str(), request.urgency) < 0) {
    OnAnswer(number, errno, std::strerror(errno));
  }
}

std::uint64_t Hub::Remember(const InboxPtr& inbox, std::uint64_t request) {
  calls_.emplace(++last_number_, Caller{inbox, request});
  return last_number_;
}

void Hub::OnAnswer(std::uint64_t number, int errnum, std::string_view text) {
  const auto found = calls_.find(number);
  if (found == calls_.end()) return;
  const Caller caller = std::move(found->second);
  calls_.erase(found);
  caller.inbox->Put({HubMessage::Kind::kAnswer, caller.request, errnum, false,
                     std::make_shared<const std::string>(text)});
}

// Opens a stream for the sessions that wait for one, unless another stream sends its backlog.
void Hub::OpenNext() {
  if (lost_ || next_ || joining_.empty()) return;
  // The backlogs of sessions with inactive jobs are others.
  const bool full = joining_.front().wish.full;
  std::vector<Follower> joining;
  std::vector<Follower> others;
  for (Follower& follower : joining_) {
    (follower.wish.full == full ? joining : others).push_back(std::move(follower));
  }
  joining_ = std::move(others);
  Stream stream{++last_number_, joining.front().wish, false, {}};
  for (const Follower& follower : joining) Widen(stream.options, follower.wish);
  if (stream_) Widen(stream.options, stream_->options);
  if (connection_->OpenJournal(stream.number, stream.options) < 0) return Lose(errno);
  for (Follower& follower : joining) Join(stream, std::move(follower));
  next_ = std::move(stream);
}

void Hub::Join(Stream& stream, Follower follower) {
  follower.narrow = !SameEvents(follower.wish, stream.options);
  stream.followers.push_back(std::move(follower));
}

void Hub::OnRecord(std::uint64_t number, std::string_view json) {
  received_ = true;
  const bool of_next = next_ && next_->number == number;
  if (!of_next && (!stream_ || stream_->number != number)) return;
  const auto text = std::make_shared<const std::string>(json);
  for (const Follower& follower : (of_next ? next_ : stream_)->followers) {
    follower.inbox->Put({HubMessage::Kind::kRecord, follower.number, 0, follower.narrow, text});
  }
  if (of_next && IsSentinel(json)) OnBegun();
}

// The backlog of the next stream is over.
void Hub::OnBegun() {
  next_->begun = true;
  if (stream_) {
    connection_->CloseJournal(stream_->number);
    return;
  }
  stream_ = std::exchange(next_, std::nullopt);
  OpenNext();
}

void Hub::Tell(const std::vector<Follower>& followers, int errnum, const char* text) {
  const auto reason = std::make_shared<const std::string>(text);
  for (const Follower& follower : followers) {
    follower.inbox->Put({HubMessage::Kind::kStreamEnd, follower.number, errnum, false, reason});
  }
}

void Hub::OnStreamEnd(std::uint64_t number, int errnum, const char* text) {
  received_ = true;
  if (next_ && next_->number == number) {
    Tell(next_->followers, errnum, text);
    next_.reset();
  } else if (stream_ && stream_->number == number) {
    Stream ended = *std::exchange(stream_, std::nullopt);
    if (next_ && next_->begun) {
      for (Follower& follower : ended.followers) Join(*next_, std::move(follower));
      stream_ = std::exchange(next_, std::nullopt);
    } else {
      Tell(ended.followers, errnum, text);
    }
  }
  OpenNext();
}

}  // namespace flux_ensemble::flux
