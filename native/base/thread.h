// A thread that its destructor joins. std::thread reports a failed start by an exception, and this
// code is built without exceptions. The process limit of a login node makes such failures ordinary.
#pragma once

#include <pthread.h>

#include <functional>
#include <memory>
#include <utility>

namespace flux_ensemble {

class Thread {
 public:
  Thread() = default;
  ~Thread() { Join(); }
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;

  // Runs `body` on a new thread. Returns 0 or an errno; called once.
  int Start(std::function<void()> body) {
    body_ = std::move(body);
    const int error = pthread_create(&handle_, nullptr, &Thread::Run, this);
    running_ = error == 0;
    return error;
  }

  void Join() {
    if (!running_) return;
    pthread_join(handle_, nullptr);
    running_ = false;
  }

 private:
  static void* Run(void* self) {
    static_cast<Thread*>(self)->body_();
    return nullptr;
  }

  std::function<void()> body_;
  pthread_t handle_{};
  bool running_ = false;
};

}  // namespace flux_ensemble
