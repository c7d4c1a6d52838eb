#include "engine/hours.h"

#include <limits>
#include <optional>
#include <span>

#include "journal/resources.h"

namespace flux_ensemble::engine {

namespace {

// More than any cluster has. Larger numbers come from an invalid R.
constexpr std::uint64_t kMost = 1u << 30;

}  // namespace

Allocation Allocation::Of(std::string_view resources) {
  const std::optional<journal::Resources> found = journal::ReadResources(resources);
  if (!found || found->nodes > kMost || found->cores > kMost) return {};
  return {found->nodes, found->cores};
}

void Hours::Use::Pass(double now) {
  if (now <= since) return;
  node_seconds = Nodes(now);
  core_seconds = Cores(now);
  since = now;
}

void Hours::Begin(journal::JobId job, std::uint32_t group, double time) {
  const auto expected = expected_.find(job);
  if (expected == expected_.end() || expected->second.nodes == 0) return;
  const Allocation allocation = expected->second;
  if (!jobs_.try_emplace(job, JobUse{group, allocation}).second) return;
  if (group >= uses_.size()) uses_.resize(group + std::size_t{1});
  Use& use = uses_[group];
  use.Pass(time);
  use.held.nodes += allocation.nodes;
  use.held.cores += allocation.cores;
}

void Hours::End(journal::JobId job, double time) {
  const auto found = jobs_.find(job);
  if (found == jobs_.end()) return;
  const JobUse use = found->second;
  jobs_.erase(found);
  Use& group = uses_[use.group];
  group.Pass(time);
  group.held.nodes -= use.allocation.nodes;
  group.held.cores -= use.allocation.cores;
}

double Hours::TimeOf(std::uint32_t group, double node_hours) const {
  const Use& one = Of(group);
  const std::span<const Use> uses = group == kAll ? std::span(uses_) : std::span(&one, 1);
  double since = -std::numeric_limits<double>::infinity();
  double nodes = 0;
  for (const Use& use : uses) {
    since = std::max(since, use.since);
    nodes += static_cast<double>(use.held.nodes);
  }
  double seconds = 0;
  for (const Use& use : uses) seconds += use.Nodes(since);
  const double left = node_hours * 3600 - seconds;
  if (left <= 0) return since;
  return nodes == 0 ? std::numeric_limits<double>::infinity() : since + left / nodes;
}

}  // namespace flux_ensemble::engine
