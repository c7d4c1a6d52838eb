// The padding that the decoder needs after its input.
#pragma once

#include <cstddef>

namespace flux_ensemble::journal {

// Bytes that must be readable after every buffer given to the decoder. Their value does not matter.
inline constexpr std::size_t kPadding = 64;

}  // namespace flux_ensemble::journal
