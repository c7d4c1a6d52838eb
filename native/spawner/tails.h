#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/unique_fd.h"

namespace flux_ensemble::spawner {

// The last output of jobs on standard error, for jobs without a file for it: the last line often
// explains a failure. Each job writes into a pipe, and only the end of its output is stored.
class Tails {
 public:
  Tails();

  // Readable when Read() has something to do; -1 when tails are unavailable.
  int fd() const { return epoll_.get(); }

  // Makes a pipe and returns its number; `write_end` is the job's end of it. -1 when the limit on
  // open files is reached.
  int Open(UniqueFd* write_end);

  // Reads the output of jobs.
  void Read();

  // The job has ended, or was never started. Returns the last line that it wrote, at most kMaxLine
  // bytes without control characters. Later output of the job's daemons is dropped.
  std::string Close(int tail);

  static constexpr std::size_t kMaxLine = 300;

 private:
  struct Tail {
    UniqueFd fd;
    std::string end;
    bool closed = false;  // no process can write to it
    bool ended = false;   // the job has
  };

  // Reads once. False when nothing can be read now.
  bool ReadSome(Tail& tail);

  UniqueFd epoll_;
  std::unordered_map<int, Tail> tails_;
  std::size_t most_ = 0;
};

// The last line of a text that is not blank, fit to be shown.
std::string LastLine(std::string_view text);

}  // namespace flux_ensemble::spawner
