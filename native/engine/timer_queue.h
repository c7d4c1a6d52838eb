// Times at which something happens without an event, and what is due then.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

namespace flux_ensemble::engine {

inline constexpr double kNever = std::numeric_limits<double>::infinity();

struct Timer {
  enum class Kind : std::uint8_t {
    kRule,    // evaluate the rule: an interval, a cron time, the end of `for` or of a cooldown
    kMetric,  // a windowed metric changes
    kStall,   // a job of the group may have stalled
  };
  double time = 0;  // seconds since the epoch
  Kind kind = Kind::kRule;
  std::uint32_t index = 0;  // of the rule, the metric or the group

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(time, kind, index);
  }
};

// A heap. Timers are not removed before they are due: their owner checks then whether they still
// apply.
class TimerQueue {
 public:
  // Ignores NaN and kNever.
  void Add(double time, Timer::Kind kind, std::uint32_t index) {
    if (!(time < kNever)) return;
    heap_.push_back({time, kind, index});
    std::push_heap(heap_.begin(), heap_.end(), Later);
  }

  template <typename Visitor>
  bool All(Visitor visit) const {
    return std::ranges::all_of(heap_, visit);
  }

  double next() const { return heap_.empty() ? kNever : heap_.front().time; }

  // The queue must not be empty.
  Timer Take() {
    std::pop_heap(heap_.begin(), heap_.end(), Later);
    const Timer first = heap_.back();
    heap_.pop_back();
    return first;
  }

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(heap_);
  }

 private:
  // Timers of one time come by kind and index, so that the order of adding has no effect.
  static bool Later(const Timer& a, const Timer& b) {
    if (a.time != b.time) return a.time > b.time;
    if (a.kind != b.kind) return a.kind > b.kind;
    return a.index > b.index;
  }

  std::vector<Timer> heap_;
};

}  // namespace flux_ensemble::engine
