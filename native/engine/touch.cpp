#include "engine/touch.h"

#include <array>
#include <utility>

namespace flux_ensemble::engine {

std::optional<Touch> TouchOfTrigger(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, Touch>, 9> kDerived = {{
      {"sched", Touch::kSchedState},
      {"run", Touch::kRunState},
      {"cleanup", Touch::kCleanupState},
      {"inactive", Touch::kInactiveState},
      {"success", Touch::kSuccess},
      {"fail", Touch::kFail},
      {"cancel", Touch::kCancel},
      {"timeout", Touch::kTimeout},
      {"stalled", Touch::kStalled},
  }};
  for (const auto& [derived, touch] : kDerived) {
    if (name == derived) return touch;
  }
  const journal::EventKind kind = journal::KindOf(name);
  if (kind == journal::EventKind::kOther) return std::nullopt;
  return TouchOf(kind);
}

}  // namespace flux_ensemble::engine
