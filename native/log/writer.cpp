#include "log/writer.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>
#include <vector>

#include "log/segment_files.h"

namespace flux_ensemble::log {

namespace {

// A full buffer is flushed without a call of Flush().
constexpr std::size_t kFullBuffer = std::size_t{256} << 10;

std::uint64_t FileSizeLimit() {
  rlimit limit{};
  const bool limited = getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
  return limited ? limit.rlim_cur : UINT64_MAX;
}

struct Place {
  std::uint64_t size = 0;
  std::optional<SegmentHeader> header;
};

// A segment of an earlier process. The result is empty for a file that cannot be read.
Place Look(const std::string& path) {
  Place place;
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!file.valid() || fstat(file.get(), &status) != 0) return place;
  place.size = static_cast<std::uint64_t>(status.st_size);
  std::array<char, kHeaderSize> bytes{};
  if (pread(file.get(), bytes.data(), bytes.size(), 0) == ssize_t{kHeaderSize}) {
    place.header = DecodeHeader({bytes.data(), bytes.size()});
  }
  return place;
}

}  // namespace

Writer::Writer(std::string folder, WriterOptions options)
    : folder_(std::move(folder)),
      file_size_limit_(FileSizeLimit()),
      segment_limit_(std::min(options.segment_size, file_size_limit_)),
      survives_host_(options.survives_host),
      syncer_(options.sync_interval),
      buffer_(std::make_unique_for_overwrite<char[]>(kFullBuffer + kMaxFrame)) {
  Open();
}

Writer::~Writer() {
  SyncNow();
}

int Writer::Open() {
  if (mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) return Fail(errno, "making", folder_);
  folder_file_ =
      std::make_shared<UniqueFd>(open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder_file_->valid()) return Fail(errno, "opening", folder_);
  if (const int error = FindPlace(); error != 0) return error;
  if (const int error = syncer_.Start(); error != 0) return Fail(error, "syncing", folder_);
  if (const int error = BeginSegment(); error != 0) return error;
  // Without the mark, only its absence after a failure is wrong.
  const std::string spare = MarkPath(kSpareMark);
  const UniqueFd mark(open(spare.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  begun_ = true;
  return 0;
}

void Writer::MarkEnd() const {
  const std::string spare = MarkPath(kSpareMark);
  utimensat(AT_FDCWD, spare.c_str(), nullptr, 0);
  rename(spare.c_str(), MarkPath(kEndMark).c_str());
}

// The new epoch must differ from all before, also from those whose headers are damaged.
int Writer::FindPlace() {
  std::vector<std::uint64_t> numbers;
  if (const int error = ListSegments(folder_, &numbers); error != 0) {
    return Fail(error, "reading", folder_);
  }
  if (numbers.empty()) return 0;
  number_ = numbers.back();
  written_ = Look(PathOf(number_)).size;
  for (auto number = numbers.rbegin(); number != numbers.rend(); ++number, ++epoch_) {
    if (const Place place = Look(PathOf(*number)); place.header) {
      epoch_ += place.header->epoch;
      break;
    }
  }
  return 0;
}

int Writer::BeginSegment() {
  const SegmentHeader header{.epoch = epoch_, .number = number_ + 1, .previous_size = written_};
  const std::string path = PathOf(header.number);
  if (kHeaderSize > file_size_limit_) return Fail(EFBIG, "making", path);
  // A file of this number belongs to another writer: two must not write one log.
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return Fail(errno, "making", path);
  file_ = std::make_shared<UniqueFd>(fd);
  number_ = header.number;
  const auto bytes = EncodeHeader(header);
  std::size_t written = 0;
  if (const int error = Write({bytes.data(), bytes.size()}, &written); error != 0) {
    unlink(path.c_str());
    return Fail(error, "writing", path);
  }
  written_ = kHeaderSize;
  syncer_.Changed(file_);
  syncer_.Changed(folder_file_, Syncer::Kind::kFolder);
  return 0;
}

int Writer::MakeRoom(std::size_t bytes) {
  if (failed() || segment_size() + bytes <= segment_limit_ || segment_size() <= kHeaderSize) {
    return failed() ? failure_->error : 0;
  }
  if (const int error = Flush(); error != 0) return error;
  return BeginSegment();
}

int Writer::Append(std::uint8_t type, std::string_view payload) {
  if (failed() || payload.size() > kMaxPayload) {
    ++dropped_frames_;
    return failed() ? failure_->error : EMSGSIZE;
  }
  const std::size_t size = kFrameHeaderSize + payload.size();
  MakeRoom(size);
  if (!failed() && segment_size() + size > file_size_limit_) {
    Fail(EFBIG, "writing", PathOf(number_));
  }
  if (failed()) {
    ++dropped_frames_;
    return failure_->error;
  }
  EncodeFrame(type, payload, buffer_.get() + buffered_);
  buffered_ += size;
  ++buffered_frames_;
  return buffered_ >= kFullBuffer ? Flush() : 0;
}

int Writer::Flush() {
  if (failed()) return failure_->error;
  if (const int error = syncer_.error(); error != 0) return Fail(error, "syncing", folder_);
  if (buffered_ == 0) return 0;
  std::size_t written = 0;
  const int error = Write({buffer_.get(), buffered_}, &written);
  if (error != 0) {
    CutToWholeFrames(written);
    return Fail(error, "writing", PathOf(number_));
  }
  written_ += buffered_;
  buffered_ = 0;
  buffered_frames_ = 0;
  syncer_.Changed(file_);
  return 0;
}

int Writer::SyncNow() {
  Flush();
  // After a failure as well: what was written before belongs to the log.
  const int error = syncer_.SyncNow();
  if (error != 0 && !failed()) return Fail(error, "syncing", folder_);
  return failed() ? failure_->error : 0;
}

int Writer::Write(std::string_view bytes, std::size_t* written) {
  while (*written < bytes.size()) {
    const std::string_view rest = bytes.substr(*written);
    const ssize_t got = write(file_->get(), rest.data(), rest.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got < 0 ? errno : EIO;
    *written += static_cast<std::size_t>(got);
  }
  return 0;
}

// After `written` bytes of the buffer were written.
void Writer::CutToWholeFrames(std::size_t written) {
  std::size_t whole = 0;
  for (;;) {
    const FrameHeader frame(buffer_.get() + whole);
    const std::size_t end = whole + kFrameHeaderSize + frame.payload_size;
    if (end > written) break;
    whole = end;
    --buffered_frames_;
  }
  written_ += whole;
  // When this fails, the torn frame stays; the reader knows such ends.
  (void)!ftruncate(file_->get(), static_cast<off_t>(written_));
  syncer_.Changed(file_);
}

int Writer::Fail(int error, std::string_view operation, const std::string& path) {
  failure_ = {error,
              std::string(operation) + ' ' + path + ": " + std::generic_category().message(error)};
  dropped_frames_ += buffered_frames_;
  buffered_frames_ = 0;
  buffered_ = 0;
  if (begun_ && !survives_host_) MarkEnd();
  return error;
}

std::string Writer::PathOf(std::uint64_t number) const {
  return folder_ + '/' + SegmentName(number);
}

}  // namespace flux_ensemble::log
