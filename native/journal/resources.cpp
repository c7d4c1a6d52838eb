#include "journal/resources.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "journal/json_walk.h"

namespace flux_ensemble::journal {

namespace {

// The ids in a JSON string; 0 without one.
std::uint64_t CountIn(std::string_view string) {
  if (string.size() < 2 || string.front() != '"') return 0;
  return CountIds(string.substr(1, string.size() - 2)).value_or(0);
}

}  // namespace

std::optional<std::uint64_t> NumberOf(std::string_view text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || at != end) return std::nullopt;
  return number;
}

std::uint64_t Times(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? std::numeric_limits<std::uint64_t>::max()
                                                : product;
}

std::optional<std::uint64_t> CountIds(std::string_view idset) {
  if (idset.starts_with('[') && idset.ends_with(']')) idset = idset.substr(1, idset.size() - 2);
  std::uint64_t count = 0;
  while (!idset.empty()) {
    const std::size_t comma = idset.find(',');
    const std::string_view range = idset.substr(0, comma);
    idset.remove_prefix(comma == std::string_view::npos ? idset.size() : comma + 1);
    const std::size_t dash = range.find('-');
    const auto first = NumberOf(range.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : NumberOf(range.substr(dash + 1));
    if (!first || !last || *last < *first || *last > std::numeric_limits<std::uint32_t>::max()) {
      return std::nullopt;
    }
    count += *last - *first + 1;
  }
  return count;
}

std::optional<Resources> ReadResources(std::string_view r) {
  const std::string_view entries = FindValue(FindValue(r, "execution"), "R_lite");
  if (entries.empty()) return std::nullopt;
  Resources all;
  WalkArray(entries, [&all](std::string_view entry) {
    const std::uint64_t nodes = CountIn(FindValue(entry, "rank"));
    const std::string_view children = FindValue(entry, "children");
    const std::uint64_t cores = CountIn(FindValue(children, "core"));
    all.nodes += nodes;
    all.cores += Times(nodes, cores);
    all.cores_of_node = std::max(all.cores_of_node, cores);
    all.gpus += Times(nodes, CountIn(FindValue(children, "gpu")));
    return true;
  });
  if (all.nodes == 0) return std::nullopt;
  return all;
}

}  // namespace flux_ensemble::journal
