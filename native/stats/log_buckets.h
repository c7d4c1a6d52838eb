// Buckets of numbers above 0 on a logarithmic scale. At scale s, each octave has 2^s buckets, and
// bucket i holds the numbers above 2^(i/2^s), up to 2^((i+1)/2^s) inclusive. These are the buckets
// of an OpenTelemetry exponential histogram of scale s, and of a Prometheus native histogram of
// schema s, where bucket i has the index i + 1.
//
// Buckets 2k and 2k + 1 together are bucket k of the next coarser scale. An index is therefore
// shifted right to get the index of a coarser scale.
//
// No logarithm is computed: the exponent's bits give the octave, and a table of the mantissa's
// leading bits leaves one comparison. Numbers are compared with the exact boundaries, so they fall
// into the same buckets on any machine.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace flux_ensemble::stats {

class LogBuckets {
 public:
  // The finest scale.
  static constexpr unsigned kScale = 6;
  static constexpr std::int32_t kPerOctave = std::int32_t{1} << kScale;

  // Zero and the numbers up to this one have no bucket.
  static constexpr double kZeroThreshold = std::numeric_limits<double>::min();

  // The index at the finest scale. `x` must be finite and larger than kZeroThreshold.
  static std::int32_t IndexOf(double x) {
    const auto bits = std::bit_cast<std::uint64_t>(x);
    const Cell& cell = kCells[bits >> (kMantissaBits - kCellBits) & (kCells.size() - 1)];
    return static_cast<std::int32_t>(bits >> (kMantissaBits - kScale)) + cell.offset +
           static_cast<std::int32_t>((bits & kMantissa) > cell.edge);
  }

  // The value that represents a bucket. Its relative distance to both ends is equal. `scale` is
  // from 0 to kScale.
  static double ValueOf(std::int32_t index, unsigned scale) {
    const auto octave = static_cast<std::uint64_t>((index >> scale) + kBias);
    const auto k = static_cast<std::size_t>(index & ((std::int32_t{1} << scale) - 1));
    return kValues[scale][k] * std::bit_cast<double>(octave << kMantissaBits);
  }

  // The largest relative distance of a number from the value of its bucket: 0.54 % at the finest
  // scale, about twice as much at each coarser one.
  static constexpr double RelativeErrorAt(unsigned scale) {
    const double width = kEdgeAt(std::size_t{1} << (kScale - scale));
    return (width - 1) / (width + 1);
  }

 private:
  static constexpr unsigned kMantissaBits = 52;
  static constexpr std::int32_t kBias = 1023;
  static constexpr std::uint64_t kMantissa = (std::uint64_t{1} << kMantissaBits) - 1;
  static constexpr std::uint64_t kOne = std::uint64_t{kBias} << kMantissaBits;
  // The mantissa of the largest double that is not above 2^(k/64). A double above it is above
  // 2^(k/64) too. The last edge is 2.
  static constexpr std::array<std::uint64_t, kPerOctave + 1> kEdges = {
      0x0000000000000, 0x02c9a3e778060, 0x059b0d3158574, 0x0874518759bc8, 0x0b5586cf9890f,
      0x0e3ec32d3d1a2, 0x11301d0125b50, 0x1429aaea92ddf, 0x172b83c7d517a, 0x1a35beb6fcb75,
      0x1d4873168b9aa, 0x2063b88628cd6, 0x2387a6e756238, 0x26b4565e27cdd, 0x29e9df51fdee1,
      0x2d285a6e4030b, 0x306fe0a31b715, 0x33c08b26416ff, 0x371a7373aa9ca, 0x3a7db34e59ff6,
      0x3dea64c123422, 0x4160a21f72e29, 0x44e086061892d, 0x486a2b5c13cd0, 0x4bfdad5362a27,
      0x4f9b2769d2ca6, 0x5342b569d4f81, 0x56f4736b527da, 0x5ab07dd485429, 0x5e76f15ad2148,
      0x6247eb03a5584, 0x6623882552224, 0x6a09e667f3bcc, 0x6dfb23c651a2e, 0x71f75e8ec5f73,
      0x75feb564267c8, 0x7a11473eb0186, 0x7e2f336cf4e62, 0x82589994cce12, 0x868d99b4492ec,
      0x8ace5422aa0db, 0x8f1ae99157736, 0x93737b0cdc5e4, 0x97d829fde4e4f, 0x9c49182a3f090,
      0xa0c667b5de564, 0xa5503b23e255c, 0xa9e6b5579fdbf, 0xae89f995ad3ad, 0xb33a2b84f15fa,
      0xb7f76f2fb5e46, 0xbcc1e904bc1d2, 0xc199bdd85529c, 0xc67f12e57d14b, 0xcb720dcef9069,
      0xd072d4a07897b, 0xd5818dcfba487, 0xda9e603db3285, 0xdfc97337b9b5e, 0xe502ee78b3ff6,
      0xea4afa2a490d9, 0xefa1bee615a27, 0xf50765b6e4540, 0xfa7c1819e90d8, kMantissa + 1,
  };
  // Parts of an octave of equal width. A cell is narrower than the narrowest bucket, so at most one
  // edge is in it.
  static constexpr unsigned kCellBits = kScale + 1;
  struct Cell {
    // The first edge that is not below the cell.
    std::uint64_t edge;
    // The bucket below the edge, less the bits of the exponent and the first kScale bits of the
    // mantissa as a number.
    std::int32_t offset;
  };
  static constexpr std::array<Cell, std::size_t{1} << kCellBits> kCells = [] {
    std::array<Cell, std::size_t{1} << kCellBits> cells{};
    std::int32_t below = 0;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::uint64_t begin = std::uint64_t{i} << (kMantissaBits - kCellBits);
      while (kEdges[static_cast<std::size_t>(below)] < begin) ++below;
      const auto leading = static_cast<std::int32_t>(i >> (kCellBits - kScale));
      cells[i] = {kEdges[static_cast<std::size_t>(below)],
                  below - 1 - leading - kBias * kPerOctave};
    }
    return cells;
  }();

  static constexpr auto kEdgeAt = [](std::size_t k) {
    return std::bit_cast<double>(kOne + kEdges[k]);
  };
  // The values of the buckets from 1 to 2, for each scale.
  static constexpr std::array<std::array<double, kPerOctave>, kScale + 1> kValues = [] {
    std::array<std::array<double, kPerOctave>, kScale + 1> values{};
    for (unsigned scale = 0; scale <= kScale; ++scale) {
      const std::size_t width = std::size_t{1} << (kScale - scale);
      for (std::size_t k = 0; k < kPerOctave / width; ++k) {
        const double low = kEdgeAt(k * width);
        const double high = kEdgeAt((k + 1) * width);
        values[scale][k] = 2 * low * high / (low + high);
      }
    }
    return values;
  }();
};

}  // namespace flux_ensemble::stats
