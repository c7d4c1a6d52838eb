// Jobs that a rule submits. Many rules may share one jobspec.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace flux_ensemble::engine {

// A jobspec as text that lacks only the job's origin: each job's text is `head`, then
// "rule":R,"firing":F,"index":I, then `tail`. It holds a whole environment, so it is never copied.
struct Jobspec {
  std::string head;
  std::string tail;
};

struct SubmitPortion {
  std::shared_ptr<const Jobspec> jobspec;
  std::uint64_t count = 0;
  int urgency = 16;
  std::uint32_t group = 0;  // index of the jobs' group
};

}  // namespace flux_ensemble::engine
