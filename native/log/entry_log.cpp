#include "log/entry_log.h"

namespace flux_ensemble::log {

namespace {

class FrameReader final : public FrameSink {
 public:
  FrameReader(EntryVisitor& visitor, std::uint64_t& unreadable)
      : visitor_(visitor), unreadable_(unreadable) {}

  void OnFrame(const Frame& frame) override {
    const auto type = static_cast<FrameType>(frame.type);
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

 private:
  EntryVisitor& visitor_;
  std::uint64_t& unreadable_;
  EntryReader reader_;
  std::string parts_;  // of entries that are longer than a frame
};

}  // namespace

EntryReport ReadEntries(const std::string& folder, EntryVisitor& visitor) {
  EntryReport report;
  FrameReader frames(visitor, report.unreadable_frames);
  report.frames = ReadLog(folder, frames);
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
