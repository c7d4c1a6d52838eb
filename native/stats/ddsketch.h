// Quantiles of a stream of numbers that are not negative, in bounded memory and within 1 % of what
// they are: C. Masson, J. E. Rim and H. K. Lee, "DDSketch: A Fast and Fully-Mergeable Quantile
// Sketch with Relative-Error Guarantees", PVLDB 12(12), 2019. Sketches of parts of a stream,
// merged, are the sketch of the whole.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "stats/log_buckets.h"

namespace flux_ensemble::stats {

class DdSketch {
 public:
  static constexpr double kRelativeError = 0.01;

  // 58 powers of two, or 17 of ten, between the smallest and the largest number. Where a stream's
  // numbers lie further apart, the smallest share the lowest bucket, and only what is said of these
  // is wrong.
  static constexpr std::size_t kMaxBuckets = 2048;

  // `x` must be finite and not negative.
  void Observe(double x) {
    ++count_;
    if (!(x >= LogBuckets::kSmallest)) {
      ++zeros_;
      return;
    }
    const std::int32_t index = LogBuckets::IndexOf(x);
    const auto place = static_cast<std::size_t>(static_cast<std::int64_t>(index) - first_);
    if (place < buckets_.size()) {
      ++buckets_[place];
    } else {
      Cover(index, index);
      ++buckets_[PlaceOf(index)];
    }
  }

  void Merge(const DdSketch& other) {
    count_ += other.count_;
    zeros_ += other.zeros_;
    if (other.buckets_.empty()) return;
    Cover(other.first_, other.last());
    for (std::size_t i = 0; i < other.buckets_.size(); ++i) {
      buckets_[PlaceOf(other.first_ + static_cast<std::int32_t>(i))] += other.buckets_[i];
    }
  }

  // Takes out what was merged or observed before, a part as a whole. Not of a sketch that is full:
  // of that one, nobody knows any more what its lowest bucket is made of.
  void Remove(const DdSketch& part) {
    count_ -= part.count_;
    zeros_ -= part.zeros_;
    for (std::size_t i = 0; i < part.buckets_.size(); ++i) {
      if (part.buckets_[i] == 0) continue;
      buckets_[PlaceOf(part.first_ + static_cast<std::int32_t>(i))] -= part.buckets_[i];
    }
  }

  // Keeps the memory.
  void Clear() {
    count_ = 0;
    zeros_ = 0;
    buckets_.clear();
  }

  bool full() const { return buckets_.size() == kMaxBuckets; }

  std::uint64_t count() const { return count_; }
  // Of these, how many were zero, or so small that they make no difference to it.
  std::uint64_t zeros() const { return zeros_; }
  // Counts of neighbouring buckets, and the index (LogBuckets) of the first of them.
  const std::vector<std::uint64_t>& buckets() const { return buckets_; }
  std::int32_t first() const { return first_; }

  // How many numbers were no larger than x, give or take those within 2 % of it.
  std::uint64_t Rank(double x) const {
    if (!(x >= LogBuckets::kSmallest)) return x >= 0 ? zeros_ : 0;
    const std::int32_t index = LogBuckets::IndexOf(x);
    std::uint64_t rank = zeros_;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      if (first_ + static_cast<std::int32_t>(i) > index) break;
      rank += buckets_[i];
    }
    return rank;
  }

  // The numbers' quantile for q from 0 to 1, interpolated between the two nearest of them as by
  // most libraries (type 7 of Hyndman and Fan): within 1 % of what it is, and exact at the ends.
  // `min` and `max` are the smallest and the largest number; there must be one.
  double Quantile(double q, double min, double max) const {
    const Between between(q, count_);
    if (between.upper == 0) return min;
    if (between.lower == count_ - 1) return max;
    double lower = between.lower == 0 ? min : max;
    double upper = max;
    std::uint64_t passed = 0;
    for (std::size_t item = 0; item < items(); ++item) {
      const std::uint64_t here = ItemCount(item);
      if (here == 0) continue;
      const std::uint64_t behind = passed + here;
      if (between.lower > 0 && between.lower >= passed && between.lower < behind) {
        lower = ItemValue(item, min, max);
      }
      if (between.upper < behind) {
        if (between.upper < count_ - 1) upper = ItemValue(item, min, max);
        break;
      }
      passed = behind;
    }
    return lower + between.fraction * (upper - lower);
  }

  // The median of the numbers' distances from their median, from the buckets: each distance is off
  // by no more than 1 % of its number and 1 % of the median.
  double Mad(double min, double max) const {
    const double median = Quantile(0.5, min, max);
    const Between between(0.5, count_);
    // Away from the median the distances grow on either side: so walk on both, the nearer first.
    std::size_t above = 0;
    while (above < items() && ItemValue(above, min, max) <= median) ++above;
    std::size_t below = above;  // one behind the next
    double lower = 0;
    std::uint64_t passed = 0;
    for (;;) {
      while (below > 0 && ItemCount(below - 1) == 0) --below;
      while (above < items() && ItemCount(above) == 0) ++above;
      const double down = below > 0 ? median - ItemValue(below - 1, min, max) : kFar;
      const double up = above < items() ? ItemValue(above, min, max) - median : kFar;
      const double distance = std::min(down, up);
      const std::uint64_t behind = passed + (down <= up ? ItemCount(--below) : ItemCount(above++));
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

  std::int32_t last() const { return first_ + static_cast<std::int32_t>(buckets_.size()) - 1; }

  // Of a bucket that is covered, or that shares the lowest one.
  std::size_t PlaceOf(std::int32_t index) const {
    return index < first_ ? 0 : static_cast<std::size_t>(index - first_);
  }

  // Makes room for these buckets as far as there may be so many.
  void Cover(std::int32_t first, std::int32_t last) {
    if (buckets_.empty()) {
      first_ = first;
      last = std::max(first, last);
    } else {
      last = std::max(last, this->last());
      first = std::min(first, first_);
    }
    first = std::max(first, last - static_cast<std::int32_t>(kMaxBuckets) + 1);
    if (buckets_.empty()) first_ = first;
    if (first > first_) {
      const auto gone = std::min(static_cast<std::size_t>(first - first_), buckets_.size());
      std::uint64_t lowest = 0;
      for (std::size_t i = 0; i < gone; ++i) lowest += buckets_[i];
      buckets_.erase(buckets_.begin(), buckets_.begin() + static_cast<std::ptrdiff_t>(gone));
      if (buckets_.empty()) buckets_.push_back(0);
      buckets_[0] += lowest;
    } else {
      buckets_.insert(buckets_.begin(), static_cast<std::size_t>(first_ - first), 0);
    }
    first_ = first;
    buckets_.resize(static_cast<std::size_t>(last - first) + 1, 0);
  }

  // The buckets in order of their values: the zeros, then the others.
  std::size_t items() const { return buckets_.size() + 1; }
  std::uint64_t ItemCount(std::size_t item) const {
    return item == 0 ? zeros_ : buckets_[item - 1];
  }
  double ItemValue(std::size_t item, double min, double max) const {
    const double value =
        item == 0 ? 0 : LogBuckets::ValueOf(first_ + static_cast<std::int32_t>(item) - 1);
    return std::clamp(value, min, max);
  }

  std::uint64_t count_ = 0;
  std::uint64_t zeros_ = 0;
  std::int32_t first_ = 0;
  std::vector<std::uint64_t> buckets_;
};

}  // namespace flux_ensemble::stats
