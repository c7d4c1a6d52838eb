// The number of events in a sliding window of seconds, in constant memory.
#pragma once

#include <array>
#include <cstdint>

#include "stats/panes.h"

namespace flux_ensemble::stats {

class CountWindow {
 public:
  // In seconds. A window without a length is only good for Persist().
  explicit CountWindow(double length = 0) : length_(length), panes_(length) {}

  double length() const { return length_; }

  // As a Window's.
  void Advance(double now) {
    const std::int64_t index = panes_.IndexOf(now);
    if (index <= newest_) return;
    if (newest_ == Panes::kNone || index - newest_ >= Panes::kCount) {
      ring_.fill(0);
      total_ = 0;
    } else {
      for (std::int64_t i = newest_ + 1; i <= index; ++i) {
        std::uint64_t& pane = ring_[Panes::PlaceOf(i)];
        total_ -= pane;
        pane = 0;
      }
    }
    newest_ = index;
  }

  void Add(double time) {
    const std::int64_t index = panes_.IndexOf(time);
    if (index > newest_) Advance(time);
    if (index <= newest_ - Panes::kCount) return;
    ++ring_[Panes::PlaceOf(index)];
    ++total_;
  }

  // Takes back what was added with this time, as far as it is still in the window.
  void Remove(double time) {
    const std::int64_t index = panes_.IndexOf(time);
    if (index > newest_ || index <= newest_ - Panes::kCount) return;
    std::uint64_t& pane = ring_[Panes::PlaceOf(index)];
    if (pane == 0) return;
    --pane;
    --total_;
  }

  std::uint64_t total() const { return total_; }

  double NextChange() const {
    for (std::int64_t i = newest_ - Panes::kCount + 1; i <= newest_; ++i) {
      if (ring_[Panes::PlaceOf(i)] > 0) return panes_.BeginOf(i + Panes::kCount);
    }
    return Panes::kNever;
  }

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(length_, newest_, ring_, total_);
    if constexpr (Archive::kReads) panes_ = Panes(length_);
  }

 private:
  double length_;
  Panes panes_;
  std::int64_t newest_ = Panes::kNone;
  std::array<std::uint64_t, Panes::kCount> ring_{};
  std::uint64_t total_ = 0;
};

}  // namespace flux_ensemble::stats
