// Elements by index: those of the plan, and those that a run makes for each value of a parameter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace flux_ensemble::engine {

// The first index of an element that a run has made, see Subsets. A plan has fewer elements.
inline constexpr std::uint32_t kFirstMade = std::uint32_t{1} << 24;

constexpr bool IsMade(std::uint32_t index) {
  return index >= kFirstMade && index != ~std::uint32_t{0};
}

template <typename T>
class Indexed {
 public:
  T& operator[](std::uint32_t index) {
    return index < kFirstMade ? planned[index] : made[index - kFirstMade];
  }
  const T& operator[](std::uint32_t index) const {
    return index < kFirstMade ? planned[index] : made[index - kFirstMade];
  }
  bool Has(std::uint32_t index) const {
    return index < kFirstMade ? index < planned.size() : index - kFirstMade < made.size();
  }
  // The element, which is added with all before it that are missing.
  T& Grow(std::uint32_t index) {
    std::vector<T>& list = index < kFirstMade ? planned : made;
    const std::size_t place = index < kFirstMade ? index : index - kFirstMade;
    if (place >= list.size()) list.resize(place + 1);
    return list[place];
  }
  // Adds an element to one of the two lists, and returns its index.
  std::uint32_t Add(T element, bool is_made) {
    std::vector<T>& list = is_made ? made : planned;
    list.push_back(std::move(element));
    const auto place = static_cast<std::uint32_t>(list.size() - 1);
    return is_made ? kFirstMade + place : place;
  }

  std::vector<T> planned;
  std::vector<T> made;
};

}  // namespace flux_ensemble::engine
