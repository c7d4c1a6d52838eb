// JavaScript plans and rules -> C++. The types are src/engine/plan/plan.ts's; a value of another
// type is an error, never a crash.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/plan.h"
#include "flux/flux_session.h"
#include "journal/result.h"
#include "node/node_addon.h"
#include "tree/tree_source.h"

namespace flux_ensemble::node {

// The options of openFlux().
struct FluxOptions {
  std::vector<std::string> libraries;  // libflux-core: a soname, and paths
  flux::FluxSessionOptions session;
  std::optional<tree::TreeOptions> tree;  // for a tree of sub-instances
  bool tap = false;                       // copy the records to the outbox
};
Result<FluxOptions> ReadFluxOptions(const Napi::Value& value);

Result<engine::Plan> ReadPlan(const Napi::Value& value);

// Shares one copy of a jobspec among the rules that submit it.
class JobspecPool {
 public:
  std::shared_ptr<const engine::Jobspec> Share(engine::Jobspec jobspec);

 private:
  // By the head, which the value owns.
  std::unordered_map<std::string_view, std::shared_ptr<const engine::Jobspec>> jobspecs_;
};

// The number of groups, metrics, states and splits that a rule may refer to.
struct PlanSizes {
  std::size_t groups = 0;
  std::size_t metrics = 0;
  std::size_t states = 0;
  std::size_t splits = 0;
};

// Metrics of an ensemble that has `groups` groups. Those of added rules are not divided.
Result<std::vector<engine::Metric>> ReadMetrics(const Napi::Value& value, std::size_t groups,
                                                const std::vector<std::size_t>& probes,
                                                const std::vector<engine::Split>& splits = {});

Result<engine::Rule> ReadRule(const Napi::Value& value, const PlanSizes& sizes,
                              JobspecPool* pool = nullptr);

// Jobs of one jobspec to be submitted.
Result<engine::SubmitPortion> ReadPortion(const Napi::Value& value, JobspecPool* pool = nullptr);

}  // namespace flux_ensemble::node
