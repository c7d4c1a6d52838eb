// Counts of neighbouring buckets (LogBuckets), from the first to the last that was ever used. There
// is memory from the first one on.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace flux_ensemble::stats {

class BucketRow {
 public:
  // 58 powers of two, or 17 of ten, between the smallest and the largest number. Where numbers lie
  // further apart, the smallest share the lowest bucket, and only what is said of these is wrong.
  static constexpr std::size_t kMaxBuckets = 2048;

  void Add(std::int32_t index) {
    const auto place = static_cast<std::size_t>(static_cast<std::int64_t>(index) - first_);
    if (place < counts_.size()) {
      ++counts_[place];
    } else {
      Cover(index, index);
      ++counts_[PlaceOf(index)];
    }
  }

  void Merge(const BucketRow& other) {
    if (other.counts_.empty()) return;
    Cover(other.first_, other.last());
    for (std::size_t i = 0; i < other.size(); ++i) {
      counts_[PlaceOf(other.IndexAt(i))] += other.counts_[i];
    }
  }

  // Takes out what was merged or added before, unless the row is full.
  void Remove(const BucketRow& part) {
    for (std::size_t i = 0; i < part.size(); ++i) {
      if (part.counts_[i] > 0) counts_[PlaceOf(part.IndexAt(i))] -= part.counts_[i];
    }
    // Large numbers that are gone must not keep room from small ones.
    while (!counts_.empty() && counts_.back() == 0) counts_.pop_back();
  }

  // Keeps the memory.
  void Clear() { counts_.clear(); }

  std::size_t size() const { return counts_.size(); }
  bool full() const { return counts_.size() == kMaxBuckets; }
  const std::vector<std::uint64_t>& counts() const { return counts_; }
  // The index of the first bucket, and of the one at a place of `counts`.
  std::int32_t first() const { return first_; }
  std::int32_t IndexAt(std::size_t place) const {
    return first_ + static_cast<std::int32_t>(place);
  }

  // How much is in all buckets, and in those from an index on.
  std::uint64_t Count() const { return CountFrom(first_); }
  std::uint64_t CountFrom(std::int32_t index) const {
    std::uint64_t count = 0;
    for (std::size_t i = PlaceOf(index); i < counts_.size(); ++i) count += counts_[i];
    return count;
  }

 private:
  std::int32_t last() const { return IndexAt(counts_.size()) - 1; }

  // Of a bucket that is covered, or that shares the lowest one.
  std::size_t PlaceOf(std::int32_t index) const {
    return index < first_ ? 0 : static_cast<std::size_t>(index - first_);
  }

  // Makes room for these buckets as far as there may be so many.
  void Cover(std::int32_t first, std::int32_t last) {
    if (counts_.empty()) {
      first_ = first;
      last = std::max(first, last);
    } else {
      last = std::max(last, this->last());
      first = std::min(first, first_);
    }
    first = std::max(first, last - static_cast<std::int32_t>(kMaxBuckets) + 1);
    if (counts_.empty()) first_ = first;
    if (first > first_) {
      const auto gone = std::min(static_cast<std::size_t>(first - first_), counts_.size());
      std::uint64_t lowest = 0;
      for (std::size_t i = 0; i < gone; ++i) lowest += counts_[i];
      counts_.erase(counts_.begin(), counts_.begin() + static_cast<std::ptrdiff_t>(gone));
      if (counts_.empty()) counts_.push_back(0);
      counts_[0] += lowest;
    } else {
      counts_.insert(counts_.begin(), static_cast<std::size_t>(first_ - first), 0);
    }
    first_ = first;
    counts_.resize(static_cast<std::size_t>(last - first) + 1, 0);
  }

  std::int32_t first_ = 0;
  std::vector<std::uint64_t> counts_;
};

}  // namespace flux_ensemble::stats
