// The jobs of a firing that are known to exist, by their place among the jobs that it submitted.
#pragma once

#include <cstdint>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

namespace flux_ensemble::runner {

// Jobs of one submission of a firing: those with an index from `begin` to before `end`.
struct KnownRange {
  std::uint32_t part = 0;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

class KnownJobs {
 public:
  void Add(std::uint32_t part, std::uint64_t index) {
    std::map<std::uint64_t, std::uint64_t>& ranges = parts_[part];
    // Jobs come almost in the order of their indexes.
    auto after = ranges.upper_bound(index);
    if (after != ranges.begin()) {
      const auto before = std::prev(after);
      if (index < before->second) return;
      if (index == before->second) {
        ++before->second;
        if (after != ranges.end() && after->first == before->second) {
          before->second = after->second;
          ranges.erase(after);
        }
        return;
      }
    }
    if (after != ranges.end() && after->first == index + 1) {
      const std::uint64_t end = after->second;
      ranges.erase(after);
      ranges.emplace(index, end);
    } else {
      ranges.emplace(index, index + 1);
    }
  }

  // In ascending order.
  std::vector<KnownRange> Ranges() const {
    std::vector<KnownRange> all;
    for (const auto& [part, ranges] : parts_) {
      for (const auto& [begin, end] : ranges) all.push_back({part, begin, end});
    }
    return all;
  }

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(parts_);
  }

 private:
  std::map<std::uint32_t, std::map<std::uint64_t, std::uint64_t>> parts_;  // begin to end
};

}  // namespace flux_ensemble::runner
