#include "engine/change.h"

#include <array>
#include <utility>

namespace flux_ensemble::engine {

std::optional<Change> ChangeOfTrigger(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, Change>, 10> kDerived = {{
      {"sched", Change::kSchedState},
      {"run", Change::kRunState},
      {"cleanup", Change::kCleanupState},
      {"inactive", Change::kInactiveState},
      {"success", Change::kSuccess},
      {"fail", Change::kFail},
      {"cancel", Change::kCancel},
      {"timeout", Change::kTimeout},
      {"stalled", Change::kStalled},
      {"tell", Change::kTell},
  }};
  for (const auto& [derived, change] : kDerived) {
    if (name == derived) return change;
  }
  const journal::EventKind kind = journal::KindOf(name);
  if (kind == journal::EventKind::kOther) return std::nullopt;
  return ChangeOf(kind);
}

}  // namespace flux_ensemble::engine
