#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

#include "spawner/unique_fd.h"

namespace flux_ensemble::spawner {

// The ends of what jobs write to standard error, for jobs that name no file for it: their last
// line often says why they failed. Each job writes into a pipe, of which only the end is kept.
class Tails {
 public:
  Tails();

  // Readable when Read() has something to do; -1 when there can be no tails.
  int fd() const { return epoll_.get(); }

  // Makes a pipe and returns its number; `write_end` is the job's end of it. -1 when the limit on
  // open files leaves no room.
  int Open(UniqueFd* write_end);

  // Takes what jobs have written.
  void Read();

  // The job has ended, or was never started. Returns the last line that it wrote, at most
  // kMaxLine bytes without control characters. What daemons of the job go on writing is dropped.
  std::string Close(int tail);

  static constexpr std::size_t kMaxLine = 300;

 private:
  struct Tail {
    UniqueFd fd;
    std::string end;
    bool closed = false;  // nobody can write any more
    bool ended = false;   // the job has
  };

  // Reads once. False when there is nothing to read now.
  bool ReadSome(Tail& tail);

  UniqueFd epoll_;
  std::unordered_map<int, Tail> tails_;
  std::size_t most_ = 0;
};

// The last line of a text that is not blank, fit to be shown.
std::string LastLine(std::string_view text);

}  // namespace flux_ensemble::spawner
