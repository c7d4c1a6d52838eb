#include "engine/hours.h"

#include <charconv>
#include <limits>
#include <optional>
#include <span>

namespace flux_ensemble::engine {

namespace {

// More than any cluster has. Larger numbers come from an invalid R.
constexpr std::uint64_t kMost = 1u << 30;

// The text of a string member of an object; empty without it.
std::string_view TextOf(std::string_view object, std::string_view key) {
  const std::size_t found = object.find(key);
  if (found == std::string_view::npos) return {};
  object.remove_prefix(found + key.size());
  return object.substr(0, object.find('"'));
}

std::optional<std::uint64_t> NumberOf(std::string_view& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number > kMost) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

// The ids in an idset (RFC 22): "0-3,7".
std::uint64_t CountIds(std::string_view text) {
  std::uint64_t count = 0;
  while (!text.empty()) {
    const auto first = NumberOf(text);
    auto last = first;
    if (first && text.starts_with('-')) {
      text.remove_prefix(1);
      last = NumberOf(text);
    }
    if (!first || !last || *last < *first) return 0;
    count += *last - *first + 1;
    if (count > kMost) return 0;
    if (!text.empty() && text.front() != ',') return 0;
    if (!text.empty()) text.remove_prefix(1);
  }
  return count;
}

}  // namespace

// R_lite is a list of objects without nested lists: {"rank":"0-1","children":{"core":"0-3"}}.
Allocation Allocation::Of(std::string_view resources) {
  Allocation all;
  const std::size_t list = resources.find("\"R_lite\":[");
  if (list == std::string_view::npos) return all;
  resources.remove_prefix(list);
  resources = resources.substr(0, resources.find(']'));
  constexpr std::string_view kRank = "\"rank\":\"";
  for (std::size_t at = resources.find(kRank); at != std::string_view::npos;) {
    const std::size_t next = resources.find(kRank, at + kRank.size());
    const std::string_view one = resources.substr(at, next - at);
    const std::uint64_t nodes = CountIds(TextOf(one, kRank));
    all.nodes = std::min(kMost, all.nodes + nodes);
    all.cores = std::min(kMost, all.cores + nodes * CountIds(TextOf(one, "\"core\":\"")));
    at = next;
  }
  return all;
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
