// Sessions that share a connection, with a job manager that the test controls.
#include "flux/hub.h"

#include <doctest/doctest.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "flux/shared_connection.h"
#include "journal/event_filter.h"

namespace flux_ensemble::flux {

namespace {

constexpr const char* kSentinel = R"({"id":-1,"events":[]})";

// Sends each event to all open streams. It is used by the test and by the hub's thread.
class FakeManager final : public Connection {
 public:
  struct State {
    std::mutex mutex;
    std::deque<std::function<void(const FluxListener&)>> messages;
    std::map<std::uint64_t, JournalOptions> streams;
    std::vector<JournalOptions> opened;
    std::vector<std::pair<std::uint64_t, std::string>> calls;
    std::vector<std::string> backlog;  // of a stream that is opened
    bool holds_sentinels = false;
    int lost = 0;
    std::size_t most = 0;  // streams at the same time
    bool closed = false;
    runner::EventFd ready;

    void Push(std::function<void(const FluxListener&)> message) {
      messages.push_back(std::move(message));
      ready.Signal();
    }
    void Record(std::uint64_t stream, const std::string& json) {
      Push([stream, json](const FluxListener& to) {
        to.journal(to.context, stream, json.data(), json.size());
      });
    }
    void End(std::uint64_t stream, int errnum) {
      Push([stream, errnum](const FluxListener& to) {
        to.journal_ended(to.context, stream, errnum, "the end");
      });
      streams.erase(stream);
    }
  };

  explicit FakeManager(std::shared_ptr<State> state) : state_(std::move(state)) {}
  ~FakeManager() override {
    const std::lock_guard lock(state_->mutex);
    state_->closed = true;
  }

  const FluxInstance& instance() const override { return instance_; }
  int fd() const override { return state_->ready.fd(); }
  int Pump(const FluxListener& listener, int limit) override {
    for (int i = 0; i < limit; ++i) {
      std::function<void(const FluxListener&)> message;
      {
        const std::lock_guard lock(state_->mutex);
        if (state_->messages.empty()) {
          state_->ready.Clear();
          errno = state_->lost;
          return state_->lost != 0 ? FLUX_PUMP_LOST : FLUX_PUMP_DRAINED;
        }
        message = std::move(state_->messages.front());
        state_->messages.pop_front();
      }
      message(listener);
    }
    return FLUX_PUMP_MORE;
  }
  int OpenJournal(std::uint64_t stream, const JournalOptions& options) override {
    const std::lock_guard lock(state_->mutex);
    state_->opened.push_back(options);
    state_->streams.emplace(stream, options);
    state_->most = std::max(state_->most, state_->streams.size());
    for (const std::string& record : state_->backlog) state_->Record(stream, record);
    if (!state_->holds_sentinels) state_->Record(stream, kSentinel);
    return 0;
  }
  int CloseJournal(std::uint64_t stream) override {
    const std::lock_guard lock(state_->mutex);
    if (state_->streams.contains(stream)) state_->End(stream, ENODATA);
    return 0;
  }
  int Call(std::uint64_t request, const char* topic, const char*, std::uint32_t) override {
    const std::lock_guard lock(state_->mutex);
    state_->calls.emplace_back(request, topic);
    return 0;
  }
  int Submit(std::uint64_t, const char*, int) override {
    errno = ENOSYS;
    return -1;
  }

 private:
  const std::shared_ptr<State> state_;
  FluxInstance instance_{"0.88.0", 0, 1, 1234, true, "instance", 10};
};

std::string EventRecord(int number, const std::string& name) {
  return "{\"id\":" + std::to_string(number) + ",\"events\":[{\"timestamp\":1,\"name\":\"" + name +
         "\"}]}";
}

// A session, and the messages that it has got.
struct Session {
  explicit Session(std::shared_ptr<Hub> hub)
      : connection(
            std::make_unique<SharedConnection>(std::move(hub), std::make_shared<HubInbox>())) {}

  // Takes messages until the condition holds; false after some seconds.
  bool Until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      pollfd polled{connection->fd(), POLLIN, 0};
      poll(&polled, 1, 10);
      Pump();
    }
    return true;
  }

  void Pump() {
    const FluxListener listener{
        this,
        [](void* at, std::uint64_t stream, const char* json, std::size_t size) {
          auto* const self = static_cast<Session*>(at);
          self->records.emplace_back(stream, std::string(json, size));
        },
        [](void* at, std::uint64_t stream, int errnum, const char*) {
          static_cast<Session*>(at)->ends.emplace_back(stream, errnum);
        },
        [](void* at, std::uint64_t request, int errnum, const char* text, std::size_t size) {
          auto* const self = static_cast<Session*>(at);
          self->answers.emplace_back(request, errnum, std::string(text, size));
        },
    };
    const int pumped = connection->Pump(listener, 16);
    if (pumped == FLUX_PUMP_LOST) lost = errno;
  }

  bool Open(std::uint64_t stream, std::vector<std::string> allow) {
    connection->OpenJournal(stream, {std::move(allow), false});
    return Until([&] { return Has(stream, kSentinel); });
  }

  bool Has(std::uint64_t stream, const std::string& record) const {
    return std::ranges::find(records, std::pair(stream, record)) != records.end();
  }

  std::unique_ptr<SharedConnection> connection;
  std::vector<std::pair<std::uint64_t, std::string>> records;
  std::vector<std::pair<std::uint64_t, int>> ends;
  std::vector<std::tuple<std::uint64_t, int, std::string>> answers;
  int lost = 0;
};

struct Shared {
  Shared() {
    hub = std::make_shared<Hub>(std::make_unique<FakeManager>(state));
    REQUIRE(hub->Start() == 0);
  }

  void Emit(int number, const std::string& name) {
    const std::lock_guard lock(state->mutex);
    for (const auto& [stream, options] : state->streams) {
      const auto& allow = options.allow;
      const bool is_allowed = allow.empty() || std::ranges::find(allow, name) != allow.end();
      if (is_allowed) state->Record(stream, EventRecord(number, name));
    }
  }
  std::size_t streams() {
    const std::lock_guard lock(state->mutex);
    return state->streams.size();
  }

  std::shared_ptr<FakeManager::State> state = std::make_shared<FakeManager::State>();
  std::shared_ptr<Hub> hub;
};

}  // namespace

TEST_CASE("sessions share one stream, and each gets the events that it requested") {
  Shared shared;
  Session first(shared.hub);
  REQUIRE(first.Open(1, {"submit", "clean"}));
  Session second(shared.hub);
  REQUIRE(second.Open(7, {"submit", "alloc"}));
  REQUIRE(first.Until([&] { return shared.streams() == 1; }));
  CHECK(shared.state->opened.size() == 2);
  CHECK(shared.state->opened[1].allow == std::vector<std::string>{"submit", "alloc", "clean"});
  shared.Emit(1, "submit");
  shared.Emit(2, "alloc");
  shared.Emit(3, "clean");
  shared.Emit(4, "submit");
  CHECK(first.Until([&] { return first.Has(1, EventRecord(4, "submit")); }));
  CHECK(second.Until([&] { return second.Has(7, EventRecord(4, "submit")); }));
  CHECK(first.Has(1, EventRecord(3, "clean")));
  CHECK_FALSE(first.Has(1, EventRecord(2, "alloc")));
  CHECK(second.Has(7, EventRecord(2, "alloc")));
  CHECK_FALSE(second.Has(7, EventRecord(3, "clean")));
  CHECK(first.ends.empty());
}

TEST_CASE("sessions that come together during a backlog get one stream") {
  Shared shared;
  shared.state->holds_sentinels = true;
  Session first(shared.hub);
  first.connection->OpenJournal(1, {});
  REQUIRE(first.Until([&] { return shared.streams() == 1; }));
  std::vector<std::unique_ptr<Session>> others;
  for (int i = 0; i < 5; ++i) {
    others.push_back(std::make_unique<Session>(shared.hub));
    others.back()->connection->OpenJournal(1, {});
  }
  // An answer shows that the hub has taken the requests before.
  first.connection->Call(9, "topic", "{}", 0);
  REQUIRE(first.Until([&] {
    const std::lock_guard lock(shared.state->mutex);
    return shared.state->calls.size() == 1;
  }));
  CHECK(shared.streams() == 1);
  {
    const std::lock_guard lock(shared.state->mutex);
    shared.state->holds_sentinels = false;
    for (const auto& [stream, options] : shared.state->streams) {
      shared.state->Record(stream, kSentinel);
    }
  }
  for (const auto& other : others) {
    CHECK(other->Until([&] { return other->Has(1, kSentinel); }));
  }
  CHECK(shared.state->opened.size() == 2);
  CHECK(shared.state->most == 2);
}

TEST_CASE("the end of the stream and the loss of the connection reach all sessions") {
  Shared shared;
  Session first(shared.hub);
  Session second(shared.hub);
  REQUIRE(first.Open(1, {}));
  REQUIRE(second.Open(2, {}));
  REQUIRE(first.Until([&] { return shared.streams() == 1; }));
  {
    const std::lock_guard lock(shared.state->mutex);
    shared.state->End(shared.state->streams.begin()->first, ENOSYS);
  }
  REQUIRE(first.Until([&] { return !first.ends.empty(); }));
  REQUIRE(second.Until([&] { return !second.ends.empty(); }));
  CHECK(first.ends[0] == std::pair(std::uint64_t{1}, ENOSYS));
  CHECK(second.ends[0] == std::pair(std::uint64_t{2}, ENOSYS));
  // They may follow again.
  REQUIRE(first.Open(3, {}));
  REQUIRE(second.Open(4, {}));
  CHECK_FALSE(shared.hub->lost());
  {
    const std::lock_guard lock(shared.state->mutex);
    shared.state->lost = ECONNRESET;
    shared.state->ready.Signal();
  }
  CHECK(first.Until([&] { return first.lost == ECONNRESET; }));
  CHECK(second.Until([&] { return second.lost == ECONNRESET; }));
  CHECK(shared.hub->lost());
  Session late(shared.hub);
  CHECK(late.Until([&] { return late.lost == ECONNRESET; }));
}

TEST_CASE("answers go to the session that asked, and failures of requests are answers") {
  Shared shared;
  Session first(shared.hub);
  Session second(shared.hub);
  first.connection->Call(5, "one", "{}", 0);
  second.connection->Call(5, "two", "{}", 0);
  const auto has_both = [&] {
    const std::lock_guard lock(shared.state->mutex);
    return shared.state->calls.size() == 2;
  };
  REQUIRE(first.Until(has_both));
  for (const auto& [request, topic] : std::vector(shared.state->calls)) {
    const std::lock_guard lock(shared.state->mutex);
    shared.state->Push([request = request, topic = topic](const FluxListener& to) {
      to.answered(to.context, request, 0, topic.data(), topic.size());
    });
  }
  REQUIRE(first.Until([&] { return first.answers.size() == 1; }));
  REQUIRE(second.Until([&] { return second.answers.size() == 1; }));
  CHECK(first.answers[0] == std::tuple(std::uint64_t{5}, 0, std::string("one")));
  CHECK(second.answers[0] == std::tuple(std::uint64_t{5}, 0, std::string("two")));
  first.connection->Submit(6, "{}", 16);
  REQUIRE(first.Until([&] { return first.answers.size() == 2; }));
  CHECK(std::get<1>(first.answers[1]) == ENOSYS);
}

TEST_CASE("the last session ends the connection") {
  Shared shared;
  auto first = std::make_unique<Session>(shared.hub);
  auto second = std::make_unique<Session>(std::move(shared.hub));
  REQUIRE(first->Open(1, {}));
  first.reset();
  CHECK_FALSE(shared.state->closed);
  REQUIRE(second->Open(1, {}));
  second.reset();
  CHECK(shared.state->closed);
}

TEST_CASE("a session gets each event once, whenever others come and go") {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    Shared shared;
    struct Follower {
      std::unique_ptr<Session> session;
      int from = 0;  // the first event after it has its backlog
    };
    std::vector<Follower> followers;
    int number = 0;
    for (int step = 0; step < 200; ++step) {
      const unsigned choice = random() % 20;
      if (choice == 0 || followers.empty()) {
        followers.push_back({std::make_unique<Session>(shared.hub), 0});
        const bool all = random() % 2 == 0;
        REQUIRE(followers.back().session->Open(
            1, all ? std::vector<std::string>{} : std::vector<std::string>{"submit"}));
        followers.back().from = number + 1;
      } else if (choice == 1) {
        followers.erase(followers.begin() +
                        static_cast<std::ptrdiff_t>(random() % followers.size()));
      } else {
        shared.Emit(++number, "submit");
      }
    }
    shared.Emit(++number, "submit");
    const std::string last = EventRecord(number, "submit");
    for (const auto& [session, from] : followers) {
      REQUIRE(session->Until([&, &session = session] { return session->Has(1, last); }));
      std::vector<std::string> got;
      for (const auto& [stream, record] : session->records) {
        if (record != kSentinel) got.push_back(record);
      }
      std::vector<std::string> expected;
      for (int i = from; i <= number; ++i) expected.push_back(EventRecord(i, "submit"));
      CHECK(got == expected);
    }
  }
}

TEST_CASE("events without a requested name are left out of records") {
  std::string kept;
  const std::string record =
      R"({"id":1,"events":[{"name":"submit","context":{"a":"]"}},{"name":"alloc"},{"name":"start"}],"R":{}})";
  CHECK(journal::KeepEvents(record, {}, kept));
  CHECK(kept.empty());
  CHECK(journal::KeepEvents(record, {"start", "alloc", "submit"}, kept));
  CHECK(kept.empty());
  CHECK(journal::KeepEvents(record, {"start", "submit"}, kept));
  CHECK(kept ==
        R"({"id":1,"events":[{"name":"submit","context":{"a":"]"}},{"name":"start"}],"R":{}})");
  CHECK_FALSE(journal::KeepEvents(record, {"clean"}, kept));
  CHECK(journal::KeepEvents(kSentinel, {"clean"}, kept));
  CHECK(kept.empty());
  CHECK(journal::KeepEvents("{", {"clean"}, kept));
}

}  // namespace flux_ensemble::flux
