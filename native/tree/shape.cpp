#include "tree/shape.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "tree/json_walk.h"

namespace flux_ensemble::tree {

namespace {

std::optional<std::uint64_t> NumberOf(std::string_view text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || at != end) return std::nullopt;
  return number;
}

// The ids in a JSON string; 0 without one.
std::uint64_t CountIn(std::string_view string) {
  if (string.size() < 2 || string.front() != '"') return 0;
  return CountIds(string.substr(1, string.size() - 2)).value_or(0);
}

// A product that stays at the largest number.
std::uint64_t Times(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? std::numeric_limits<std::uint64_t>::max()
                                                : product;
}

constexpr int kMaxDepth = 8;

// Adds the resources of a list, each `times` times. Within a node, `on_node` gathers its cores.
void AddResources(std::string_view list, std::uint64_t times, std::uint64_t* on_node,
                  std::uint64_t times_on_node, Need& need, int depth) {
  if (depth > kMaxDepth) return;
  WalkArray(list, [&](std::string_view resource) {
    const std::string_view type = FindValue(resource, "type");
    const std::uint64_t count = NumberOf(FindValue(resource, "count")).value_or(1);
    const std::string_view with = FindValue(resource, "with");
    const std::uint64_t all = Times(times, count);
    if (type == "\"node\"") {
      need.nodes += all;
      std::uint64_t cores = 0;
      AddResources(with, all, &cores, 1, need, depth + 1);
      need.cores_of_node = std::max(need.cores_of_node, cores);
      return true;
    }
    if (type == "\"core\"") {
      need.cores += all;
      if (on_node != nullptr) *on_node += Times(times_on_node, count);
    } else if (type == "\"gpu\"") {
      need.gpus += all;
    }
    AddResources(with, all, on_node, Times(times_on_node, count), need, depth + 1);
    return true;
  });
}

}  // namespace

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

std::optional<Shape> ShapeOf(std::string_view status) {
  const std::string_view entries =
      FindValue(FindValue(FindValue(status, "R"), "execution"), "R_lite");
  if (entries.empty()) return std::nullopt;
  Shape shape;
  WalkArray(entries, [&shape](std::string_view entry) {
    const std::uint64_t nodes = CountIn(FindValue(entry, "rank"));
    const std::string_view children = FindValue(entry, "children");
    const std::uint64_t cores = CountIn(FindValue(children, "core"));
    shape.nodes += nodes;
    shape.cores += Times(nodes, cores);
    shape.cores_of_node = std::max(shape.cores_of_node, cores);
    shape.gpus += Times(nodes, CountIn(FindValue(children, "gpu")));
    return true;
  });
  if (shape.nodes == 0) return std::nullopt;
  return shape;
}

Need NeedOf(std::string_view jobspec) {
  Need need;
  AddResources(FindValue(jobspec, "resources"), 1, nullptr, 1, need, 0);
  return need;
}

}  // namespace flux_ensemble::tree
