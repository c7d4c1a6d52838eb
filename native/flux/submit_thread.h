// Submits jobs on a thread of its own, because the signature of a job may wait for another process.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/thread.h"
#include "runner/event_fd.h"

namespace flux_ensemble::flux {

struct SubmitTask {
  std::uint64_t request = 0;
  std::string jobspec;
  int urgency = 0;
};

struct SubmitAnswer {
  std::uint64_t request = 0;
  int errnum = 0;
  std::string text;  // JSON with the id, or the reason of the refusal
};

// A connection that submits jobs. Made, used and destroyed on one thread.
class Submitter {
 public:
  virtual ~Submitter() = default;
  // Signs and sends a job. May append its answer.
  virtual void Send(const SubmitTask& task, std::vector<SubmitAnswer>& answers) = 0;
  // Appends answers. Waits for the next one, but not longer than some milliseconds.
  virtual void Wait(std::vector<SubmitAnswer>& answers) = 0;
  // Jobs that were sent and are not answered.
  virtual std::size_t waiting() const = 0;
};

// Threads: all methods are called by the owner.
class SubmitThread {
 public:
  // `connect` is called on the new thread. It returns null when it can't connect, and sets
  // `failure` to an errno and a text. Each task then gets this answer.
  using Connect = std::function<std::unique_ptr<Submitter>(SubmitAnswer& failure)>;

  explicit SubmitThread(Connect connect) : connect_(std::move(connect)) {}
  // Stops the thread, after the job that is being signed. Tasks that were not sent are dropped.
  ~SubmitThread();
  SubmitThread(const SubmitThread&) = delete;
  SubmitThread& operator=(const SubmitThread&) = delete;

  // Returns 0 or an errno. Called once.
  int Start();

  // Readable when there are answers to take.
  int fd() const { return answered_.fd(); }

  void Post(SubmitTask task);
  // Moves out the answers that have come.
  std::vector<SubmitAnswer> Take();

 private:
  void Run();
  // Moves out a task, if there is one. Waits for it unless answers are waited for. False after the
  // stop.
  bool Next(std::size_t waiting, std::optional<SubmitTask>& task);
  void Deliver(std::vector<SubmitAnswer>& answers);

  const Connect connect_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<SubmitTask> tasks_;
  std::vector<SubmitAnswer> answers_;
  bool stopping_ = false;
  runner::EventFd answered_;
  Thread thread_;
};

}  // namespace flux_ensemble::flux
