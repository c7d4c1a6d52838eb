// A stream of numbers and its statistics: always a summary; on request running totals, a sketch and
// sliding windows.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "stats/aggregate.h"
#include "stats/running_totals.h"
#include "stats/statistic.h"
#include "stats/summary.h"
#include "stats/window.h"

namespace flux_ensemble::stats {

class StreamView;

class Stream {
 public:
  // `x` must be finite; `time` is in seconds since the epoch.
  void Observe(double x, double time) {
    summary_.Observe(x);
    if (more_ != nullptr) more_->Observe(x, time);
  }

  const Summary& summary() const { return summary_; }
  // The observations since the sketch was requested, in mergeable form; null without a sketch.
  const Aggregate* sketched() const {
    return more_ != nullptr && more_->sketched ? &*more_->sketched : nullptr;
  }

  // Keeps the data of a statistic from now on. Earlier observations still count for the sum; they
  // are not in the sketch.
  void Keep(Statistic statistic) {
    if (IsSummarized(statistic)) return;
    More& more = KeepMore();
    if (IsSketched(statistic) && !more.sketched) more.sketched.emplace();
  }
  // The same for a window of a length in seconds. Returns the index of the window.
  std::size_t KeepWindow(double length) {
    std::vector<Window>& windows = KeepMore().windows;
    for (std::size_t i = 0; i < windows.size(); ++i) {
      if (windows[i].length() == length) return i;
    }
    windows.emplace_back(length);
    return windows.size() - 1;
  }

  double Get(Statistic statistic, double q) const {
    return Value(summary_, more_ == nullptr ? nullptr : &more_->totals, sketched(), statistic, q);
  }
  Window& window(std::size_t place) { return more_->windows[place]; }

  // The value of a statistic. kNoValue before the first observation that it uses.
  static double Value(const Summary& summary, const RunningTotals* totals,
                      const Aggregate* sketched, Statistic statistic, double q) {
    if (IsSummarized(statistic)) return summary.Get(statistic);
    if (IsSketched(statistic)) return sketched == nullptr ? kNoValue : sketched->Get(statistic, q);
    if (totals == nullptr || summary.count() == 0) return kNoValue;
    if (statistic == Statistic::kSum) return totals->sum.value();
    if (!totals->any) return kNoValue;
    return statistic == Statistic::kLast ? totals->last : totals->ewma;
  }

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(summary_, more_);
  }

 private:
  friend class StreamView;

  struct More {
    RunningTotals totals;
    std::optional<Aggregate> sketched;
    std::vector<Window> windows;

    void Observe(double x, double time) {
      totals.Observe(x);
      if (sketched) sketched->Observe(x);
      for (Window& window : windows) window.Observe(x, time);
    }

    template <typename Archive>
    void Persist(Archive& archive) {
      archive(totals, sketched, windows);
    }
  };

  More& KeepMore() {
    if (more_ != nullptr) return *more_;
    more_ = std::make_unique<More>();
    if (summary_.count() > 0) {
      more_->totals.sum.Add(summary_.Get(Statistic::kMean) * static_cast<double>(summary_.count()));
    }
    return *more_;
  }

  Summary summary_;
  std::unique_ptr<More> more_;
};

// A copy of a stream at one moment. Observations may be added to the copy.
class StreamView {
 public:
  // The stream's windows as they are at `now`.
  StreamView(Stream& stream, double now) : summary_(stream.summary_) {
    if (stream.more_ == nullptr) return;
    totals_ = stream.more_->totals;
    sketched_ = stream.more_->sketched;
    for (Window& window : stream.more_->windows) {
      window.Advance(now);
      windows_.push_back(window.Total());
    }
  }

  void Observe(double x) {
    summary_.Observe(x);
    if (totals_) totals_->Observe(x);
    if (sketched_) sketched_->Observe(x);
    for (Aggregate& window : windows_) window.Observe(x);
  }

  double Get(Statistic statistic, double q) const {
    return Stream::Value(summary_, totals_ ? &*totals_ : nullptr, sketched_ ? &*sketched_ : nullptr,
                         statistic, q);
  }
  const Aggregate& window(std::size_t place) const { return windows_[place]; }

 private:
  Summary summary_;
  std::optional<RunningTotals> totals_;
  std::optional<Aggregate> sketched_;
  std::vector<Aggregate> windows_;
};

}  // namespace flux_ensemble::stats
