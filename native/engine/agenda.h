// What happens by time alone: times, and what is due then.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

namespace flux_ensemble::engine {

inline constexpr double kNever = std::numeric_limits<double>::infinity();

struct Appointment {
  enum class Kind : std::uint8_t {
    kRule,      // judge the rule: an interval, a cron time, the end of `for` or of a cooldown
    kMetric,    // a windowed metric changes
    kWatchdog,  // a job of the group may have stalled
  };
  double time = 0;  // seconds since the epoch
  Kind kind = Kind::kRule;
  std::uint32_t index = 0;  // of the rule, the metric or the group
};

// A heap. Appointments are not taken back: whoever made one knows when it has come whether it still
// stands.
class Agenda {
 public:
  // Times that are none, and kNever, are no appointments.
  void Add(double time, Appointment::Kind kind, std::uint32_t index) {
    if (!(time < kNever)) return;
    heap_.push_back({time, kind, index});
    std::push_heap(heap_.begin(), heap_.end(), Later);
  }

  double next() const { return heap_.empty() ? kNever : heap_.front().time; }

  // Must not be empty.
  Appointment Take() {
    std::pop_heap(heap_.begin(), heap_.end(), Later);
    const Appointment first = heap_.back();
    heap_.pop_back();
    return first;
  }

 private:
  // Of one time, in the order of kinds and indexes: nothing depends on the order of adding.
  static bool Later(const Appointment& a, const Appointment& b) {
    if (a.time != b.time) return a.time > b.time;
    if (a.kind != b.kind) return a.kind > b.kind;
    return a.index > b.index;
  }

  std::vector<Appointment> heap_;
};

}  // namespace flux_ensemble::engine
