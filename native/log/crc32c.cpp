#include "log/crc32c.h"

#include <array>
#include <cstddef>

#include "log/little_endian.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <nmmintrin.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <arm_acle.h>
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace flux_ensemble::log {

namespace {

// Polynomials have the coefficient of x^31 in their lowest bit, as the checksum has.
constexpr std::uint32_t kPolynomial = 0x82f63b78;
constexpr std::uint32_t kOne = std::uint32_t{1} << 31;

constexpr std::uint32_t TimesX(std::uint32_t a) {
  return (a >> 1) ^ ((a & 1) != 0 ? kPolynomial : 0);
}

// The product modulo the polynomial of the checksum.
constexpr std::uint32_t Product(std::uint32_t a, std::uint32_t b) {
  std::uint32_t product = 0;
  for (; a != 0; a <<= 1) {
    if ((a & kOne) != 0) product ^= b;
    b = TimesX(b);
  }
  return product;
}

// Element [i][b] is the checksum of byte `b` with `i` zero bytes after it, without inversions.
constexpr auto kTables = [] {
  std::array<std::array<std::uint32_t, 256>, 8> tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = TimesX(crc);
    tables[0][byte] = crc;
  }
  for (std::size_t zeros = 1; zeros < 8; ++zeros) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t crc = tables[zeros - 1][byte];
      tables[zeros][byte] = (crc >> 8) ^ tables[0][crc & 0xff];
    }
  }
  return tables;
}();

#if defined(__x86_64__)

bool HasInstruction() {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_SSE4_2) != 0;
}

__attribute__((target("sse4.2,crc32"))) std::uint32_t ByInstruction(std::string_view bytes,
                                                                    std::uint32_t before) {
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t crc = ~before;
  for (; left >= 8; left -= 8, at += 8) crc = _mm_crc32_u64(crc, LoadLittle<std::uint64_t>(at));
  auto short_crc = static_cast<std::uint32_t>(crc);
  for (; left > 0; --left, ++at)
    short_crc = _mm_crc32_u8(short_crc, static_cast<unsigned char>(*at));
  return ~short_crc;
}

#elif defined(__aarch64__) && defined(__linux__)

bool HasInstruction() {
  return (getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
}

__attribute__((target("+crc"))) std::uint32_t ByInstruction(std::string_view bytes,
                                                            std::uint32_t before) {
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint32_t crc = ~before;
  for (; left >= 8; left -= 8, at += 8) crc = __crc32cd(crc, LoadLittle<std::uint64_t>(at));
  for (; left > 0; --left, ++at) crc = __crc32cb(crc, static_cast<unsigned char>(*at));
  return ~crc;
}

#else

bool HasInstruction() {
  return false;
}

std::uint32_t ByInstruction(std::string_view bytes, std::uint32_t before) {
  return Crc32cByTables(bytes, before);
}

#endif

// x to the power of 8 * size, in two factors: the checksum of a text with `size` zero bytes after
// it is a product with this power.
constexpr std::uint32_t kLowSizes = 1024;
constexpr std::uint32_t kHighSizes = (kMaxCrcEnd + 1) / kLowSizes;

struct Powers {
  std::array<std::uint32_t, kLowSizes> low;    // of sizes below kLowSizes
  std::array<std::uint32_t, kHighSizes> high;  // of their multiples
};

Powers ComputePowers() {
  Powers powers{};
  std::uint32_t power = kOne;
  for (std::uint32_t& low : powers.low) {
    low = power;
    for (int bit = 0; bit < 8; ++bit) power = TimesX(power);
  }
  const std::uint32_t step = power;
  power = kOne;
  for (std::uint32_t& high : powers.high) {
    high = power;
    power = Product(power, step);
  }
  return powers;
}

}  // namespace

std::uint32_t Crc32cByTables(std::string_view bytes, std::uint32_t before) {
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint32_t crc = ~before;
  for (; left >= 8; left -= 8, at += 8) {
    const std::uint64_t eight = LoadLittle<std::uint64_t>(at) ^ crc;
    crc = 0;
    for (std::size_t i = 0; i < 8; ++i) crc ^= kTables[7 - i][(eight >> (8 * i)) & 0xff];
  }
  for (; left > 0; --left, ++at) {
    crc = (crc >> 8) ^ kTables[0][(crc ^ static_cast<unsigned char>(*at)) & 0xff];
  }
  return ~crc;
}

std::uint32_t Crc32c(std::string_view bytes, std::uint32_t before) {
  static const auto compute = HasInstruction() ? &ByInstruction : &Crc32cByTables;
  return compute(bytes, before);
}

std::uint32_t Crc32cOfEnd(std::uint32_t whole, std::uint32_t start, std::uint32_t size) {
  static const Powers powers = ComputePowers();
  return whole ^
         Product(Product(start, powers.low[size % kLowSizes]), powers.high[size / kLowSizes]);
}

}  // namespace flux_ensemble::log
