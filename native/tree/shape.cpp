#include "tree/shape.h"

#include <algorithm>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "journal/context_members.h"
#include "journal/json_walk.h"

namespace flux_ensemble::tree {

namespace {

using journal::FindValue;
using journal::NumberOf;
using journal::Times;

constexpr int kMaxDepth = 8;

// Adds the resources of a list, each `times` times. Within a node, `on_node` gathers its cores.
void AddResources(std::string_view list, std::uint64_t times, std::uint64_t* on_node,
                  std::uint64_t times_on_node, Need& need, int depth) {
  if (depth > kMaxDepth) return;
  journal::WalkArray(list, [&](std::string_view resource) {
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

// A number in JSON that is not negative.
std::optional<double> SecondsOf(std::string_view json) {
  const std::string object = R"({"seconds":)" + std::string(json) + "}";
  const std::vector<journal::Member> members = journal::MembersOf(object);
  const journal::Member* const member = journal::FindMember(members, "seconds");
  const auto* const number = member == nullptr ? nullptr : std::get_if<double>(&member->value);
  return number != nullptr && *number >= 0 ? std::optional(*number) : std::nullopt;
}

}  // namespace

std::optional<double> ExpirationOf(std::string_view r) {
  const std::string_view execution = FindValue(r, "execution");
  const std::optional<double> expiration = SecondsOf(FindValue(execution, "expiration"));
  return expiration && *expiration > 0 ? expiration : std::nullopt;
}

std::optional<Shape> ShapeOf(std::string_view status) {
  return journal::ReadResources(FindValue(status, "R"));
}

Need NeedOf(std::string_view jobspec) {
  Need need;
  AddResources(FindValue(jobspec, "resources"), 1, nullptr, 1, need, 0);
  const std::string_view system = FindValue(FindValue(jobspec, "attributes"), "system");
  need.duration = SecondsOf(FindValue(system, "duration")).value_or(0);
  return need;
}

}  // namespace flux_ensemble::tree
