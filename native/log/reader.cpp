#include "log/reader.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
#include "log/frame.h"
#include "log/frame_finder.h"
#include "log/segment_files.h"
#include "log/window.h"

namespace flux_ensemble::log {

namespace {

std::string_view WordsFor(Verdict verdict) {
  switch (verdict) {
    case Verdict::kTooLong:
      return "the size of a frame is above the limit";
    case Verdict::kChecksum:
      return "the checksum of a frame is wrong";
    case Verdict::kCut:
      return "a frame is cut off";
    default:
      return "no frame begins here";
  }
}

std::string WordsFor(int error) {
  return std::generic_category().message(error);
}

class LogReader {
 public:
  LogReader(const std::string& folder, FrameSink& sink, SegmentRange range)
      : folder_(folder), sink_(sink), range_(range), number_(range.after) {}

  ReadReport Read() {
    std::vector<std::uint64_t> numbers;
    report_.error = ListSegments(folder_, &numbers);
    for (const std::uint64_t number : numbers) {
      if (number > range_.through || (range_.stopped != nullptr && *range_.stopped)) break;
      if (number > range_.after) ReadSegment(number);
    }
    FinishSegment(HeaderAfter());
    return std::move(report_);
  }

 private:
  // A segment after its last frame. The header of the next one says whether this is as it was left.
  struct End {
    std::uint64_t offset = 0;  // after the last frame
    std::uint64_t size = 0;    // of the segment
    bool may_be_torn = false;
    bool failed = false;      // a read before its end
    std::string reason = {};  // for bytes after the last frame
  };

  void ReadSegment(std::uint64_t number);
  void SkipSegment(std::uint64_t number, const std::string& reason);
  void ReadFrames(Window& window, const std::optional<SegmentHeader>& header, std::uint64_t size);
  std::optional<SegmentHeader> HeaderAfter() const;
  void FinishSegment(const std::optional<SegmentHeader>& next);
  void NoteGap(std::uint64_t number, const std::optional<SegmentHeader>& header);
  void Lose(std::uint64_t offset, std::uint64_t bytes, const std::string& reason);
  void Note(const std::string& path, const std::string& words);
  std::string PathOf(std::uint64_t number) const { return folder_ + '/' + SegmentName(number); }

  const std::string& folder_;
  FrameSink& sink_;
  const SegmentRange range_;
  ReadReport report_;
  std::uint64_t number_;  // of the current segment
  std::uint32_t epoch_ = 0;
  std::optional<End> end_;  // of the current segment, once it is read
};

void LogReader::ReadSegment(std::uint64_t number) {
  // Not blocking, as a named pipe would.
  const UniqueFd file(open(PathOf(number).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid() && errno == ENOENT) return;  // It was removed after the folder was read.
  struct stat status {};
  if (!file.valid() || fstat(file.get(), &status) != 0) return SkipSegment(number, WordsFor(errno));
  if (!S_ISREG(status.st_mode)) return SkipSegment(number, "not a file");

  Window window(file.get());
  std::optional<SegmentHeader> header = DecodeHeader(window.From(0, kHeaderSize));
  if (header && header->number != number) header.reset();
  FinishSegment(number == number_ + 1 ? header : std::nullopt);
  NoteGap(number, header);

  ++report_.segments;
  number_ = number;
  if (header) epoch_ = header->epoch;
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (header && header->version != kFormatVersion) {
    report_.bytes += size;
    Lose(0, size,
         "format version " + std::to_string(header->version) + " is unknown, known is " +
             std::to_string(kFormatVersion));
    end_ = End{.offset = size, .size = size};
    return;
  }
  ReadFrames(window, header, size);
}

void LogReader::SkipSegment(std::uint64_t number, const std::string& reason) {
  FinishSegment(std::nullopt);
  NoteGap(number, std::nullopt);
  ++report_.missing_segments;
  number_ = number;
  Note(PathOf(number), "the segment cannot be read: " + reason);
}

void LogReader::ReadFrames(Window& window, const std::optional<SegmentHeader>& header,
                           std::uint64_t size) {
  const std::string_view head = window.From(0, kHeaderSize);
  const bool cut_header =
      head.size() < kHeaderSize && kMagic.starts_with(head.substr(0, kMagic.size()));
  std::uint64_t offset = header ? kHeaderSize : 0;
  FrameFinder finder(window);
  FrameFinder::Found found;
  std::string reason;
  while (range_.stopped == nullptr || !*range_.stopped) {
    found = finder.At(offset);
    if (found.verdict == Verdict::kFrame) {
      ++report_.frames;
      sink_.OnFrame({number_, epoch_, offset, found.type, found.payload});
      offset += kFrameHeaderSize + found.payload.size();
      continue;
    }
    if (found.verdict == Verdict::kEnd) break;
    reason = header || offset > 0 ? WordsFor(found.verdict) : "the segment's header is damaged";
    const std::optional<std::uint64_t> next = finder.Next(offset + 1);
    if (!next) break;
    Lose(offset, *next - offset, reason);
    offset = *next;
  }
  end_ = {.offset = offset,
          .size = window.end(),
          .may_be_torn = found.verdict == Verdict::kCut || cut_header,
          .reason = std::move(reason)};
  if (window.error() != 0) {
    end_->size = std::max(end_->size, size);
    end_->may_be_torn = false;
    end_->failed = true;
    end_->reason = "reading failed: " + WordsFor(window.error());
  }
  report_.bytes += end_->size;
}

// The header of the segment after the range; empty without one.
std::optional<SegmentHeader> LogReader::HeaderAfter() const {
  if (number_ != range_.through) return std::nullopt;
  const UniqueFd file(open(PathOf(number_ + 1).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) return std::nullopt;
  Window window(file.get());
  return DecodeHeader(window.From(0, kHeaderSize));
}

// `next` is the header of the segment with the next number, empty when it is missing or damaged.
void LogReader::FinishSegment(const std::optional<SegmentHeader>& next) {
  if (!end_) return;
  const End end = *std::exchange(end_, std::nullopt);
  const std::uint64_t rest = end.size - end.offset;
  const std::uint64_t cut =
      next && next->previous_size > end.size ? next->previous_size - end.size : 0;
  // A process that goes on to the next segment has left no torn frame.
  const bool is_torn = end.may_be_torn && cut == 0 && !(next && next->epoch == epoch_);
  if (is_torn) {
    report_.torn_bytes += rest;
  } else if (rest + cut > 0 || end.failed) {
    Lose(end.offset, rest + cut, rest > 0 || end.failed ? end.reason : "the segment is cut off");
  }
}

void LogReader::NoteGap(std::uint64_t number, const std::optional<SegmentHeader>& header) {
  if (number == number_ + 1) return;
  report_.missing_segments += number - number_ - 1;
  if (header) report_.lost_bytes += header->previous_size;
  Note(PathOf(number_ + 1), "the segment is missing");
}

void LogReader::Lose(std::uint64_t offset, std::uint64_t bytes, const std::string& reason) {
  report_.lost_bytes += bytes;
  ++report_.damaged_places;
  Note(PathOf(number_), "byte " + std::to_string(offset) + ": " + std::to_string(bytes) +
                            " bytes are lost: " + reason);
}

void LogReader::Note(const std::string& path, const std::string& words) {
  if (report_.first_damage.empty()) report_.first_damage = path + ": " + words;
  sink_.OnLoss();
}

}  // namespace

ReadReport ReadLog(const std::string& folder, FrameSink& sink, SegmentRange range) {
  return LogReader(folder, sink, range).Read();
}

}  // namespace flux_ensemble::log
