// The writer of the run log, by the files that it leaves.
#include "log/writer.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <string>
#include <string_view>
#include <vector>

#include "log/frame.h"
#include "test/log_folder.h"

namespace flux_ensemble::log {

namespace {

using test::LogContent;
using test::LogFolder;
using test::LogFrame;
using test::ReadContent;
using Texts = std::vector<std::string>;
using namespace std::string_view_literals;

mode_t ModeOf(const std::string& path) {
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

// Descriptors of this process for the file.
std::vector<int> DescriptorsOf(const std::string& path) {
  struct stat wanted {};
  REQUIRE(stat(path.c_str(), &wanted) == 0);
  std::vector<int> found;
  for (int fd = 0; fd < 1024; ++fd) {
    struct stat status {};
    if (fstat(fd, &status) == 0 && status.st_ino == wanted.st_ino &&
        status.st_dev == wanted.st_dev) {
      found.push_back(fd);
    }
  }
  return found;
}

// Makes the writer of this segment write to another file, which is closed.
void ReplaceDescriptor(const std::string& path, int other) {
  const std::vector<int> found = DescriptorsOf(path);
  REQUIRE(other >= 0);
  REQUIRE(found.size() == 1);
  REQUIRE(dup2(other, found[0]) == found[0]);
  close(other);
}

// Limits the size of files: the kernel takes a part of a write and refuses the rest. For that it
// sends SIGXFSZ, which ends the process unless it is ignored.
class FileSizeLimit {
 public:
  FileSizeLimit(rlim_t size, void (*handler)(int)) : handler_(std::signal(SIGXFSZ, handler)) {
    REQUIRE(getrlimit(RLIMIT_FSIZE, &before_) == 0);
    const rlimit limit{size, before_.rlim_max};
    REQUIRE(setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit before_{};
};

}  // namespace

TEST_CASE("frames are read as they were written") {
  const LogFolder folder;
  const std::string large(kMaxPayload, 'x');
  {
    Writer writer(folder.path());
    REQUIRE_FALSE(writer.failed());
    CHECK(writer.epoch() == 1);
    CHECK(writer.Append(1, "one") == 0);
    CHECK(writer.Append(0, "") == 0);
    CHECK(writer.Append(255, "\0\xff two"sv) == 0);
    CHECK(writer.Append(7, large) == 0);
    CHECK(writer.Flush() == 0);
    CHECK(writer.segment_size() == folder.Bytes(1).size());
  }
  const LogContent content = ReadContent(folder.path());
  CHECK(content.frames == std::vector<LogFrame>{{1, 1, 36, 1, "one"},
                                                {1, 1, 52, 0, ""},
                                                {1, 1, 65, 255, std::string("\0\xff two"sv)},
                                                {1, 1, 84, 7, large}});
  CHECK(content.losses.empty());
  CHECK(content.report.segments == 1);
  CHECK(content.report.frames == 4);
  CHECK(content.report.bytes == 97 + large.size());
  CHECK(content.report.first_damage.empty());
}

TEST_CASE("the bytes of a log are those of the format") {
  const LogFolder folder;
  { CHECK(Writer(folder.path()).Append(9, "abc") == 0); }
  CHECK(folder.Bytes(1) ==
        "\x89"
        "FELOG\r\n"
        "\x01\0\0\0"
        "\x01\0\0\0"
        "\x01\0\0\0\0\0\0\0"
        "\0\0\0\0\0\0\0\0"
        "\x9a\x32\x02\x54"
        "\xf5\x6a\xc3\x9d"
        "\x70\x60\x42\x2a"
        "\x03\0\0\0"
        "\x09"
        "abc"sv);
}

TEST_CASE("nothing is written before a flush, all of it by the flush") {
  const LogFolder folder;
  Writer writer(folder.path());
  writer.Append(1, "one");
  CHECK(folder.Bytes(1).size() == kHeaderSize);
  CHECK(writer.Flush() == 0);
  CHECK(ReadContent(folder.path()).payloads() == Texts{"one"});
  CHECK(writer.Flush() == 0);
  CHECK(writer.SyncNow() == 0);
  CHECK(ReadContent(folder.path()).payloads() == Texts{"one"});
}

TEST_CASE("memory stays bounded without a flush") {
  const LogFolder folder;
  Writer writer(folder.path());
  const std::string payload(1000, 'x');
  for (int i = 0; i < 2000; ++i) REQUIRE(writer.Append(1, payload) == 0);
  CHECK(folder.Bytes(1).size() > 1'500'000);
}

TEST_CASE("folders and segments are private, and are not inherited") {
  const LogFolder folder;
  const mode_t umask_before = umask(0);
  const Writer writer(folder.path());
  umask(umask_before);
  CHECK(ModeOf(folder.path()) == 0700);
  CHECK(ModeOf(folder.PathOf(1)) == 0600);
  const std::vector<int> descriptors = DescriptorsOf(folder.PathOf(1));
  REQUIRE(descriptors.size() == 1);
  CHECK((fcntl(descriptors[0], F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("a payload above the limit is refused, and the log goes on") {
  const LogFolder folder;
  {
    Writer writer(folder.path());
    CHECK(writer.Append(1, std::string(kMaxPayload + 1, 'x')) == EMSGSIZE);
    CHECK_FALSE(writer.failed());
    CHECK(writer.dropped_frames() == 1);
    CHECK(writer.Append(1, "small") == 0);
  }
  CHECK(ReadContent(folder.path()).payloads() == Texts{"small"});
}

TEST_CASE("a full segment is followed by the next one") {
  const LogFolder folder;
  // Room for two frames of ten bytes.
  const WriterOptions options{.segment_size = kHeaderSize + 2 * (kFrameHeaderSize + 10)};
  {
    Writer writer(folder.path(), options);
    for (int i = 0; i < 5; ++i) CHECK(writer.Append(1, "frame " + std::to_string(1000 + i)) == 0);
    CHECK(writer.segment() == 3);
    // Larger than a segment.
    CHECK(writer.Append(2, std::string(100, 'x')) == 0);
    CHECK(writer.Append(1, "last") == 0);
    CHECK(writer.segment() == 5);
  }
  const LogContent content = ReadContent(folder.path());
  REQUIRE(content.frames.size() == 7);
  const std::vector<std::uint64_t> segments{1, 1, 2, 2, 3, 4, 5};
  for (std::size_t i = 0; i < 7; ++i) CHECK(content.frames[i].segment == segments[i]);
  CHECK(content.frames[4].payload == "frame 1004");
  CHECK(content.report.segments == 5);
  CHECK(content.losses.empty());
  CHECK(DecodeHeader(folder.Bytes(2)) ==
        SegmentHeader{.epoch = 1, .number = 2, .previous_size = options.segment_size});
}

TEST_CASE("each process begins an epoch with a new segment") {
  const LogFolder folder;
  for (const std::string_view text : {"first", "second", "third"}) {
    Writer writer(folder.path());
    writer.Append(1, text);
  }
  CHECK(ReadContent(folder.path()).frames == std::vector<LogFrame>{{1, 1, 36, 1, "first"},
                                                                   {2, 2, 36, 1, "second"},
                                                                   {3, 3, 36, 1, "third"}});
}

TEST_CASE("an epoch differs from all before, also when headers are damaged") {
  const LogFolder folder;
  for (int i = 0; i < 3; ++i) Writer(folder.path()).Append(1, "x");
  for (const std::uint64_t segment : {2, 3}) {
    std::string bytes = folder.Bytes(segment);
    bytes[12] ^= 1;
    folder.SetBytes(segment, bytes);
  }
  const Writer writer(folder.path());
  CHECK(writer.epoch() == 4);
  CHECK(writer.segment() == 4);
}

TEST_CASE("other files in the folder don't count") {
  const LogFolder folder;
  { Writer(folder.path()).Append(1, "x"); }
  for (const char* name : {"7.segment", "00000009.segment.old", "0000000x.segment", "notes",
                           "00000000.segment", "99999999999999999999.segment"}) {
    const int fd = open((folder.path() + '/' + name).c_str(), O_CREAT | O_WRONLY, 0600);
    REQUIRE(fd >= 0);
    close(fd);
  }
  CHECK(Writer(folder.path()).segment() == 2);
  CHECK(ReadContent(folder.path()).report.segments == 2);
  CHECK(ReadContent(folder.path()).report.missing_segments == 0);
}

TEST_CASE("a second writer keeps the first one from its next segment") {
  const LogFolder folder;
  Writer old(folder.path(), {.segment_size = 50});
  Writer young(folder.path());
  CHECK(old.Append(1, "a") == 0);
  CHECK(old.Append(1, "b") == EEXIST);
  REQUIRE(old.failed());
  CHECK(old.failure()->error == EEXIST);
  CHECK(old.failure()->message == "making " + folder.PathOf(2) + ": File exists");
  CHECK(young.Append(1, "c") == 0);
  CHECK(young.Flush() == 0);
  CHECK(ReadContent(folder.path()).payloads() == Texts{"a", "c"});
}

TEST_CASE("a folder that can't be made is a failure, and frames are counted") {
  const LogFolder folder;
  Writer writer(folder.path() + "/missing/log");
  REQUIRE(writer.failed());
  CHECK(writer.failure()->error == ENOENT);
  CHECK(writer.Append(1, "x") == ENOENT);
  CHECK(writer.Append(1, "y") == ENOENT);
  CHECK(writer.Flush() == ENOENT);
  CHECK(writer.SyncNow() == ENOENT);
  CHECK(writer.dropped_frames() == 2);
}

TEST_CASE("a write that fails in the middle leaves whole frames") {
  const LogFolder folder;
  {
    Writer writer(folder.path());
    CHECK(writer.Append(1, "before") == 0);
    CHECK(writer.Flush() == 0);
    const FileSizeLimit limit(200, SIG_IGN);
    // 55 bytes are written; 5 frames of 33 bytes: 4 fit, and a part of the fifth.
    for (int i = 0; i < 5; ++i)
      CHECK(writer.Append(1, std::string(20, static_cast<char>('a' + i))) == 0);
    CHECK(writer.Flush() == EFBIG);
    REQUIRE(writer.failed());
    CHECK(writer.failure()->message == "writing " + folder.PathOf(1) + ": File too large");
    CHECK(writer.dropped_frames() == 1);
    CHECK(writer.Append(1, "after") == EFBIG);
    CHECK(writer.Flush() == EFBIG);
    CHECK(writer.SyncNow() == EFBIG);
    CHECK(writer.dropped_frames() == 2);
  }
  CHECK(folder.Bytes(1).size() == 55 + 4 * 33);
  const LogContent content = ReadContent(folder.path());
  CHECK(content.frames.size() == 5);
  CHECK(content.frames.back().payload == std::string(20, 'd'));
  CHECK(content.report.torn_bytes == 0);
  CHECK(content.report.lost_bytes == 0);
  // The next process goes on.
  { CHECK(Writer(folder.path()).Append(1, "next") == 0); }
  CHECK(ReadContent(folder.path()).payloads().back() == "next");
}

TEST_CASE("a full disk is a failure that names the segment, and the log stays readable") {
  const LogFolder folder;
  Writer writer(folder.path());
  CHECK(writer.Append(1, "before") == 0);
  CHECK(writer.Flush() == 0);
  ReplaceDescriptor(folder.PathOf(1), open("/dev/full", O_WRONLY));
  CHECK(writer.Append(1, "lost") == 0);
  CHECK(writer.Flush() == ENOSPC);
  REQUIRE(writer.failed());
  CHECK(writer.failure()->message == "writing " + folder.PathOf(1) + ": No space left on device");
  CHECK(writer.Append(1, "lost") == ENOSPC);
  CHECK(writer.dropped_frames() == 2);
  CHECK(ReadContent(folder.path()).payloads() == Texts{"before"});
}

TEST_CASE("a log that ends early leaves a mark, unless the run ends with it") {
  for (const bool survives_host : {false, true}) {
    const LogFolder folder;
    const std::string mark = folder.path() + "/ended";
    {
      Writer writer(folder.path(), {.survives_host = survives_host});
      ReplaceDescriptor(folder.PathOf(1), open("/dev/full", O_WRONLY));
      CHECK(writer.Append(1, "lost") == 0);
      CHECK(access(mark.c_str(), F_OK) != 0);
      CHECK(writer.Flush() == ENOSPC);
    }
    CHECK((access(mark.c_str(), F_OK) == 0) != survives_host);
  }
}

TEST_CASE("a disk that can't sync is a failure of the next call") {
  const LogFolder folder;
  Writer writer(folder.path(), {.sync_interval = std::chrono::hours(1)});
  // A pipe takes bytes, and cannot be synced.
  int pipe_ends[2];
  REQUIRE(pipe(pipe_ends) == 0);
  ReplaceDescriptor(folder.PathOf(1), pipe_ends[1]);
  CHECK(writer.Append(1, "x") == 0);
  CHECK(writer.Flush() == 0);
  CHECK(writer.SyncNow() == EINVAL);
  REQUIRE(writer.failed());
  CHECK(writer.failure()->message == "syncing " + folder.path() + ": Invalid argument");
  CHECK(writer.Append(1, "y") == EINVAL);
  close(pipe_ends[0]);
}

TEST_CASE("a commit waits for the disk where frames survive the host") {
  for (const bool survives_host : {false, true}) {
    const LogFolder folder;
    Writer writer(folder.path(),
                  {.sync_interval = std::chrono::hours(1), .survives_host = survives_host});
    int pipe_ends[2];
    REQUIRE(pipe(pipe_ends) == 0);
    ReplaceDescriptor(folder.PathOf(1), pipe_ends[1]);
    CHECK(writer.Append(1, "x") == 0);
    CHECK(writer.Commit() == (survives_host ? EINVAL : 0));
    CHECK(writer.failed() == survives_host);
    close(pipe_ends[0]);
  }
}

TEST_CASE("the size limit of the process is the limit of segments") {
  const LogFolder folder;
  const FileSizeLimit limit(100, SIG_DFL);
  Writer writer(folder.path());
  for (int i = 0; i < 4; ++i) CHECK(writer.Append(1, std::string(20, 'x')) == 0);
  CHECK(writer.segment() == 4);
  CHECK(writer.Flush() == 0);
  // No segment has room for this one.
  CHECK(writer.Append(1, std::string(80, 'x')) == EFBIG);
  CHECK(writer.failed());
  CHECK(writer.dropped_frames() == 1);
  CHECK(ReadContent(folder.path()).frames.size() == 4);
}

TEST_CASE("a segment is not made where its header exceeds the limit on file sizes") {
  const LogFolder folder;
  const FileSizeLimit limit(10, SIG_DFL);
  const Writer writer(folder.path());
  REQUIRE(writer.failed());
  CHECK(writer.failure()->error == EFBIG);
  CHECK(ReadContent(folder.path()).report.segments == 0);
}

TEST_CASE("frames of all segments reach the disk together") {
  const LogFolder folder;
  Writer writer(folder.path(), {.segment_size = 60, .sync_interval = std::chrono::hours(1)});
  for (int i = 0; i < 100; ++i) CHECK(writer.Append(1, "frame") == 0);
  CHECK(writer.SyncNow() == 0);
  CHECK(writer.segment() == 100);
  CHECK(ReadContent(folder.path()).frames.size() == 100);
}

}  // namespace flux_ensemble::log
