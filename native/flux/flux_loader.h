// Loads flux_source.so and finds its interface.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "flux/flux_source.h"

namespace flux_ensemble::flux {

// The interface, or an error message with the path, the cause and the remedy. The library is never
// closed: libraries that it needs leave threads running.
std::variant<const FluxSourceApi*, std::string> LoadFluxSource(const std::string& path);

}  // namespace flux_ensemble::flux
