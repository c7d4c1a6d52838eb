// The resources of an instance, and those that a job needs.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "journal/resources.h"

namespace flux_ensemble::tree {

// The resources of an instance, as its own scheduler sees them.
using Shape = journal::Resources;

// The resources that one job needs.
struct Need {
  std::uint64_t nodes = 0;  // 0 when the job does not ask for nodes
  std::uint64_t cores = 0;
  std::uint64_t cores_of_node = 0;  // on each of its nodes; 0 when the job does not ask for nodes
  std::uint64_t gpus = 0;
  double duration = 0;  // seconds that it may take; 0 for no limit

  bool FitsIn(const Shape& shape) const {
    return nodes <= shape.nodes && cores <= shape.cores && cores_of_node <= shape.cores_of_node &&
           gpus <= shape.gpus;
  }
  bool operator==(const Need&) const = default;
};

// The end of an allocation by its R (RFC 20), in seconds since the epoch; nothing for none.
std::optional<double> ExpirationOf(std::string_view r);

// Reads the answer of `resource.status`. Nothing for an answer of another form.
std::optional<Shape> ShapeOf(std::string_view status);

// Reads the resources and the duration of a jobspec (RFC 25, RFC 14). The text may be cut off after
// them. A job whose resources have another form needs nothing, so that the instance decides.
Need NeedOf(std::string_view jobspec);

}  // namespace flux_ensemble::tree
