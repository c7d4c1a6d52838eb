// Numbers in files, with the lowest byte first on every machine.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace flux_ensemble::log {

namespace detail {
template <typename T>
T Swapped(T value) {
  if constexpr (sizeof(T) == 8) return __builtin_bswap64(value);
  return __builtin_bswap32(value);
}
}  // namespace detail

// The number at `from`, which need not be aligned.
template <typename T>
T LoadLittle(const char* from) {
  static_assert(std::is_same_v<T, std::uint32_t> || std::is_same_v<T, std::uint64_t>);
  T value = 0;
  std::memcpy(&value, from, sizeof value);
  if constexpr (std::endian::native == std::endian::big) value = detail::Swapped(value);
  return value;
}

template <typename T>
void StoreLittle(T value, char* to) {
  static_assert(std::is_same_v<T, std::uint32_t> || std::is_same_v<T, std::uint64_t>);
  if constexpr (std::endian::native == std::endian::big) value = detail::Swapped(value);
  std::memcpy(to, &value, sizeof value);
}

}  // namespace flux_ensemble::log
