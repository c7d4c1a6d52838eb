// The thread on which a guest's jobs are signed and submitted.
#include "flux/submit_thread.h"

#include <doctest/doctest.h>
#include <poll.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace flux_ensemble::flux {

namespace {

// A door that a test opens.
class Door {
 public:
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void Pass() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

struct Seen {
  std::atomic<int> sent = 0;
  std::atomic<std::size_t> most_waiting = 0;
  std::atomic<bool> destroyed = false;
  std::thread::id thread;
  bool answers = true;
  Door* signature = nullptr;  // each signature waits here
  Door* reached = nullptr;    // opened by the first signature
};

class FakeSubmitter final : public Submitter {
 public:
  explicit FakeSubmitter(Seen& seen) : seen_(seen) { seen.thread = std::this_thread::get_id(); }
  ~FakeSubmitter() override { seen_.destroyed = true; }

  void Send(const SubmitTask& task, std::vector<SubmitAnswer>& answers) override {
    CHECK(std::this_thread::get_id() == seen_.thread);
    if (seen_.reached != nullptr) seen_.reached->Open();
    if (seen_.signature != nullptr) seen_.signature->Pass();
    ++seen_.sent;
    if (task.jobspec == "bad") return answers.push_back({task.request, EINVAL, "bad jobspec"});
    waiting_.push_back(task.request);
    if (waiting_.size() > seen_.most_waiting) seen_.most_waiting = waiting_.size();
  }
  void Wait(std::vector<SubmitAnswer>& answers) override {
    if (!seen_.answers) return std::this_thread::yield();
    for (const std::uint64_t request : waiting_) answers.push_back({request, 0, "{\"id\":1}"});
    waiting_.clear();
  }
  std::size_t waiting() const override { return waiting_.size(); }

 private:
  Seen& seen_;
  std::vector<std::uint64_t> waiting_;
};

SubmitThread::Connect To(Seen& seen) {
  return [&seen](SubmitAnswer&) { return std::make_unique<FakeSubmitter>(seen); };
}

// Takes answers until `count` have come.
std::vector<SubmitAnswer> TakeAll(SubmitThread& thread, std::size_t count) {
  std::vector<SubmitAnswer> all;
  while (all.size() < count) {
    pollfd ready{thread.fd(), POLLIN, 0};
    REQUIRE(poll(&ready, 1, 60'000) == 1);
    for (SubmitAnswer& answer : thread.Take()) all.push_back(std::move(answer));
  }
  return all;
}

}  // namespace

TEST_CASE("each job is submitted once and answered once, in a window") {
  Seen seen;
  SubmitThread thread(To(seen));
  REQUIRE(thread.Start() == 0);
  for (std::uint64_t request = 1; request <= 500; ++request) {
    thread.Post({request, request % 100 == 0 ? "bad" : "{}", 16});
  }
  std::set<std::uint64_t> requests;
  for (const SubmitAnswer& answer : TakeAll(thread, 500)) {
    requests.insert(answer.request);
    CHECK(answer.errnum == (answer.request % 100 == 0 ? EINVAL : 0));
  }
  CHECK(requests.size() == 500);
  CHECK(seen.sent == 500);
  CHECK(seen.most_waiting <= 64);
  CHECK(seen.thread != std::this_thread::get_id());
}

TEST_CASE("without a connection each job is refused with the reason") {
  SubmitThread thread([](SubmitAnswer& failure) {
    failure = {0, ECONNREFUSED, "no broker"};
    return std::unique_ptr<Submitter>();
  });
  REQUIRE(thread.Start() == 0);
  thread.Post({7, "{}", 16});
  thread.Post({8, "{}", 16});
  for (const SubmitAnswer& answer : TakeAll(thread, 2)) {
    CHECK(answer.request >= 7);
    CHECK(answer.errnum == ECONNREFUSED);
    CHECK(answer.text == "no broker");
  }
}

TEST_CASE("the stop does not wait for answers that never come") {
  Seen seen;
  seen.answers = false;
  {
    SubmitThread thread(To(seen));
    REQUIRE(thread.Start() == 0);
    for (std::uint64_t request = 1; request <= 200; ++request) thread.Post({request, "{}", 16});
    while (seen.sent < 64) std::this_thread::yield();
  }
  CHECK(seen.sent == 64);
  CHECK(seen.destroyed);
}

TEST_CASE("the stop waits for the job that is being signed") {
  Seen seen;
  Door reached;
  Door signature;
  seen.reached = &reached;
  seen.signature = &signature;
  auto thread = std::make_unique<SubmitThread>(To(seen));
  REQUIRE(thread->Start() == 0);
  thread->Post({1, "{}", 16});
  thread->Post({2, "{}", 16});
  reached.Pass();
  std::thread stop([&] { thread.reset(); });
  CHECK_FALSE(seen.destroyed);
  signature.Open();
  stop.join();
  CHECK(seen.sent >= 1);
  CHECK(seen.destroyed);
}

TEST_CASE("a thread that has nothing to do stops") {
  Seen seen;
  {
    SubmitThread thread(To(seen));
    REQUIRE(thread.Start() == 0);
  }
  CHECK(seen.sent == 0);
  { const SubmitThread never_started(To(seen)); }
}

}  // namespace flux_ensemble::flux
