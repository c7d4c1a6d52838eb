// One sub-instance of a tree: a job of the parent, and once it is up a source of its own.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "runner/source.h"
#include "tree/instance_id.h"
#include "tree/shape.h"

namespace flux_ensemble::tree {

struct Child {
  using Clock = runner::Source::Clock;

  enum class State : std::uint8_t {
    kPending,   // its job has not started
    kStarting,  // its job has started, and it is not up
    kUp,        // takes jobs
    kDraining,  // takes no more jobs, and ends when it has none
    kDead,      // takes no more jobs, and is not followed; its job may be active
  };

  // A job that the journal has shown and that is active.
  struct Job {
    bool finished = false;
    double latest = 0;  // time of its last event
  };

  InstanceNumber number = 0;
  State state = State::kPending;
  std::optional<journal::JobId> job;  // in the parent; unknown until the parent's journal shows it
  bool job_ended = false;
  bool job_canceled = false;  // the parent has answered the request
  bool shown = true;          // by the parent's journal, since its stream began
  bool adopted = false;       // started by an earlier process of the run
  std::string uri;

  std::shared_ptr<runner::SourceListener> port;  // of the source
  std::unique_ptr<runner::Source> source;
  int watched = -1;  // its descriptor in the tree's epoll set
  bool more = true;  // it may have messages that its descriptor does not show
  bool sentinel = false;
  std::optional<Shape> shape;
  bool asked_shape = false;
  std::optional<std::string> failure;  // why the source failed, until it is dealt with

  // The number of the state in which its broker runs jobs; unknown until it has answered.
  std::optional<std::uint64_t> run_state;
  std::unordered_set<journal::JobId> canceled;  // jobs of which the run has requested a cancel
  // A broker that shuts down cancels its jobs. Records wait from the first cancel on that the run
  // has not requested, until the broker has told its state.
  bool in_doubt = false;
  std::vector<std::string> held;

  std::unordered_map<journal::JobId, Job> jobs;  // by their own ids
  std::uint64_t got = 0;                         // jobs of the run that its journal has shown
  std::uint64_t seen = 0;                        // those that this process submitted
  std::uint64_t ended = 0;                       // jobs that have ended

  Clock::time_point requested{};           // when its job was submitted
  std::optional<Clock::time_point> up_by;  // while it starts
  std::optional<Clock::time_point> up_since;
  std::optional<Clock::time_point> cancel_at;  // its job, when it is dead
  std::string cancel_note;
  // The end of its allocation, and its time when it became known.
  std::optional<Clock::time_point> expires;
  Clock::duration time{};
  // The next one is started, because its own time is nearly over.
  bool closing = false;
  std::optional<Clock::time_point> idle_since;  // it has no job, and none waits for it

  bool is_followed() const { return source != nullptr && state != State::kDead; }

  // Jobs that can run at once, as far as that is known.
  std::uint64_t slots() const { return shape ? std::max<std::uint64_t>(shape->cores, 1) : 1; }
  // The most jobs that it has at once: those that can run, and those that it starts in two seconds
  // at its present pace. So it never runs dry, and few jobs are bound to it when they take long.
  // The largest window costs no throughput, and bounds the memory of the broker.
  std::uint64_t window() const {
    const std::uint64_t most = std::min(std::max<std::uint64_t>(256, 4 * slots()), slots() + 1024);
    const std::uint64_t ahead = std::max({slots(), kLeastAhead, 2 * std::max(pace, ends)});
    return std::min(most, slots() + ahead);
  }

  // A job has ended.
  void CountEnd(Clock::time_point now) {
    ++ended;
    if (now - second >= std::chrono::seconds(1)) {
      pace = now - second < std::chrono::seconds(2) ? ends : 0;
      ends = 0;
      second = now;
    }
    ++ends;
  }

  static constexpr std::uint64_t kLeastAhead = 4;
  Clock::time_point second{};  // when the current second began
  std::uint64_t ends = 0;      // of jobs in it
  std::uint64_t pace = 0;      // ends in the second before
};

}  // namespace flux_ensemble::tree
