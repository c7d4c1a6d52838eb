#include "log/checkpoint_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "base/unique_fd.h"
#include "log/crc32c.h"
#include "log/little_endian.h"
#include "log/segment_files.h"

namespace flux_ensemble::log {

namespace {

constexpr std::uint32_t kVersion = 1;
constexpr std::string_view kStateMagic =
    "\x89"
    "FECKP\r\n";
constexpr std::size_t kHeadSize = 24;

std::string_view SuffixOf(StateFile kind) {
  return kind == StateFile::kCheckpoint ? ".checkpoint" : ".jobs";
}

std::string PathOf(const std::string& folder, StateFile kind, std::uint64_t number) {
  return folder + '/' + StateFileName(kind, number);
}

std::string HeadOf(std::string_view payload) {
  std::string head(kHeadSize, '\0');
  kStateMagic.copy(head.data(), kStateMagic.size());
  StoreLittle(kVersion, head.data() + 8);
  StoreLittle(Crc32c(payload), head.data() + 12);
  StoreLittle(std::uint64_t{payload.size()}, head.data() + 16);
  return head;
}

int WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t got = write(fd, bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got < 0 ? errno : EIO;
    bytes.remove_prefix(static_cast<std::size_t>(got));
  }
  return 0;
}

// Returns less only at the end of the file.
std::size_t ReadAll(int fd, char* to, std::size_t count) {
  std::size_t done = 0;
  while (done < count) {
    const ssize_t got = read(fd, to + done, count - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

int WriteWhole(const std::string& path, std::string_view payload) {
  const UniqueFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file.valid()) return errno;
  if (const int error = WriteAll(file.get(), HeadOf(payload)); error != 0) return error;
  if (const int error = WriteAll(file.get(), payload); error != 0) return error;
  return fdatasync(file.get()) == 0 ? 0 : errno;
}

}  // namespace

std::string StateFileName(StateFile kind, std::uint64_t number) {
  return NumberedName(number, SuffixOf(kind));
}

int ListStateFiles(const std::string& folder, StateFile kind, std::vector<std::uint64_t>* numbers) {
  return ListNumbered(folder, SuffixOf(kind), numbers);
}

std::optional<std::string> ReadStateFile(const std::string& folder, StateFile kind,
                                         std::uint64_t number) {
  const UniqueFd file(
      open(PathOf(folder, kind, number).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!file.valid() || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
      status.st_size < off_t{kHeadSize}) {
    return std::nullopt;
  }
  std::string head(kHeadSize, '\0');
  std::string payload(static_cast<std::size_t>(status.st_size) - kHeadSize, '\0');
  if (ReadAll(file.get(), head.data(), head.size()) != head.size() ||
      ReadAll(file.get(), payload.data(), payload.size()) != payload.size() ||
      head != HeadOf(payload)) {
    return std::nullopt;
  }
  return payload;
}

int WriteStateFile(const std::string& folder, StateFile kind, std::uint64_t number,
                   std::string_view payload) {
  const std::string path = PathOf(folder, kind, number);
  const std::string written = path + ".new";
  int error = WriteWhole(written, payload);
  if (error == 0 && rename(written.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) {
    unlink(written.c_str());
    return error;
  }
  const UniqueFd directory(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return directory.valid() && fsync(directory.get()) == 0 ? 0 : errno;
}

void RemoveStateFile(const std::string& folder, StateFile kind, std::uint64_t number) {
  unlink(PathOf(folder, kind, number).c_str());
}

}  // namespace flux_ensemble::log
