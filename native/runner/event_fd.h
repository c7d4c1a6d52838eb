// A file descriptor that one thread makes readable to wake another one from poll(2).
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace flux_ensemble::runner {

class EventFd {
 public:
  EventFd() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), error_(fd_ < 0 ? errno : 0) {}
  ~EventFd() {
    if (fd_ >= 0) close(fd_);
  }
  EventFd(const EventFd&) = delete;
  EventFd& operator=(const EventFd&) = delete;

  int fd() const { return fd_; }
  // An errno when the descriptor could not be made, else 0.
  int error() const { return error_; }

  void Signal() {
    const std::uint64_t one = 1;
    // A write to a full counter fails, but a full counter is readable already.
    (void)!write(fd_, &one, sizeof one);
  }

  void Clear() {
    std::uint64_t count = 0;
    (void)!read(fd_, &count, sizeof count);
  }

 private:
  int fd_;
  int error_;
};

}  // namespace flux_ensemble::runner
