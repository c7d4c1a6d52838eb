#include "flux/submit_thread.h"

#include <utility>

namespace flux_ensemble::flux {

namespace {

// Jobs in flight. Flux takes in a batch every ten milliseconds.
constexpr std::size_t kWindow = 64;

}  // namespace

SubmitThread::~SubmitThread() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.Join();
}

int SubmitThread::Start() {
  if (answered_.error() != 0) return answered_.error();
  return thread_.Start([this] { Run(); });
}

void SubmitThread::Post(SubmitTask task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  changed_.notify_one();
}

std::vector<SubmitAnswer> SubmitThread::Take() {
  answered_.Clear();
  const std::lock_guard lock(mutex_);
  return std::exchange(answers_, {});
}

bool SubmitThread::Next(std::size_t waiting, std::optional<SubmitTask>& task) {
  task.reset();
  std::unique_lock lock(mutex_);
  if (waiting == 0) changed_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
  if (stopping_) return false;
  if (waiting < kWindow && !tasks_.empty()) {
    task = std::move(tasks_.front());
    tasks_.pop_front();
  }
  return true;
}

void SubmitThread::Deliver(std::vector<SubmitAnswer>& answers) {
  if (answers.empty()) return;
  {
    const std::lock_guard lock(mutex_);
    for (SubmitAnswer& answer : answers) answers_.push_back(std::move(answer));
  }
  answers.clear();
  answered_.Signal();
}

void SubmitThread::Run() {
  std::optional<SubmitTask> task;
  std::vector<SubmitAnswer> answers;
  SubmitAnswer failure;
  const std::unique_ptr<Submitter> submitter = connect_(failure);
  while (Next(submitter == nullptr ? 0 : submitter->waiting(), task)) {
    if (submitter == nullptr) {
      failure.request = task->request;
      answers.push_back(failure);
    } else if (task) {
      submitter->Send(*task, answers);
    } else {
      submitter->Wait(answers);
    }
    Deliver(answers);
  }
}

}  // namespace flux_ensemble::flux
