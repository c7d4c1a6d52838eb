// JavaScript plans and rules -> C++. The types are src/engine/plan.ts's; a value of another type is an error, never
// a crash.
#pragma once

#include <optional>
#include <string>

#include "engine/plan.h"
#include "node/node_addon.h"

namespace flux_ensemble::node {

// Nothing, with `error` set, when the value is no plan.
std::optional<engine::Plan> ReadPlan(const Napi::Value& value, std::string* error);

// A rule of an ensemble that has `groups` groups.
std::optional<engine::Rule> ReadRule(const Napi::Value& value, std::size_t groups,
                                     std::string* error);

}  // namespace flux_ensemble::node
