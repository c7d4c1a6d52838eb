// The steps of a rule's condition -> a program whose types and indexes are checked.
#pragma once

#include <cstddef>

#include "engine/program.h"
#include "journal/result.h"
#include "node/node_addon.h"

namespace flux_ensemble::node {

// Fails when the value is not an array of steps that make a condition. `metrics` is the number of
// metrics that steps may refer to.
Result<engine::Program> ReadProgram(const Napi::Value& value, std::size_t metrics);

}  // namespace flux_ensemble::node
