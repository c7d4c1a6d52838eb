#include "log/entry_log.h"

#include <utility>

namespace flux_ensemble::log {

namespace {

class FrameReader final : public FrameSink {
 public:
  FrameReader(EntryVisitor& visitor, std::uint64_t& unreadable)
      : visitor_(visitor), unreadable_(unreadable) {}

  void OnFrame(const Frame& frame) override {
    const auto type = static_cast<FrameType>(frame.type);
    if (!std::exchange(begun_, true)) begins_whole_ = type == FrameType::kFirstEntries;
    if (type == FrameType::kPart) {
      parts_.append(frame.payload);
      return;
    }
    if (type == FrameType::kFirstEntries) reader_.ClearPatterns();
    const bool known = type == FrameType::kFirstEntries || type == FrameType::kEntries;
    std::string_view payload = frame.payload;
    if (!parts_.empty()) payload = parts_.append(payload);
    if (!known || !reader_.Read(payload, visitor_)) ++unreadable_;
    parts_.clear();
  }
  void OnLoss() override { parts_.clear(); }

  bool begins_whole() const { return begins_whole_; }
  bool ends_whole() const { return parts_.empty(); }

 private:
  EntryVisitor& visitor_;
  std::uint64_t& unreadable_;
  EntryReader reader_;
  bool begun_ = false;
  bool begins_whole_ = true;
  std::string parts_;  // of entries that are longer than a frame
};

}  // namespace

EntryReport ReadEntries(const std::string& folder, EntryVisitor& visitor, SegmentRange range) {
  EntryReport report;
  FrameReader frames(visitor, report.unreadable_frames);
  report.frames = ReadLog(folder, frames, range);
  report.begins_whole = frames.begins_whole();
  report.ends_whole = frames.ends_whole();
  return report;
}

std::string DescribeDamage(const EntryReport& report) {
  const ReadReport& frames = report.frames;
  std::string words;
  const auto add = [&words](std::uint64_t count, std::string_view what) {
    if (count == 0) return;
    words.append(words.empty() ? "" : ", ").append(std::to_string(count)).append(what);
    if (count > 1) words.push_back('s');
  };
  add(frames.damaged_places, " damaged place");
  add(frames.lost_bytes, " lost byte");
  add(frames.missing_segments, " missing segment");
  add(report.unreadable_frames, " unreadable frame");
  if (!frames.first_damage.empty()) words.append(": ").append(frames.first_damage);
  return words;
}

}  // namespace flux_ensemble::log
