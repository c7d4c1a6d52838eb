// Bounds the log of a run. When a segment is full, it takes the log in again on a thread of its
// own, in an engine of its own, and writes a checkpoint with the state after the segment. The first
// segments are then removed as far as the log is larger than its limit. So the engine that drives
// the run pays nothing.
//
// Threads: methods are called by the owner. The thread has a low priority.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/thread.h"
#include "engine/plan.h"

namespace flux_ensemble::runner {

// A rule that was added to a run, and its text in the log.
struct AddedRule {
  std::string json;
  engine::Rule rule;
  std::vector<engine::Metric> metrics;
};

struct CompactorOptions {
  std::string folder;
  // Bytes of segments that stay, also when a checkpoint stands for them: rules are explained from
  // them.
  std::uint64_t keep = std::uint64_t{1} << 30;
  // Bytes by which the log grows at least before the next checkpoint.
  std::uint64_t least = std::uint64_t{8} << 20;
};

class Compactor {
 public:
  Compactor(CompactorOptions options, engine::Plan plan)
      : options_(std::move(options)), plan_(std::move(plan)) {}
  ~Compactor() { Stop(); }
  Compactor(const Compactor&) = delete;
  Compactor& operator=(const Compactor&) = delete;

  // The segment and all before it are written. `rules` are all that were added to the run.
  void Closed(std::uint64_t segment, std::vector<AddedRule> rules);

  // Why checkpoints have ended, once. The log grows from then on.
  std::optional<std::string> TakeProblem();

  // Waits for a checkpoint that is being made.
  void Stop();

 private:
  struct Request {
    std::uint64_t segment = 0;
    std::vector<AddedRule> rules;
  };

  void Run();
  // Words for the problem, empty for none.
  std::string Compact(const Request& request);
  bool IsWorthwhile(std::uint64_t segment) const;
  void RemoveOld(std::uint64_t segment);

  const CompactorOptions options_;
  const engine::Plan plan_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Request> request_;
  std::optional<std::string> problem_;
  bool failed_ = false;
  std::atomic<bool> stopping_ = false;  // set under the mutex
  bool started_ = false;
  Thread thread_;
};

}  // namespace flux_ensemble::runner
