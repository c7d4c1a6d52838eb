// Counts of neighbouring buckets (LogBuckets), from the first to the last used bucket. A row has no
// scale of its own: its sketch has one for both of its rows, and makes it coarser when a row would
// get too long.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "stats/log_buckets.h"

namespace flux_ensemble::stats {

class BucketRow {
 public:
  // 64 octaves (19 powers of ten) at the finest scale. Times from a nanosecond to 500 years fit, so
  // their sketches keep the finest scale.
  static constexpr std::int32_t kMaxBuckets = 64 * LogBuckets::kPerOctave;
  // Every double has a bucket in a row of the coarsest scale.
  static_assert(kMaxBuckets >= 2 * 1024);

  // Counts one number more if its bucket is in use. Returns whether it is.
  bool Increment(std::int32_t index) {
    if (static_cast<std::uint32_t>(index - first_) >= static_cast<std::uint32_t>(size_)) {
      return false;
    }
    ++cells_[CellOf(index)];
    return true;
  }

  // How many times pairs of buckets have to be merged before the row can have these buckets too.
  unsigned ShiftFor(std::int32_t first, std::int32_t last) const {
    const auto [lowest, highest] = With(first, last);
    unsigned shift = 0;
    while ((highest >> shift) - (lowest >> shift) >= kMaxBuckets) ++shift;
    return shift;
  }
  // The same for the buckets of a row, whose pairs are merged `finer` times before.
  unsigned ShiftFor(const BucketRow& other, unsigned finer) const {
    return other.size_ == 0 ? 0 : ShiftFor(other.first_ >> finer, other.last() >> finer);
  }

  // Merges pairs of buckets, `shift` times.
  void Coarsen(unsigned shift) {
    if (size_ == 0 || shift == 0) return;
    const std::int32_t first = first_ >> shift;
    const std::int32_t last = this->last() >> shift;
    // The first cells take the counts. A count never moves beyond its own cell.
    for (std::int32_t index = first_; index <= this->last(); ++index) {
      const std::uint64_t count = std::exchange(cells_[CellOf(index)], 0);
      cells_[static_cast<std::size_t>((index >> shift) - first)] += count;
    }
    base_ = first;
    first_ = first;
    size_ = last - first + 1;
  }

  // Takes these buckets into use. They must fit (ShiftFor).
  void Cover(std::int32_t first, std::int32_t last) {
    std::tie(first, last) = With(first, last);
    const std::int32_t size = last - first + 1;
    if (first < base_ || last - base_ >= static_cast<std::int32_t>(cells_.size())) {
      Move(first, size);
    }
    first_ = first;
    size_ = size;
  }

  // Adds the counts of a row whose pairs are merged `finer` times before. They must fit.
  void Merge(const BucketRow& other, unsigned finer) {
    if (other.size_ == 0) return;
    Cover(other.first_ >> finer, other.last() >> finer);
    Combine(other, finer, std::plus());
  }

  // Subtracts counts that were merged or added before.
  void Remove(const BucketRow& part, unsigned finer) {
    if (part.size_ == 0) return;
    Combine(part, finer, std::minus());
    // Empty buckets at the ends would take room from other numbers.
    while (size_ > 0 && cells_[CellOf(last())] == 0) --size_;
    while (size_ > 0 && cells_[CellOf(first_)] == 0) {
      ++first_;
      --size_;
    }
  }

  // Keeps the memory.
  void Clear() {
    if (size_ > 0) std::fill_n(&cells_[CellOf(first_)], size_, 0);
    first_ = 0;
    size_ = 0;
  }

  // The counts from the first to the last used bucket, neither of which is empty.
  std::span<const std::uint64_t> counts() const {
    return {cells_.data() + (size_ > 0 ? first_ - base_ : 0), size()};
  }
  std::uint64_t Total() const {
    const std::span<const std::uint64_t> all = counts();
    return std::accumulate(all.begin(), all.end(), std::uint64_t{0});
  }
  // The place in `counts` of the number of a rank, which is less than the total, counted from 0 for
  // the smallest number.
  std::size_t PlaceOfRank(std::uint64_t rank) const {
    constexpr std::size_t kBlock = 64;
    const std::span<const std::uint64_t> all = counts();
    std::size_t place = 0;
    // Whole blocks are added faster than bucket by bucket.
    for (; place + kBlock <= all.size(); place += kBlock) {
      const auto block = all.subspan(place, kBlock);
      const std::uint64_t sum = std::accumulate(block.begin(), block.end(), std::uint64_t{0});
      if (rank < sum) break;
      rank -= sum;
    }
    while (rank >= all[place]) rank -= all[place++];
    return place;
  }
  std::size_t size() const { return static_cast<std::size_t>(size_); }
  // The index of the first bucket, and the index of the bucket at a place of `counts`.
  std::int32_t first() const { return first_; }
  std::int32_t IndexAt(std::size_t place) const {
    return first_ + static_cast<std::int32_t>(place);
  }

  // The counts that are in use.
  template <typename Archive>
  void Persist(Archive& archive) {
    const std::span<const std::uint64_t> used = counts();
    std::vector<std::uint64_t> all(used.begin(), used.end());
    std::int32_t first = all.empty() ? 0 : first_;
    archive(first, all);
    if constexpr (Archive::kReads) {
      if (all.size() > kMaxBuckets) return archive.Invalidate();
      base_ = first;
      first_ = first;
      size_ = static_cast<std::int32_t>(all.size());
      cells_ = std::move(all);
    }
  }

 private:
  std::int32_t last() const { return first_ + size_ - 1; }

  // The first and the last bucket, with these buckets in use too.
  std::pair<std::int32_t, std::int32_t> With(std::int32_t first, std::int32_t last) const {
    if (size_ == 0) return {first, last};
    return {std::min(first, first_), std::max(last, this->last())};
  }

  std::size_t CellOf(std::int32_t index) const { return static_cast<std::size_t>(index - base_); }

  // Makes room for `size` buckets from `first` on, which include those in use.
  void Move(std::int32_t first, std::int32_t size) {
    const auto room = static_cast<std::int32_t>(cells_.size());
    if (size_ == 0 && size <= room) {
      base_ = first - (room - size) / 2;
      return;
    }
    // Numbers come in any order, so the row may grow at both ends.
    const std::int32_t spare = size / 8 + 16;
    std::vector<std::uint64_t> cells(static_cast<std::size_t>(size + 2 * spare));
    std::ranges::copy(counts(), cells.begin() + (first_ - first) + spare);
    cells_ = std::move(cells);
    base_ = first - spare;
  }

  // Changes the counts of the buckets of another row, which are in use.
  template <typename Operation>
  void Combine(const BucketRow& other, unsigned finer, Operation operation) {
    const std::span<const std::uint64_t> from = other.counts();
    if (finer == 0) {
      std::uint64_t* to = &cells_[CellOf(other.first_)];
      for (std::size_t i = 0; i < from.size(); ++i) to[i] = operation(to[i], from[i]);
      return;
    }
    for (std::size_t i = 0; i < from.size(); ++i) {
      std::uint64_t& to = cells_[CellOf(other.IndexAt(i) >> finer)];
      to = operation(to, from[i]);
    }
  }

  // The counts of the buckets from `base_` on. Those that are not in use are 0.
  std::vector<std::uint64_t> cells_;
  std::int32_t base_ = 0;
  // The buckets in use.
  std::int32_t first_ = 0;
  std::int32_t size_ = 0;
};

}  // namespace flux_ensemble::stats
