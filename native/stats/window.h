// Statistics of the observations of the last so many seconds, in constant memory: one aggregate for
// each pane (panes.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "stats/aggregate.h"
#include "stats/panes.h"

namespace flux_ensemble::stats {

class Window {
 public:
  // In seconds.
  explicit Window(double length) : length_(length), panes_(length) {}

  double length() const { return length_; }

  // At this time, no earlier than any before, everything that is older than the window is left out.
  void Advance(double now) {
    const std::int64_t index = panes_.IndexOf(now);
    if (index <= newest_) return;
    const std::int64_t passed = newest_ == Panes::kNone ? Panes::kCount : index - newest_;
    if (passed >= Panes::kCount) {
      for (Aggregate& pane : ring_) pane.Clear();
      total_.sketch.Clear();
    } else {
      const bool rebuild = total_.sketch.full();
      for (std::int64_t i = newest_ + 1; i <= index; ++i) {
        Aggregate& pane = ring_[Panes::PlaceOf(i)];
        if (pane.sketch.count() == 0) continue;
        if (!rebuild) total_.sketch.Remove(pane.sketch);
        pane.Clear();
      }
      if (rebuild) Rebuild();
    }
    newest_ = index;
    closed_stale_ = true;
    total_stale_ = true;
  }

  // An observation of this time. One that comes late belongs to where it would have been.
  void Observe(double x, double time) {
    const std::int64_t index = panes_.IndexOf(time);
    if (index > newest_) Advance(time);
    if (index <= newest_ - Panes::kCount) return;
    ring_[Panes::PlaceOf(index)].Observe(x);
    total_.sketch.Observe(x);
    if (index != newest_) closed_stale_ = true;
    total_stale_ = true;
  }

  // What is in the window, oldest first. Holds until the next call of anything.
  const Aggregate& Total() {
    if (closed_stale_) {
      closed_ = Moments();
      for (std::int64_t i = newest_ - Panes::kCount + 1; i < newest_; ++i) {
        closed_.Merge(ring_[Panes::PlaceOf(i)].moments);
      }
      closed_stale_ = false;
    }
    if (total_stale_) {
      total_.moments = closed_;
      total_.moments.Merge(ring_[Panes::PlaceOf(newest_)].moments);
      total_stale_ = false;
    }
    return total_;
  }

  // When the first observation that is in the window now will be out of it.
  double NextChange() const {
    for (std::int64_t i = newest_ - Panes::kCount + 1; i <= newest_; ++i) {
      if (ring_[Panes::PlaceOf(i)].sketch.count() > 0) return panes_.BeginOf(i + Panes::kCount);
    }
    return Panes::kNever;
  }

 private:
  void Rebuild() {
    total_.sketch.Clear();
    for (const Aggregate& pane : ring_) total_.sketch.Merge(pane.sketch);
  }

  double length_;
  Panes panes_;
  std::int64_t newest_ = Panes::kNone;
  std::array<Aggregate, Panes::kCount> ring_;
  // All panes but the newest, and all of them. Of the latter the sketch is always right: counts can
  // be taken out of it again.
  Moments closed_;
  Aggregate total_;
  bool closed_stale_ = false;
  bool total_stale_ = false;
};

}  // namespace flux_ensemble::stats
