// Quantiles of a stream of numbers, with a relative error of 0.54 %, in bounded memory: C. Masson,
// J. E. Rim and H. K. Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with
// Relative-Error Guarantees", PVLDB 12(12), 2019. Sketches of parts of a stream, merged, are the
// sketch of the whole. Negative numbers have buckets of their own, by their distance from 0.
//
// Numbers that are too far apart for a row of buckets make the sketch coarser: pairs of buckets are
// merged, and the error doubles. See I. Epicoco, C. Melle, M. Cafaro, M. Pulimeno and G. Morleo,
// "UDDSketch: Accurate Tracking of Quantiles in Data Streams", IEEE Access 8, 2020.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <ranges>

#include "stats/bucket_row.h"
#include "stats/log_buckets.h"

namespace flux_ensemble::stats {

class DdSketch {
 public:
  // `x` must be finite.
  void Observe(double x) {
    ++count_;
    if (x > LogBuckets::kZeroThreshold) [[likely]] {
      Add(buckets_, LogBuckets::IndexOf(x));
    } else if (x < -LogBuckets::kZeroThreshold) {
      Add(negative_, LogBuckets::IndexOf(-x));
    } else {
      ++zeros_;
    }
  }

  void Merge(const DdSketch& other) {
    if (other.shift_ > shift_) Coarsen(other.shift_ - shift_);
    const unsigned finer = shift_ - other.shift_;
    Coarsen(std::max(buckets_.ShiftFor(other.buckets_, finer),
                     negative_.ShiftFor(other.negative_, finer)));
    count_ += other.count_;
    zeros_ += other.zeros_;
    buckets_.Merge(other.buckets_, shift_ - other.shift_);
    negative_.Merge(other.negative_, shift_ - other.shift_);
  }

  // Subtracts a whole part that was merged or observed before. The scale stays; see CouldBeFiner.
  void Remove(const DdSketch& part) {
    count_ -= part.count_;
    zeros_ -= part.zeros_;
    buckets_.Remove(part.buckets_, shift_ - part.shift_);
    negative_.Remove(part.negative_, shift_ - part.shift_);
  }

  // Whether the numbers may fit into a sketch of a finer scale, after Remove.
  bool CouldBeFiner() const {
    // A finer row has twice the buckets, or up to two less.
    constexpr auto kMost = std::size_t{BucketRow::kMaxBuckets} / 2 + 1;
    return shift_ > 0 && buckets_.size() <= kMost && negative_.size() <= kMost;
  }

  // Keeps the memory.
  void Clear() {
    shift_ = 0;
    count_ = 0;
    zeros_ = 0;
    buckets_.Clear();
    negative_.Clear();
  }

  // The scale of the buckets (LogBuckets): less than the finest one if the numbers span more than
  // 19 powers of ten.
  unsigned scale() const { return LogBuckets::kScale - shift_; }
  double relative_error() const { return LogBuckets::RelativeErrorAt(scale()); }

  std::uint64_t count() const { return count_; }
  // The count of zeros, including numbers too small for a bucket.
  std::uint64_t zeros() const { return zeros_; }
  // The positive numbers, and the negative ones by their distance from 0.
  const BucketRow& buckets() const { return buckets_; }
  const BucketRow& negative() const { return negative_; }

  // The quantile for q from 0 to 1, interpolated between the two nearest numbers (type 7 of Hyndman
  // and Fan). Its error is relative_error() of the value; between two numbers of different sign it
  // is relative_error() of those numbers. The ends are exact. `min` and `max` are the smallest and
  // the largest number. The sketch must not be empty.
  double Quantile(double q, double min, double max) const {
    const Between between(q, count_);
    const double lower = ValueAt(between.lower, min, max);
    const double upper = between.upper == between.lower ? lower : ValueAt(between.upper, min, max);
    return lower + between.fraction * (upper - lower);
  }

  // The number of a rank, counted from 0 for the smallest one, with the same error. The smallest
  // and the largest number are exact.
  double ValueAt(std::uint64_t rank, double min, double max) const {
    if (rank == 0) return min;
    return rank == count_ - 1 ? max : std::clamp(ValueOfRank(rank), min, max);
  }

  // The median of the distances from the median, from the buckets. The error of a distance is at
  // most relative_error() of its number plus the error of the median.
  double Mad(double min, double max) const {
    const double median = Quantile(0.5, min, max);
    const Between between(0.5, count_);
    // Distances grow on both sides of the median, so walk both sides, the nearer bucket first.
    // `above` is the next bucket on its side, `below` is one after the next.
    std::size_t above = FirstItemAbove(median, min, max);
    std::size_t below = above;
    double down = kFar;
    double up = kFar;
    const auto skip_below = [&] {
      while (below > 0 && ItemCount(below - 1) == 0) --below;
      down = below > 0 ? median - ItemValue(below - 1, min, max) : kFar;
    };
    const auto skip_above = [&] {
      while (above < items() && ItemCount(above) == 0) ++above;
      up = above < items() ? ItemValue(above, min, max) - median : kFar;
    };
    skip_below();
    skip_above();
    double lower = 0;
    std::uint64_t passed = 0;
    for (;;) {
      // The distance of two huge numbers may be infinite.
      const bool nearer_below = below > 0 && (down <= up || above == items());
      const double distance = nearer_below ? down : up;
      const std::uint64_t behind = passed + ItemCount(nearer_below ? below - 1 : above);
      if (between.lower >= passed && between.lower < behind) lower = distance;
      if (between.upper < behind) return lower + between.fraction * (distance - lower);
      passed = behind;
      if (nearer_below) {
        --below;
        skip_below();
      } else {
        ++above;
        skip_above();
      }
    }
  }

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(shift_, count_, zeros_, buckets_, negative_);
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

  // The value of the bucket with the number of a rank, counted from 0 for the smallest number.
  double ValueOfRank(std::uint64_t rank) const {
    const std::uint64_t below = negative_.Total();
    if (rank < below) return -ValueOf(negative_, negative_.PlaceOfRank(below - 1 - rank));
    rank -= below;
    return rank < zeros_ ? 0 : ValueOf(buckets_, buckets_.PlaceOfRank(rank - zeros_));
  }
  double ValueOf(const BucketRow& row, std::size_t place) const {
    return LogBuckets::ValueOf(row.IndexAt(place), scale());
  }

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
      value = -ValueOf(negative_, negative_.size() - 1 - item);
    } else if (item > negative_.size()) {
      value = ValueOf(buckets_, item - negative_.size() - 1);
    }
    return std::clamp(value, min, max);
  }

  std::size_t FirstItemAbove(double x, double min, double max) const {
    const auto all = std::views::iota(std::size_t{0}, items());
    return *std::ranges::partition_point(
        all, [&](std::size_t item) { return ItemValue(item, min, max) <= x; });
  }

  void Add(BucketRow& row, std::int32_t index) {
    if (!row.Increment(index >> shift_)) [[unlikely]]
      AddAtNewEnd(row, index);
  }

  // Apart from Add, which is called for every number and therefore inlined.
  [[gnu::noinline]] void AddAtNewEnd(BucketRow& row, std::int32_t index) {
    Coarsen(row.ShiftFor(index >> shift_, index >> shift_));
    row.Cover(index >> shift_, index >> shift_);
    row.Increment(index >> shift_);
  }

  // Merges pairs of buckets, `shift` times.
  void Coarsen(unsigned shift) {
    if (shift == 0) return;
    shift_ += shift;
    buckets_.Coarsen(shift);
    negative_.Coarsen(shift);
  }

  // How many times pairs of buckets have been merged.
  unsigned shift_ = 0;
  std::uint64_t count_ = 0;
  std::uint64_t zeros_ = 0;
  BucketRow buckets_;
  BucketRow negative_;
};

}  // namespace flux_ensemble::stats
