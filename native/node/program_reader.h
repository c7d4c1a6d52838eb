// The steps of a rule's condition -> a program that can be run without looking.
#pragma once

#include <optional>
#include <string>

#include "engine/program.h"
#include "node/node_addon.h"

namespace flux_ensemble::node {

// Nothing, with `error` set, when the value is no array of steps that make a condition. `metrics`
// is how many there are to refer to.
std::optional<engine::Program> ReadProgram(const Napi::Value& value, std::size_t metrics,
                                           std::string* error);

}  // namespace flux_ensemble::node
