// Reads the frames of a run log, also of a damaged one, and of one that is written meanwhile.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace flux_ensemble::log {

struct Frame {
  std::uint64_t segment = 0;
  // A segment with a damaged header has the epoch of the segment before.
  std::uint32_t epoch = 0;
  // Place of the frame in its segment, in bytes.
  std::uint64_t offset = 0;
  std::uint8_t type = 0;
  std::string_view payload;
};

class FrameSink {
 public:
  // Called for each frame, in the order in which they were written. The payload is valid during the
  // call.
  virtual void OnFrame(const Frame& frame) = 0;
  // Frames may be missing between the one before and the one after this call.
  virtual void OnLoss() {}

 protected:
  ~FrameSink() = default;
};

struct ReadReport {
  // An errno when the folder could not be read, else 0.
  int error = 0;
  std::uint64_t segments = 0;
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;  // size of all segments
  // Bytes that belong to no frame, and bytes that are known to be missing at the end of a segment.
  std::uint64_t lost_bytes = 0;
  // Places with lost bytes. One place may have had several frames.
  std::uint64_t damaged_places = 0;
  // Segments that cannot be read, and numbers without one between the first and the last number.
  std::uint64_t missing_segments = 0;
  // Bytes of frames that were not whole when a process or its host ended. They count as no damage:
  // a writer has promised nothing about them.
  std::uint64_t torn_bytes = 0;
  // Words for the first loss, empty without one: a path, the offset, a size, the reason.
  std::string first_damage;
};

// Segments by number. Those up to `after` are known from elsewhere.
struct SegmentRange {
  std::uint64_t after = 0;
  std::uint64_t through = ~std::uint64_t{0};
  // Reading ends early when this becomes true.
  const std::atomic<bool>* stopped = nullptr;
};

// Reads all frames that are in these segments of the folder by now.
ReadReport ReadLog(const std::string& folder, FrameSink& sink, SegmentRange range = {});

}  // namespace flux_ensemble::log
