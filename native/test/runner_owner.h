// A runner's owner for tests, and its input.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "runner/runner.h"
#include "test/journals.h"

namespace flux_ensemble::runner {

// A timeout far above the duration of any test, also under a sanitizer on a busy machine.
inline constexpr auto kLongTime = std::chrono::seconds(60);

inline IngestCommand Bytes(const std::string& bytes) {
  return {bytes + std::string(journal::kPadding, '\0')};
}

inline engine::Plan GroupG() {
  engine::Plan plan;
  plan.groups = {"g"};
  return plan;
}

// Many journal lines of one event each, of one job.
inline std::string Memos(int count) {
  std::string bytes;
  for (int i = 1; i <= count; ++i) bytes += test::Event(1, i, "memo");
  return bytes;
}

// Uses a runner as JavaScript does: post, be woken, take.
class Owner {
 public:
  explicit Owner(engine::Plan plan, std::unique_ptr<log::Writer> log = nullptr,
                 bool restores = false, std::uint64_t log_limit = CompactorOptions().keep)
      : runner(
            std::move(plan), [this] { Woken(); }, std::move(log), restores, log_limit) {}
  ~Owner() { runner.Stop(); }

  std::uint64_t Post(CommandBody body) {
    runner.Post({++posted_, std::move(body)});
    return posted_;
  }

  // Waits for a wake and takes the outbox.
  Outbox Take() {
    std::unique_lock lock(mutex_);
    const bool woken = condition_.wait_for(lock, kLongTime, [this] { return awake_; });
    REQUIRE(woken);
    awake_ = false;
    lock.unlock();
    return Collect();
  }

  // Takes the outbox without a wake; from then on wakes may come in between.
  Outbox Poll() {
    {
      const std::lock_guard lock(mutex_);
      polling_ = true;
    }
    return Collect();
  }

  // Takes until the command is answered.
  AnswerBody Answered(std::uint64_t number) {
    for (;;) {
      Outbox outbox = Take();
      for (Answer& answer : outbox.answers) {
        CHECK(answer.number == ++answered_);
        if (answer.number == number) return std::move(answer.body);
      }
    }
  }

  // The answers up to this one were taken by the caller.
  void SkipAnswers(std::uint64_t number) { answered_ = number; }

  AnswerBody Ask(CommandBody body) { return Answered(Post(std::move(body))); }
  engine::Status AskStatus() { return std::get<engine::Status>(Ask(StatusCommand{})); }

  bool awake() {
    const std::lock_guard lock(mutex_);
    return awake_;
  }
  int wakes() {
    const std::lock_guard lock(mutex_);
    return wakes_;
  }

  std::vector<engine::Firing> firings;
  Runner runner;

 private:
  Outbox Collect() {
    Outbox outbox = runner.Take();
    for (engine::Firing& firing : outbox.firings) firings.push_back(std::move(firing));
    return outbox;
  }

  void Woken() {
    const std::lock_guard lock(mutex_);
    // One wake under way at most: the last one must have been followed by Take.
    if (!polling_) CHECK_FALSE(awake_);
    awake_ = true;
    ++wakes_;
    condition_.notify_one();
  }

  std::mutex mutex_;
  std::condition_variable condition_;
  bool awake_ = false;
  bool polling_ = false;
  int wakes_ = 0;
  std::uint64_t posted_ = 0;
  std::uint64_t answered_ = 0;
};

template <typename Condition>
bool Eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + kLongTime;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace flux_ensemble::runner
