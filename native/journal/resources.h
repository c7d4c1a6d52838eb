// The resources in an R (RFC 20), and the number of ids in an idset (RFC 22).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace flux_ensemble::journal {

struct Resources {
  std::uint64_t nodes = 0;
  std::uint64_t cores = 0;          // of all nodes
  std::uint64_t cores_of_node = 0;  // of the largest
  std::uint64_t gpus = 0;

  bool operator==(const Resources&) const = default;
};

// Reads an R. Nothing for an R without nodes, and for a text of another form.
std::optional<Resources> ReadResources(std::string_view r);

// The number of ids in an idset such as `0-3,7`; nothing for an invalid text.
std::optional<std::uint64_t> CountIds(std::string_view idset);

// A product that stays at the largest number.
std::uint64_t Times(std::uint64_t a, std::uint64_t b);

// The number that the whole text is; nothing for another text.
std::optional<std::uint64_t> NumberOf(std::string_view text);

}  // namespace flux_ensemble::journal
