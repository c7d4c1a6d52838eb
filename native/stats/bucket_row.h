// Counts of neighbouring buckets (LogBuckets), from the first to the last used bucket. Memory
// begins at the first one.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace flux_ensemble::stats {

class BucketRow {
 public:
  // The row spans 58 powers of two (17 powers of ten) below the largest number. Smaller numbers are
  // merged into the lowest bucket, so only their quantiles are inexact.
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

  // Subtracts counts that were merged or added before. Invalid for a full row.
  void Remove(const BucketRow& part) {
    for (std::size_t i = 0; i < part.size(); ++i) {
      if (part.counts_[i] > 0) counts_[PlaceOf(part.IndexAt(i))] -= part.counts_[i];
    }
    // Empty high buckets are dropped, because they would take room from small numbers.
    while (!counts_.empty() && counts_.back() == 0) counts_.pop_back();
  }

  // Keeps the memory.
  void Clear() { counts_.clear(); }

  std::size_t size() const { return counts_.size(); }
  bool full() const { return counts_.size() == kMaxBuckets; }
  const std::vector<std::uint64_t>& counts() const { return counts_; }
  // The index of the first bucket, and the index of the bucket at a place of `counts`.
  std::int32_t first() const { return first_; }
  std::int32_t IndexAt(std::size_t place) const {
    return first_ + static_cast<std::int32_t>(place);
  }

  // The count of all buckets, and of the buckets from an index on.
  std::uint64_t Count() const { return CountFrom(first_); }
  std::uint64_t CountFrom(std::int32_t index) const {
    std::uint64_t count = 0;
    for (std::size_t i = PlaceOf(index); i < counts_.size(); ++i) count += counts_[i];
    return count;
  }

 private:
  std::int32_t last() const { return IndexAt(counts_.size()) - 1; }

  // The count of a covered bucket. An index below the row means the lowest bucket.
  std::size_t PlaceOf(std::int32_t index) const {
    return index < first_ ? 0 : static_cast<std::size_t>(index - first_);
  }

  // Makes room for these buckets, up to the limit of the row.
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
