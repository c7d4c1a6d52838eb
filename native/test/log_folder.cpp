#include "test/log_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "log/crc32c.h"
#include "log/frame.h"
#include "log/segment_files.h"

namespace flux_ensemble::test {

namespace {

namespace fs = std::filesystem;

class Collector final : public log::FrameSink {
 public:
  explicit Collector(LogContent& content) : content_(content) {}

  void OnFrame(const log::Frame& frame) override {
    content_.frames.push_back(
        {frame.segment, frame.epoch, frame.offset, frame.type, std::string(frame.payload)});
  }
  void OnLoss() override { content_.losses.push_back(content_.frames.size()); }

 private:
  LogContent& content_;
};

// Size of the whole frame at the start of the bytes, or 0. `cut` says whether more bytes could make
// one.
std::size_t FrameSizeAt(std::string_view bytes, bool* cut) {
  *cut = false;
  if (bytes.size() < log::kFrameHeaderSize) {
    *cut = !bytes.empty() && log::kMarker.starts_with(bytes.substr(0, log::kMarker.size()));
    return 0;
  }
  const log::FrameHeader header(bytes.data());
  if (!header.marked || header.payload_size > log::kMaxPayload) return 0;
  const std::size_t size = log::kFrameHeaderSize + header.payload_size;
  *cut = size > bytes.size();
  if (*cut) return 0;
  const std::string_view checked = bytes.substr(0, size).substr(log::kCheckedFrom);
  return log::Crc32cByTables(checked) == header.crc ? size : 0;
}

}  // namespace

LogFolder::LogFolder() {
  // In memory where there is such a folder: the tests make thousands.
  const fs::path parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : fs::temp_directory_path();
  std::string name = (parent / "ensemble-log-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) std::abort();
  parent_ = name;
  path_ = name + "/log";
}

LogFolder::~LogFolder() {
  std::error_code ignored;
  fs::remove_all(parent_, ignored);
}

std::string LogFolder::PathOf(std::uint64_t segment) const {
  return path_ + '/' + log::SegmentName(segment);
}

std::string LogFolder::Bytes(std::uint64_t segment) const {
  std::ifstream file(PathOf(segment), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void LogFolder::SetBytes(std::uint64_t segment, std::string_view bytes) const {
  mkdir(path_.c_str(), 0700);
  std::ofstream file(PathOf(segment), std::ios::binary | std::ios::trunc);
  file << bytes;
  file.close();
  if (!file) std::abort();
}

void LogFolder::Remove(std::uint64_t segment) const {
  fs::remove(PathOf(segment));
}

std::vector<std::string> LogContent::payloads() const {
  std::vector<std::string> all;
  for (const LogFrame& frame : frames) all.push_back(frame.payload);
  return all;
}

LogContent ReadContent(const std::string& folder, log::SegmentRange range) {
  LogContent content;
  Collector collector(content);
  content.report = log::ReadLog(folder, collector, range);
  return content;
}

ExpectedSegment ExpectSegment(std::uint64_t number, std::string_view bytes) {
  ExpectedSegment expected;
  std::optional<log::SegmentHeader> header = log::DecodeHeader(bytes);
  if (header && header->number != number) header.reset();
  if (header && header->version != log::kFormatVersion) {
    expected.lost_bytes = bytes.size();
    expected.damaged_places = 1;
    return expected;
  }
  bool cut = false;
  std::size_t good_until = header ? log::kHeaderSize : 0;
  std::size_t offset = good_until;
  while (offset < bytes.size()) {
    const std::size_t size = FrameSizeAt(bytes.substr(offset), &cut);
    if (size == 0) {
      ++offset;
      continue;
    }
    if (offset > good_until) {
      expected.lost_bytes += offset - good_until;
      ++expected.damaged_places;
    }
    const std::string_view frame = bytes.substr(offset, size);
    expected.frames.push_back({number, header ? header->epoch : 0, offset,
                               static_cast<std::uint8_t>(frame[12]),
                               std::string(frame.substr(log::kFrameHeaderSize))});
    offset += size;
    good_until = offset;
  }
  const std::string_view rest = bytes.substr(good_until);
  FrameSizeAt(rest, &cut);
  const bool cut_header = bytes.size() < log::kHeaderSize &&
                          log::kMagic.starts_with(bytes.substr(0, log::kMagic.size()));
  if (cut || cut_header) {
    expected.torn_bytes = rest.size();
  } else if (!rest.empty()) {
    expected.lost_bytes += rest.size();
    ++expected.damaged_places;
  }
  return expected;
}

}  // namespace flux_ensemble::test
