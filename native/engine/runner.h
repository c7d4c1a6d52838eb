// An engine on a thread of its own: commands go in, answers and firings come out through one outbox.
//
// Threads: Post, Take, TakeEvents, GatherEvents and Stop are called by the owner, everything else happens on the runner's thread. One
// wake is under way at most: the next one comes only after Take. No lock is held while waking.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "engine/engine.h"
#include "engine/thread.h"

namespace flux_ensemble::engine {

// Commands, each with the number under which it is answered.
struct StartCommand {
  double now;  // seconds since the epoch
};
struct IngestCommand {
  std::string bytes;  // the journal's bytes, then journal::kPadding others
};
struct FinishStreamCommand {};
struct TickCommand {
  double now;
};
struct AddRuleCommand {
  Rule rule;
};
struct EndCommand {};
struct StatusCommand {};
struct SnapshotCommand {};
struct ActiveJobsCommand {
  std::uint32_t group;
};
using CommandBody =
    std::variant<StartCommand, IngestCommand, FinishStreamCommand, TickCommand, AddRuleCommand,
                 EndCommand, StatusCommand, SnapshotCommand, ActiveJobsCommand>;

struct Command {
  std::uint64_t number = 0;
  CommandBody body;
};

using AnswerBody =
    std::variant<std::monostate, std::uint32_t, Status, Snapshot, std::vector<journal::JobId>>;

struct Answer {
  std::uint64_t number = 0;
  AnswerBody body;
};

// What the owner takes at a wake. Firings that led to an answer are in the same outbox or an earlier one.
struct Outbox {
  std::vector<Answer> answers;
  std::vector<Firing> firings;
  std::vector<journal::DecodeError> decode_errors;
  // Names of groups that the plan does not list, in the order of their indexes; each is handed over once, with
  // an outbox or an event batch, and not after the answer or the events that need it.
  std::vector<std::string> new_groups;
  bool events_waiting = false;  // there is an event batch to take

  bool empty() const {
    return answers.empty() && firings.empty() && decode_errors.empty() && new_groups.empty();
  }
};

// Raw events, taken apart from the rest: only when their consumer wants them.
struct EventBatch {
  EventColumns columns;
  std::vector<std::string> new_groups;   // as in an outbox
  std::vector<std::string> named_kinds;  // new ones, in the order of their numbers
  std::uint64_t dropped = 0;             // since the last batch
};

class Runner {
 public:
  // `wake` is called on the runner's thread when there is something to take.
  Runner(Plan plan, std::function<void()> wake);
  ~Runner() { Stop(); }
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  // Starts the thread. Returns 0 or an errno.
  int Start();

  void Post(Command command);

  // Moves out what has gathered; allows the next wake.
  Outbox Take();

  // From the next command on, raw events are gathered, at most `capacity` waiting to be taken. When there is
  // no room for one it is dropped and counted, or with `hold` the engine waits. A capacity of 0 ends it, also
  // for an engine that waits.
  void GatherEvents(std::size_t capacity, bool hold);

  // Moves out the raw events that have gathered. A wake comes when there are some after there were none.
  EventBatch TakeEvents();

  // Stops the thread and joins it. Commands that it has not begun are never answered. Idempotent.
  void Stop();

 private:
  using Clock = std::chrono::steady_clock;

  void Loop();
  // Waits for a command; nothing when it is time to stop. Heartbeats happen meanwhile.
  bool Next(Command& command);
  Clock::time_point NextBeat() const;
  void Run(Command& command);
  void Ingest(std::string_view bytes);
  // Hands what the engine has gathered over to the outbox and wakes the owner.
  void Publish(Answer* answer);
  void PublishEvents(std::unique_lock<std::mutex>& lock);
  void Wake(std::unique_lock<std::mutex>& lock);

  Engine engine_;
  const std::function<void()> wake_;
  const double heartbeat_;
  // Heartbeats begin with the run.
  bool beating_ = false;
  Clock::time_point next_beat_{};

  std::mutex mutex_;
  std::condition_variable posted_;  // a command, or the stop
  std::condition_variable taken_;   // room for events, or the stop
  std::deque<Command> commands_;
  Outbox outbox_;
  EventBatch events_;
  std::size_t event_capacity_ = 0;
  bool hold_ = false;
  bool wake_pending_ = false;
  bool stopping_ = false;

  Thread thread_;
};

}  // namespace flux_ensemble::engine
