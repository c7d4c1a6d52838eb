// How long the jobs of each group have held nodes and cores: those of a job's R (RFC 20), from
// `alloc` to the end of its tasks. A job without R holds nothing.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "journal/record.h"

namespace flux_ensemble::engine {

// Nodes and cores of an R, shared ones, too.
struct Allocation {
  std::uint64_t nodes = 0;
  std::uint64_t cores = 0;

  // Nothing for an invalid R.
  static Allocation Of(std::string_view resources);

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(nodes, cores);
  }
};

class Hours {
 public:
  // R of a job, for the records that follow.
  void Expect(journal::JobId job, Allocation allocation) { expected_[job] = allocation; }
  // The records have been taken in. Other programs' jobs have what was not needed.
  void ForgetExpected() { expected_.clear(); }
  // The job holds what its R says, from this time on.
  void Begin(journal::JobId job, std::uint32_t group, double time);
  // The job holds nothing any more.
  void End(journal::JobId job, double time);

  // Hours of a group up to a time, in seconds since the epoch.
  double nodes(std::uint32_t group, double now) const { return Of(group).Nodes(now) / 3600; }
  double cores(std::uint32_t group, double now) const { return Of(group).Cores(now) / 3600; }
  // The time at which jobs of a group, or of all groups for kAll, have held nodes for this many
  // hours, if none begins or ends; infinity when they hold none.
  double TimeOf(std::uint32_t group, double node_hours) const;
  static constexpr std::uint32_t kAll = ~std::uint32_t{0};
  // Whether jobs of a group hold anything.
  bool grow(std::uint32_t group) const {
    return Of(group).held.nodes > 0 || Of(group).held.cores > 0;
  }

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(uses_, jobs_);
  }

 private:
  struct Use {
    double node_seconds = 0;  // until `since`
    double core_seconds = 0;
    Allocation held;
    double since = 0;

    double Nodes(double now) const {
      return node_seconds + std::max(0.0, now - since) * static_cast<double>(held.nodes);
    }
    double Cores(double now) const {
      return core_seconds + std::max(0.0, now - since) * static_cast<double>(held.cores);
    }
    // Times that go back count as the latest one.
    void Pass(double now);

    template <typename Archive>
    void Persist(Archive& archive) {
      archive(node_seconds, core_seconds, held, since);
    }
  };
  struct JobUse {
    std::uint32_t group = 0;
    Allocation allocation;

    template <typename Archive>
    void Persist(Archive& archive) {
      archive(group, allocation);
    }
  };

  const Use& Of(std::uint32_t group) const {
    static const Use nothing;
    return group < uses_.size() ? uses_[group] : nothing;
  }

  std::vector<Use> uses_;  // by group
  std::unordered_map<journal::JobId, JobUse> jobs_;
  std::unordered_map<journal::JobId, Allocation> expected_;
};

}  // namespace flux_ensemble::engine
