// The bucket of a number on a logarithmic scale. Each octave has 35 buckets, each wider than the
// one before by the 35th root of two. The ends of a bucket differ by less than 2 %, so a number
// differs by at most 1 % from the value of its bucket. No logarithm is computed: the exponent's
// bits give the octave, and a table of the mantissa's leading bits leaves one comparison. Every
// step is exact or rounded the same way everywhere, so numbers fall into the same buckets on any
// machine, and in src/engine/log-buckets.ts.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace flux_ensemble::stats {

class LogBuckets {
 public:
  static constexpr std::int32_t kPerOctave = 35;

  // Smaller numbers (zero and subnormal numbers) have no bucket.
  static constexpr double kSmallest = std::numeric_limits<double>::min();

  // `x` must be finite and no smaller than kSmallest.
  static std::int32_t IndexOf(double x) {
    const auto bits = std::bit_cast<std::uint64_t>(x);
    const auto octave = static_cast<std::int32_t>(bits >> kMantissaBits) - kBias;
    const double mantissa = std::bit_cast<double>((bits & kMantissa) | kOne);
    const std::size_t low = kFirstOfCell[bits >> (kMantissaBits - kCellBits) & (kCells - 1)];
    return octave * kPerOctave + static_cast<std::int32_t>(low + (mantissa >= kEdges[low + 1]));
  }

  // The value that represents a bucket. Its relative distance to both ends is equal.
  static double ValueOf(std::int32_t index) {
    const std::int32_t shifted = index + kBias * kPerOctave;
    const auto octave = static_cast<std::uint64_t>(shifted / kPerOctave);
    return kValues[static_cast<std::size_t>(shifted % kPerOctave)] *
           std::bit_cast<double>(octave << kMantissaBits);
  }

 private:
  static constexpr unsigned kMantissaBits = 52;
  static constexpr std::int32_t kBias = 1023;
  static constexpr std::uint64_t kMantissa = (std::uint64_t{1} << kMantissaBits) - 1;
  static constexpr std::uint64_t kOne = std::uint64_t{kBias} << kMantissaBits;
  // A cell of the mantissa is narrower than the narrowest bucket, so it holds at most one edge.
  static constexpr unsigned kCellBits = 6;
  static constexpr std::size_t kCells = std::size_t{1} << kCellBits;

  static constexpr std::array<double, kPerOctave + 1> kEdges = [] {
    constexpr double kRoot = 1.0200016094211992;  // of two, the 35th
    std::array<double, kPerOctave + 1> edges{1};
    for (std::size_t k = 1; k < kPerOctave; ++k) edges[k] = edges[k - 1] * kRoot;
    edges[kPerOctave] = 2;
    return edges;
  }();
  static constexpr std::array<std::uint8_t, kCells> kFirstOfCell = [] {
    std::array<std::uint8_t, kCells> first{};
    for (std::size_t cell = 0; cell < kCells; ++cell) {
      const double begin = 1 + static_cast<double>(cell) / kCells;
      while (kEdges[first[cell] + 1u] <= begin) ++first[cell];
    }
    return first;
  }();
  static constexpr std::array<double, kPerOctave> kValues = [] {
    std::array<double, kPerOctave> values{};
    for (std::size_t k = 0; k < kPerOctave; ++k) {
      values[k] = 2 * kEdges[k] * kEdges[k + 1] / (kEdges[k] + kEdges[k + 1]);
    }
    return values;
  }();
};

}  // namespace flux_ensemble::stats
