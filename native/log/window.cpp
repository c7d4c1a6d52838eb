#include "log/window.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace flux_ensemble::log {

std::string_view Window::From(std::uint64_t offset, std::size_t size) {
  while (!ended_ && Available(offset) < size) {
    // At most kMaxSize bytes move after as many were read, so moves cost no more than reads.
    if (kCapacity - filled_ < kBlock) DropBefore(offset - std::min<std::uint64_t>(offset, kKept));
    Read();
  }
  return {buffer_.get() + (offset - begin_), Available(offset)};
}

void Window::DropBefore(std::uint64_t offset) {
  if (offset <= begin_) return;
  const std::size_t left = Available(offset);
  std::memmove(buffer_.get(), buffer_.get() + (offset - begin_), left);
  begin_ = offset;
  filled_ = left;
}

void Window::Read() {
  const std::size_t room = std::min(kBlock, kCapacity - filled_);
  ssize_t got = 0;
  do {
    got = pread(fd_, buffer_.get() + filled_, room, static_cast<off_t>(end()));
  } while (got < 0 && errno == EINTR);
  if (got <= 0) {
    ended_ = true;
    error_ = got < 0 ? errno : 0;
    return;
  }
  filled_ += static_cast<std::size_t>(got);
}

}  // namespace flux_ensemble::log
