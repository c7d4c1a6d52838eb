// JavaScript plans and rules -> C++. The types are src/engine/plan.ts's; a value of another type is
// an error, never a crash.
#pragma once

#include <optional>
#include <string>

#include "engine/plan.h"
#include "flux/flux_session.h"
#include "node/node_addon.h"

namespace flux_ensemble::node {

// What openFlux() takes.
struct FluxOptions {
  std::string library;  // path of flux_source.so
  flux::FluxSessionOptions session;
  bool tap = false;  // hand over the records as they come
};
std::optional<FluxOptions> ReadFluxOptions(const Napi::Value& value, std::string* error);

// Nothing, with `error` set, when the value is no plan.
std::optional<engine::Plan> ReadPlan(const Napi::Value& value, std::string* error);

// A rule of an ensemble that has `groups` groups.
std::optional<engine::Rule> ReadRule(const Napi::Value& value, std::size_t groups,
                                     std::string* error);

// Jobs of one jobspec to be submitted.
std::optional<engine::SubmitPortion> ReadPortion(const Napi::Value& value, std::string* error);

}  // namespace flux_ensemble::node
