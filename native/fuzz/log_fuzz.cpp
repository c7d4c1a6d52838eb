// Any bytes for the reader of the run log: it finds what a simple reader finds. Bytes are cut into
// segments where a segment's magic begins.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "log/frame.h"
#include "test/log_folder.h"

namespace flux_ensemble {

namespace {

void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

void CheckReader(std::string_view bytes) {
  const test::LogFolder folder;
  std::vector<test::LogFrame> frames;
  std::uint64_t lost = 0;
  std::uint64_t torn = 0;
  std::uint64_t number = 0;
  std::uint64_t total = 0;
  while (!bytes.empty() && number < 64) {
    const std::string_view segment = bytes.substr(0, bytes.find(log::kMagic, 1));
    bytes.remove_prefix(segment.size());
    total += segment.size();
    folder.SetBytes(++number, segment);
    const test::ExpectedSegment expected = test::ExpectSegment(number, segment);
    frames.insert(frames.end(), expected.frames.begin(), expected.frames.end());
    lost += expected.lost_bytes;
    torn += expected.torn_bytes;
  }
  test::LogContent content = test::ReadContent(folder.path());
  Require(content.report.frames == content.frames.size(), "each frame is counted");
  Require(content.report.bytes == total, "each byte is counted");
  Require(content.report.missing_segments == 0, "no segment is missing");
  // Without damage of its header, a segment has its own epoch; the simple reader knows no other.
  for (test::LogFrame& frame : content.frames) frame.epoch = 0;
  for (test::LogFrame& frame : frames) frame.epoch = 0;
  Require(content.frames == frames, "both readers find the same frames");
  // Headers may say that torn bytes are lost, and that segments were longer.
  Require(content.report.torn_bytes <= torn, "no other bytes are torn");
  if (number == 1) {
    Require(content.report.lost_bytes == lost, "both readers lose the same bytes");
    Require(content.report.torn_bytes == torn, "both readers find the same torn bytes");
  }
  Require(content.report.first_damage.empty() == content.losses.empty(), "a loss has its words");
}

}  // namespace

}  // namespace flux_ensemble

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  flux_ensemble::CheckReader({reinterpret_cast<const char*>(data), size});
  return 0;
}
