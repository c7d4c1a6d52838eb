// Loads flux_source.so and finds its interface.
#pragma once

#include <string>

#include "flux/flux_source.h"
#include "journal/result.h"

namespace flux_ensemble::flux {

// The interface, or an error message with the path, the cause and the remedy. The library is never
// closed: libraries that it needs leave threads running.
Result<const FluxSourceApi*> LoadFluxSource(const std::string& path);

}  // namespace flux_ensemble::flux
