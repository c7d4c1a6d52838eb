// Quantiles of a stream of numbers, with a relative error of 1 %, in bounded memory: C. Masson, J.
// E. Rim and H. K. Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error
// Guarantees", PVLDB 12(12), 2019. Sketches of parts of a stream, merged, are the sketch of the
// whole. Negative numbers have buckets of their own, by their distance from 0.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "stats/bucket_row.h"
#include "stats/log_buckets.h"

namespace flux_ensemble::stats {

class DdSketch {
 public:
  static constexpr double kRelativeError = 0.01;

  // `x` must be finite.
  void Observe(double x) {
    ++count_;
    if (x >= LogBuckets::kSmallest) [[likely]] {
      buckets_.Add(LogBuckets::IndexOf(x));
    } else if (x <= -LogBuckets::kSmallest) {
      negative_.Add(LogBuckets::IndexOf(-x));
    } else {
      ++zeros_;
    }
  }

  void Merge(const DdSketch& other) {
    count_ += other.count_;
    zeros_ += other.zeros_;
    buckets_.Merge(other.buckets_);
    negative_.Merge(other.negative_);
  }

  // Subtracts a whole part that was merged or observed before. Invalid for a full sketch: its
  // lowest buckets were merged, so their parts are unknown.
  void Remove(const DdSketch& part) {
    count_ -= part.count_;
    zeros_ -= part.zeros_;
    buckets_.Remove(part.buckets_);
    negative_.Remove(part.negative_);
  }

  // Keeps the memory.
  void Clear() {
    count_ = 0;
    zeros_ = 0;
    buckets_.Clear();
    negative_.Clear();
  }

  bool full() const { return buckets_.full() || negative_.full(); }

  std::uint64_t count() const { return count_; }
  // The count of zeros, including numbers too small for a bucket.
  std::uint64_t zeros() const { return zeros_; }
  // The positive numbers, and the negative ones by their distance from 0.
  const BucketRow& buckets() const { return buckets_; }
  const BucketRow& negative() const { return negative_; }

  // The count of numbers up to x. Numbers within 2 % of x may be counted on either side.
  std::uint64_t Rank(double x) const {
    if (x <= -LogBuckets::kSmallest) return negative_.CountFrom(LogBuckets::IndexOf(-x));
    const std::uint64_t below = count_ - zeros_ - buckets_.Count();
    if (!(x >= LogBuckets::kSmallest)) return x >= 0 ? below + zeros_ : below;
    return count_ - buckets_.CountFrom(LogBuckets::IndexOf(x) + 1);
  }

  // The quantile for q from 0 to 1, interpolated between the two nearest numbers (type 7 of Hyndman
  // and Fan). The relative error is 1 %; between two numbers of different sign it is 1 % of those
  // numbers. The ends are exact. `min` and `max` are the smallest and the largest number. The
  // sketch must not be empty.
  double Quantile(double q, double min, double max) const {
    const Between between(q, count_);
    if (between.upper == 0) return min;
    if (between.lower == count_ - 1) return max;
    double lower = between.lower == 0 ? min : max;
    double upper = max;
    std::uint64_t passed = 0;
    std::size_t item = 0;
    // Whether the upper number has been found too.
    const auto found = [&](std::uint64_t here) {
      const std::uint64_t behind = passed + here;
      if (between.lower > 0 && between.lower >= passed && between.lower < behind) {
        lower = ItemValue(item, min, max);
      }
      if (between.upper < behind) {
        if (between.upper < count_ - 1) upper = ItemValue(item, min, max);
        return true;
      }
      passed = behind;
      ++item;
      return false;
    };
    const std::vector<std::uint64_t>& below = negative_.counts();
    const std::vector<std::uint64_t>& above = buckets_.counts();
    if (std::none_of(below.rbegin(), below.rend(), found) && !found(zeros_)) {
      static_cast<void>(std::any_of(above.begin(), above.end(), found));
    }
    return lower + between.fraction * (upper - lower);
  }

  // The median of the distances from the median, from the buckets. The error of a distance is at
  // most 1 % of its number plus the error of the median.
  double Mad(double min, double max) const {
    const double median = Quantile(0.5, min, max);
    const Between between(0.5, count_);
    // Distances grow on both sides of the median, so walk both sides, the nearer bucket first.
    std::size_t above = 0;
    while (above < items() && ItemValue(above, min, max) <= median) ++above;
    std::size_t below = above;  // one after the next
    double lower = 0;
    std::uint64_t passed = 0;
    for (;;) {
      while (below > 0 && ItemCount(below - 1) == 0) --below;
      while (above < items() && ItemCount(above) == 0) ++above;
      const double down = below > 0 ? median - ItemValue(below - 1, min, max) : kFar;
      const double up = above < items() ? ItemValue(above, min, max) - median : kFar;
      const double distance = std::min(down, up);
      // The distance of two huge numbers may be infinite.
      const bool nearer_below = below > 0 && (down <= up || above == items());
      const std::uint64_t behind = passed + ItemCount(nearer_below ? --below : above++);
      if (between.lower >= passed && between.lower < behind) lower = distance;
      if (between.upper < behind) return lower + between.fraction * (distance - lower);
      passed = behind;
    }
  }

 private:
  static constexpr double kFar = std::numeric_limits<double>::infinity();

  // The two neighbours, among `count` numbers in order, between which a quantile lies.
  struct Between {
    Between(double q, std::uint64_t count) {
      const double position = q * static_cast<double>(count - 1);
      lower = static_cast<std::uint64_t>(position);
      fraction = position - static_cast<double>(lower);
      upper = fraction > 0 ? lower + 1 : lower;
    }
    std::uint64_t lower;
    std::uint64_t upper;
    double fraction;
  };

  // The buckets in order of their values: the negative ones from the last on, the zeros, the
  // others.
  std::size_t items() const { return negative_.size() + 1 + buckets_.size(); }
  std::uint64_t ItemCount(std::size_t item) const {
    if (item < negative_.size()) return negative_.counts()[negative_.size() - 1 - item];
    item -= negative_.size();
    return item == 0 ? zeros_ : buckets_.counts()[item - 1];
  }
  double ItemValue(std::size_t item, double min, double max) const {
    double value = 0;
    if (item < negative_.size()) {
      value = -LogBuckets::ValueOf(negative_.IndexAt(negative_.size() - 1 - item));
    } else if (item > negative_.size()) {
      value = LogBuckets::ValueOf(buckets_.IndexAt(item - negative_.size() - 1));
    }
    return std::clamp(value, min, max);
  }

  std::uint64_t count_ = 0;
  std::uint64_t zeros_ = 0;
  BucketRow buckets_;
  BucketRow negative_;
};

}  // namespace flux_ensemble::stats
