// Bytes looked at many at a time. A mask has one bit a byte, the lowest for the first one.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace flux_ensemble::journal {

// The bytes that matter to who skips JSON text.
struct TextMasks {
  std::uint64_t quotes = 0;
  std::uint64_t opening = 0;  // { and [
  std::uint64_t closing = 0;  // } and ]
  // What makes a text more than its bytes, or none at all: control characters, backslashes, and
  // all that is not ASCII.
  std::uint64_t special = 0;
};

inline constexpr std::size_t kMaskBytes = 64;

#if defined(__SSE2__)

namespace detail {
inline std::uint64_t Bits(__m128i bytes) {
  return static_cast<std::uint32_t>(_mm_movemask_epi8(bytes));
}
inline __m128i Equal(__m128i bytes, char c) {
  return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c));
}
// As signed numbers, control characters and what is not ASCII are less than a space.
inline __m128i Special(__m128i bytes) {
  return _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(' ')), Equal(bytes, '\\'));
}
inline __m128i Load(const char* at) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}
}  // namespace detail

// Of the 64 bytes at `at`.
inline TextMasks MasksAt(const char* at) {
  TextMasks masks;
  for (unsigned i = 0; i < kMaskBytes; i += 16) {
    const __m128i bytes = detail::Load(at + i);
    // Braces and brackets differ in this bit alone.
    const __m128i folded = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
    masks.quotes |= detail::Bits(detail::Equal(bytes, '"')) << i;
    masks.opening |= detail::Bits(detail::Equal(folded, '{')) << i;
    masks.closing |= detail::Bits(detail::Equal(folded, '}')) << i;
    masks.special |= detail::Bits(detail::Special(bytes)) << i;
  }
  return masks;
}

// Which of the 64 bytes at `a` equal those at `b`.
inline std::uint64_t EqualBytes(const char* a, const char* b) {
  std::uint64_t mask = 0;
  for (unsigned i = 0; i < kMaskBytes; i += 16) {
    mask |= detail::Bits(_mm_cmpeq_epi8(detail::Load(a + i), detail::Load(b + i))) << i;
  }
  return mask;
}

// Quotes and special bytes among the 16 bytes at `at`.
inline std::uint32_t QuotesOrSpecialAt(const char* at) {
  const __m128i bytes = detail::Load(at);
  const __m128i both = _mm_or_si128(detail::Equal(bytes, '"'), detail::Special(bytes));
  return static_cast<std::uint32_t>(detail::Bits(both));
}

#else

namespace detail {
inline bool IsSpecial(char c) {
  return static_cast<signed char>(c) < ' ' || c == '\\';
}
}  // namespace detail

inline TextMasks MasksAt(const char* at) {
  TextMasks masks;
  for (unsigned i = 0; i < kMaskBytes; ++i) {
    const char c = at[i];
    masks.quotes |= std::uint64_t{c == '"'} << i;
    masks.opening |= std::uint64_t{c == '{' || c == '['} << i;
    masks.closing |= std::uint64_t{c == '}' || c == ']'} << i;
    masks.special |= std::uint64_t{detail::IsSpecial(c)} << i;
  }
  return masks;
}

inline std::uint64_t EqualBytes(const char* a, const char* b) {
  std::uint64_t mask = 0;
  for (unsigned i = 0; i < kMaskBytes; ++i) mask |= std::uint64_t{a[i] == b[i]} << i;
  return mask;
}

inline std::uint32_t QuotesOrSpecialAt(const char* at) {
  std::uint32_t mask = 0;
  for (unsigned i = 0; i < 16; ++i) {
    mask |= std::uint32_t{at[i] == '"' || detail::IsSpecial(at[i])} << i;
  }
  return mask;
}

#endif

// Eight bytes as a number, the first byte the lowest.
inline std::uint64_t EightBytes(const char* at) {
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, at, sizeof bytes);
  if constexpr (std::endian::native == std::endian::big) bytes = __builtin_bswap64(bytes);
  return bytes;
}

// For each bit, whether an odd number of bits is set up to and with it.
inline std::uint64_t PrefixXor(std::uint64_t bits) {
  for (const unsigned shift : {1u, 2u, 4u, 8u, 16u, 32u}) bits ^= bits << shift;
  return bits;
}

}  // namespace flux_ensemble::journal
