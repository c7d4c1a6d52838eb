// A temporary folder with a run log, and the content that a reader finds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "log/reader.h"

namespace flux_ensemble::test {

// Removed with its owner.
class LogFolder {
 public:
  LogFolder();
  ~LogFolder();
  LogFolder(const LogFolder&) = delete;
  LogFolder& operator=(const LogFolder&) = delete;

  // Missing until a writer makes it.
  const std::string& path() const { return path_; }
  std::string PathOf(std::uint64_t segment) const;

  std::string Bytes(std::uint64_t segment) const;
  void SetBytes(std::uint64_t segment, std::string_view bytes) const;
  void Remove(std::uint64_t segment) const;

 private:
  std::string parent_;
  std::string path_;
};

struct LogFrame {
  std::uint64_t segment = 0;
  std::uint32_t epoch = 0;
  std::uint64_t offset = 0;
  std::uint8_t type = 0;
  std::string payload;

  bool operator==(const LogFrame&) const = default;
};

struct LogContent {
  std::vector<LogFrame> frames;
  std::vector<std::size_t> losses;  // for each loss, the number of frames before
  log::ReadReport report;

  std::vector<std::string> payloads() const;
};

LogContent ReadContent(const std::string& folder, log::SegmentRange range = {});

// The frames that a reader must find in one segment. Simple, and quadratic in its size.
struct ExpectedSegment {
  std::vector<LogFrame> frames;
  std::uint64_t lost_bytes = 0;
  std::uint64_t damaged_places = 0;
  std::uint64_t torn_bytes = 0;
};
ExpectedSegment ExpectSegment(std::uint64_t number, std::string_view bytes);

}  // namespace flux_ensemble::test
