// One connection to a Flux instance for several sessions of the process. Each follower of the
// journal costs the broker time, so they share one stream. Its thread hands the messages on.
//
// A session that comes later needs a backlog, and may need more events. It gets a stream of its
// own. When the backlog of the new stream is over, the stream before is closed. Records that the
// job manager has sent until then arrive before the end of that stream, so its sessions go on with
// the new stream without a gap.
//
// Threads: the hub's own thread uses the connection. Post() may be called by all threads.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/thread.h"
#include "flux/connection.h"
#include "runner/event_fd.h"

namespace flux_ensemble::flux {

// A message to a session. The sessions share its text.
struct HubMessage {
  enum class Kind : std::uint8_t { kRecord, kStreamEnd, kAnswer, kLost };

  Kind kind = Kind::kLost;
  std::uint64_t number = 0;  // of the stream or the request
  int errnum = 0;
  bool wider = false;  // a record of a stream with more events than requested
  std::shared_ptr<const std::string> text;
};

// Messages from the hub's thread to that of a session.
class HubInbox {
 public:
  // Readable while there are messages.
  int fd() const { return ready_.fd(); }
  int error() const { return ready_.error(); }

  void Put(HubMessage message);
  // Moves out at most `limit` messages. True if more are left.
  bool Take(std::size_t limit, std::vector<HubMessage>& messages);

 private:
  std::mutex mutex_;
  std::deque<HubMessage> messages_;
  runner::EventFd ready_;
};

class Hub {
 public:
  using InboxPtr = std::shared_ptr<HubInbox>;

  struct Enter {};
  struct Leave {};
  struct OpenStream {
    std::uint64_t stream;
    JournalOptions options;
  };
  struct CloseStream {
    std::uint64_t stream;
  };
  struct Call {
    std::uint64_t request;
    std::string topic;
    std::string json;
    std::uint32_t rank;
  };
  struct Submit {
    std::uint64_t request;
    std::string jobspec;
    int urgency;
  };
  using Request = std::variant<Enter, Leave, OpenStream, CloseStream, Call, Submit>;

  explicit Hub(std::unique_ptr<Connection> connection);
  // Ends the thread and the connection.
  ~Hub();
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  // Returns 0 or an errno. Called once, before the others.
  int Start();
  const FluxInstance& instance() const { return connection_->instance(); }
  // The connection is lost. New sessions need another hub.
  bool lost() const { return lost_; }
  void Post(InboxPtr from, Request request);

 private:
  using Clock = std::chrono::steady_clock;

  struct Follower {
    InboxPtr inbox;
    std::uint64_t number = 0;  // of the stream, for the session
    JournalOptions wish;
    bool narrow = false;  // the stream brings more than was requested
  };
  struct Stream {
    std::uint64_t number = 0;
    JournalOptions options;
    bool begun = false;  // its backlog is over
    std::vector<Follower> followers;
  };
  struct Caller {
    InboxPtr inbox;
    std::uint64_t request = 0;
  };
  struct Posted {
    InboxPtr from;
    Request request;
  };

  void Run();
  // False after the stop.
  bool TakePosted();
  void Wait();
  void Pump();
  void Lose(int errnum);

  void Perform(const InboxPtr& from, Enter request);
  void Perform(const InboxPtr& from, Leave request);
  void Perform(const InboxPtr& from, OpenStream request);
  void Perform(const InboxPtr& from, CloseStream request);
  void Perform(const InboxPtr& from, Call request);
  void Perform(const InboxPtr& from, Submit request);

  void OpenNext();
  void OnRecord(std::uint64_t stream, std::string_view json);
  void OnStreamEnd(std::uint64_t stream, int errnum, const char* text);
  void OnAnswer(std::uint64_t request, int errnum, std::string_view text);
  void OnBegun();
  static void Join(Stream& stream, Follower follower);
  static void Tell(const std::vector<Follower>& followers, int errnum, const char* text);
  std::uint64_t Remember(const InboxPtr& inbox, std::uint64_t request);

  const std::unique_ptr<Connection> connection_;
  runner::EventFd wake_;

  std::mutex mutex_;
  std::vector<Posted> posted_;
  bool stopping_ = false;
  std::atomic<bool> lost_ = false;

  // Used by the thread only.
  std::vector<InboxPtr> inboxes_;
  std::optional<Stream> stream_;  // the one that goes on
  std::optional<Stream> next_;    // sends its backlog, or waits for the end of the one before
  std::vector<Follower> joining_;
  std::unordered_map<std::uint64_t, Caller> calls_;
  std::uint64_t last_number_ = 0;
  bool more_ = true;  // the connection may have messages that its descriptor does not show
  bool received_ = false;
  Clock::time_point pumped_{};
  Clock::time_point pump_at_{};

  Thread thread_;
};

// Sessions with the same instance share a connection.
Connector ConnectTogether(const FluxSourceApi* api);

}  // namespace flux_ensemble::flux
