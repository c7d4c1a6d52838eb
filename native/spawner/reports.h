#pragma once

#include <time.h>
#include <unistd.h>
#include <cerrno>
#include <cstdarg>
#include <cstdio>

#include <algorithm>
#include <cstddef>
#include <string>

namespace flux_ensemble::spawner {

// Lines on their way to standard output. Writing never waits, because the reader may be busy, or
// may itself wait for this process to read.
class Reports {
 public:
  [[gnu::format(printf, 2, 3)]] void Add(const char* format, ...) {
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    const int size = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (size <= 0) return;
    lines_.append(line, std::min(static_cast<std::size_t>(size), sizeof line - 1));
    lines_.push_back('\n');
  }

  bool empty() const { return lines_.empty(); }

  // Writes as much as the pipe takes now. False when the pipe has no reader left.
  bool Flush() {
    std::size_t written = 0;
    bool open = true;
    while (written < lines_.size()) {
      const ssize_t got = write(STDOUT_FILENO, lines_.data() + written, lines_.size() - written);
      if (got >= 0) {
        written += static_cast<std::size_t>(got);
      } else if (errno != EINTR) {
        open = errno == EAGAIN;
        break;
      }
    }
    lines_.erase(0, written);
    return open;
  }

 private:
  std::string lines_;
};

// The time as a report prints it: seconds of the monotonic clock, which the reader shares.
struct Timestamp {
  Timestamp() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(text, sizeof text, "%lld.%09ld", static_cast<long long>(now.tv_sec), now.tv_nsec);
  }
  char text[32];
};

}  // namespace flux_ensemble::spawner
