// Finds flux_source.so and the interface in it.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "flux/flux_source.h"

namespace flux_ensemble::flux {

// The interface, or why there is none: what was looked for, where, and what to do. What was opened
// once stays open: its threads of libraries below do not like to be unloaded.
std::variant<const FluxSourceApi*, std::string> LoadFluxSource(const std::string& path);

}  // namespace flux_ensemble::flux
