#include "engine/tells.h"

#include <algorithm>
#include <cmath>
#include <variant>

#include "journal/context_members.h"

namespace flux_ensemble::engine {

namespace {

// Names of ignored values that are remembered.
constexpr std::size_t kMaxIgnored = 256;

Told Ignored(std::string name) {
  return {.ignored = true, .text = std::move(name)};
}

Told ToldOf(journal::Member member, const std::vector<ToldName>& names) {
  const auto found = std::ranges::find(names, member.name, &ToldName::name);
  if (found == names.end()) return Ignored(std::move(member.name));
  if (found->is_text) {
    auto* const text = std::get_if<std::string>(&member.value);
    if (text == nullptr) return Ignored(std::move(member.name));
    return {.is_text = true, .index = found->index, .text = std::move(*text)};
  }
  const auto* const number = std::get_if<double>(&member.value);
  if (number == nullptr || !std::isfinite(*number)) return Ignored(std::move(member.name));
  return {.index = found->index, .number = *number, .text = {}};
}

}  // namespace

void Tells::AddGroup(std::uint32_t group, std::vector<ToldName> names) {
  if (names.empty()) return;
  if (group >= names_.size()) names_.resize(group + 1);
  names_[group] = std::move(names);
}

std::span<const Told> Tells::Read(std::uint32_t group, std::string_view context) {
  values_.clear();
  variables_.clear();
  for (journal::Member& member : journal::MembersOf(context)) {
    // Flux notes the address of an instance that is a job.
    if (member.name == "uri") continue;
    const Told& told = values_.emplace_back(ToldOf(std::move(member), names_[group]));
    if (!told.ignored && !told.is_text) variables_.push_back(told.index);
  }
  return values_;
}

bool Tells::IsNew(std::uint32_t group, const Told& ignored) {
  return ignored_.size() < kMaxIgnored && ignored_.emplace(group, ignored.text).second;
}

}  // namespace flux_ensemble::engine
