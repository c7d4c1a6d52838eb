// Operations on many bytes at once. A mask has one bit for each byte; the lowest bit is the first
// byte.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace flux_ensemble::journal {

// The bytes that matter for skipping JSON text.
struct TextMasks {
  std::uint64_t quotes = 0;
  std::uint64_t opening = 0;  // { and [
  std::uint64_t closing = 0;  // } and ]
  // Bytes that need the general parser: control characters, backslashes, and bytes that are not
  // ASCII.
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
// As signed numbers, control characters and bytes that are not ASCII are less than a space.
inline __m128i Special(__m128i bytes) {
  return _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(' ')), Equal(bytes, '\\'));
}
inline __m128i Load(const char* at) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}
}  // namespace detail

// The masks of the 64 bytes at `at`.
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

// The mask of the bytes among 64 that are equal at `a` and `b`.
inline std::uint64_t EqualBytes(const char* a, const char* b) {
  std::uint64_t mask = 0;
  for (unsigned i = 0; i < kMaskBytes; i += 16) {
    mask |= detail::Bits(_mm_cmpeq_epi8(detail::Load(a + i), detail::Load(b + i))) << i;
  }
  return mask;
}

// Whether the text at `at` matches the pattern, in which each '0' stands for any digit. At least 16
// bytes must be readable.
inline bool FitsPattern(const char* at, const char* pattern, std::size_t size) {
  __m128i beyond = _mm_setzero_si128();
  const auto look = [&](std::size_t i) {
    const __m128i wanted = detail::Load(pattern + i);
    const __m128i most = _mm_and_si128(detail::Equal(wanted, '0'), _mm_set1_epi8(9));
    const __m128i above = _mm_sub_epi8(detail::Load(at + i), wanted);
    beyond = _mm_or_si128(beyond, _mm_subs_epu8(above, most));
  };
  for (std::size_t i = 0; i + 16 < size; i += 16) look(i);
  look(size - 16);
  return detail::Bits(_mm_cmpeq_epi8(beyond, _mm_setzero_si128())) == 0xffff;
}

// The number that the 16 bytes at `at` spell: digits where `keep` is 15, anything where it is 0.
inline std::uint64_t SixteenDigits(const char* at, const char* keep) {
  const __m128i digits = _mm_and_si128(detail::Load(at), detail::Load(keep));
  // Pairs, then fours, then eights are added up side by side.
  const __m128i tens =
      _mm_mullo_epi16(_mm_and_si128(digits, _mm_set1_epi16(0xff)), _mm_set1_epi16(10));
  const __m128i pairs = _mm_add_epi16(tens, _mm_srli_epi16(digits, 8));
  const __m128i fours = _mm_madd_epi16(pairs, _mm_set1_epi32(0x0001'0064));
  const __m128i eights = _mm_madd_epi16(_mm_packs_epi32(fours, fours), _mm_set1_epi32(0x0001'2710));
  const auto both = static_cast<std::uint64_t>(_mm_cvtsi128_si64(eights));
  return (both & 0xffffffffu) * 100'000'000 + (both >> 32);
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

inline bool FitsPattern(const char* at, const char* pattern, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    const bool digit = pattern[i] == '0' && at[i] >= '0' && at[i] <= '9';
    if (at[i] != pattern[i] && !digit) return false;
  }
  return true;
}

inline std::uint64_t SixteenDigits(const char* at, const char* keep) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < 16; ++i) value = value * 10 + static_cast<unsigned>(at[i] & keep[i]);
  return value;
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
