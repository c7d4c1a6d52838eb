#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace flux_ensemble::spawner {

// Starts a job's process. The strings live in the frame and end with a NUL there, so the kernel
// takes their `data()` without a copy.
struct SpawnCommand {
  std::uint64_t id = 0;
  // Working directory; empty for that of the spawner.
  std::string_view cwd;
  // File for standard output; empty for /dev/null.
  std::string_view out;
  // File for standard error; empty for the place that standard output goes to.
  std::string_view err;
  // `KEY=value`, added to the spawner's own environment, or to an empty one when the first entry is
  // `=`.
  std::vector<std::string_view> environment;
  // The program and its arguments; never empty.
  std::vector<std::string_view> arguments;
};

// Sends a signal to the process group of a job.
struct KillCommand {
  std::uint64_t id = 0;
  int signal = 0;
};

using Command = std::variant<SpawnCommand, KillCommand>;

// Understands the body of one frame: NUL-terminated strings,
//     spawn ID CWD OUT ERR NENV KEY=VALUE... NARGS ARGUMENT...
//     kill ID SIGNAL
// Empty when it is not exactly one of these. The result points into `body`.
std::optional<Command> ParseCommand(std::string_view body);

// Collects bytes and cuts them into frames: a 32-bit little-endian length, then that many bytes.
class FrameReader {
 public:
  // Far above the limit of execve(); a longer frame is garbage.
  static constexpr std::size_t kMaxBody = std::size_t{64} << 20;

  // Room for at least `size` more bytes. Commit() takes the number of bytes read there.
  char* Reserve(std::size_t size);
  void Commit(std::size_t size);

  enum class Next { kFrame, kIncomplete, kTooLong };
  // Takes the next whole frame. `body` stays valid until the next Reserve().
  Next Take(std::string_view* body);

 private:
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace flux_ensemble::spawner
