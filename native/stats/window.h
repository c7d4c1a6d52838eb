// Statistics of a sliding window of seconds, in constant memory: one aggregate for each pane
// (panes.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "stats/aggregate.h"
#include "stats/panes.h"

namespace flux_ensemble::stats {

class Window {
 public:
  // In seconds. A window without a length is only good for Persist().
  explicit Window(double length = 0) : length_(length), panes_(length) {}

  double length() const { return length_; }

  // Advances the window to a time, which must not be earlier than any before. Older panes are
  // dropped.
  void Advance(double now) {
    const std::int64_t index = panes_.IndexOf(now);
    if (index <= newest_) return;
    const std::int64_t passed = newest_ == Panes::kNone ? Panes::kCount : index - newest_;
    if (passed >= Panes::kCount) {
      for (Aggregate& pane : ring_) pane.Clear();
      total_.sketch.Clear();
    } else {
      for (std::int64_t i = newest_ + 1; i <= index; ++i) {
        Aggregate& pane = ring_[Panes::PlaceOf(i)];
        if (pane.sketch.count() == 0) continue;
        total_.sketch.Remove(pane.sketch);
        pane.Clear();
      }
      if (total_.sketch.CouldBeFiner()) Rebuild();
    }
    newest_ = index;
    closed_stale_ = true;
    total_stale_ = true;
  }

  // Adds an observation. A late observation goes into the pane of its own time.
  void Observe(double x, double time) {
    const std::int64_t index = panes_.IndexOf(time);
    if (index > newest_) Advance(time);
    if (index <= newest_ - Panes::kCount) return;
    ring_[Panes::PlaceOf(index)].Observe(x);
    total_.sketch.Observe(x);
    if (index != newest_) closed_stale_ = true;
    total_stale_ = true;
  }

  // The panes of the window, oldest first. Valid until the next call.
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

  // The time at which the oldest observation leaves the window.
  double NextChange() const {
    for (std::int64_t i = newest_ - Panes::kCount + 1; i <= newest_; ++i) {
      if (ring_[Panes::PlaceOf(i)].sketch.count() > 0) return panes_.BeginOf(i + Panes::kCount);
    }
    return Panes::kNever;
  }

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(length_, newest_, ring_, closed_, total_, closed_stale_, total_stale_);
    if constexpr (Archive::kReads) panes_ = Panes(length_);
  }

 private:
  // Merged buckets can't be separated, so a finer total is made from the panes.
  void Rebuild() {
    total_.sketch.Clear();
    for (const Aggregate& pane : ring_) total_.sketch.Merge(pane.sketch);
  }

  double length_;
  Panes panes_;
  std::int64_t newest_ = Panes::kNone;
  std::array<Aggregate, Panes::kCount> ring_;
  // The aggregate of all panes but the newest, and of all panes. The sketch of the latter
  // always has all observations, because counts can be subtracted.
  Moments closed_;
  Aggregate total_;
  bool closed_stale_ = false;
  bool total_stale_ = false;
};

}  // namespace flux_ensemble::stats
