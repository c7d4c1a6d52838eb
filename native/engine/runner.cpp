#include "engine/runner.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

namespace flux_ensemble::engine {

namespace {

// Bytes taken in between two looks at what has gathered: firings should not wait for a large piece to end,
// and a consumer's bounded queue should not be overrun by one.
constexpr std::size_t kSliceBytes = std::size_t{64} << 10;

// A clock can't tell times that lie further away (31 years).
constexpr double kMaxSeconds = 1e9;

double SecondsSinceEpoch() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

template <typename T>
void MoveTo(std::vector<T>& from, std::vector<T>& to) {
  if (to.empty()) {
    to.swap(from);
  } else {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  }
  from.clear();
}

template <typename T>
void MoveSome(std::vector<T>& from, std::vector<T>& to, std::size_t count) {
  const auto end = from.begin() + static_cast<std::ptrdiff_t>(count);
  to.insert(to.end(), from.begin(), end);
  from.erase(from.begin(), end);
}

}  // namespace

Runner::Runner(Plan plan, std::function<void()> wake)
    : engine_(plan), wake_(std::move(wake)), heartbeat_(plan.heartbeat) {}

int Runner::Start() {
  return thread_.Start([this] { Loop(); });
}

void Runner::Post(Command command) {
  {
    const std::lock_guard lock(mutex_);
    commands_.push_back(std::move(command));
  }
  posted_.notify_one();
}

Outbox Runner::Take() {
  Outbox taken;
  const std::lock_guard lock(mutex_);
  std::swap(taken, outbox_);
  taken.events_waiting = events_.columns.size() > 0;
  wake_pending_ = false;
  return taken;
}

void Runner::GatherEvents(std::size_t capacity, bool hold) {
  {
    const std::lock_guard lock(mutex_);
    event_capacity_ = capacity;
    hold_ = hold;
    if (capacity == 0) {
      events_.columns.Clear();
      events_.dropped = 0;
    }
  }
  taken_.notify_one();
}

EventBatch Runner::TakeEvents() {
  EventBatch taken;
  {
    const std::lock_guard lock(mutex_);
    std::swap(taken, events_);
    taken.new_groups.swap(outbox_.new_groups);
  }
  taken_.notify_one();
  return taken;
}

void Runner::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  posted_.notify_one();
  taken_.notify_one();
  thread_.Join();
}

void Runner::Loop() {
  Command command;
  while (Next(command)) Run(command);
}

bool Runner::Next(Command& command) {
  std::unique_lock lock(mutex_);
  const auto ready = [this] { return stopping_ || !commands_.empty(); };
  for (;;) {
    if (beating_ && Clock::now() >= next_beat_) {
      lock.unlock();
      engine_.Heartbeat(SecondsSinceEpoch());
      Publish(nullptr);
      // Beats that were missed while the engine was busy are not made up for.
      next_beat_ = NextBeat();
      lock.lock();
    }
    if (stopping_) return false;
    if (!commands_.empty()) break;
    if (beating_) {
      posted_.wait_until(lock, next_beat_, ready);
    } else {
      posted_.wait(lock, ready);
    }
  }
  command = std::move(commands_.front());
  commands_.pop_front();
  engine_.GatherEvents(event_capacity_ > 0);
  return true;
}

Runner::Clock::time_point Runner::NextBeat() const {
  const std::chrono::duration<double> seconds(std::min(heartbeat_, kMaxSeconds));
  return Clock::now() + std::chrono::duration_cast<Clock::duration>(seconds);
}

void Runner::Run(Command& command) {
  Answer answer{command.number, {}};
  auto& body = command.body;
  if (const auto* start = std::get_if<StartCommand>(&body)) {
    engine_.Start(start->now);
    beating_ = heartbeat_ > 0;
    next_beat_ = NextBeat();
  } else if (const auto* ingest = std::get_if<IngestCommand>(&body)) {
    const std::string_view bytes = ingest->bytes;
    Ingest(bytes.substr(0, bytes.size() - journal::kPadding));
  } else if (std::holds_alternative<FinishStreamCommand>(body)) {
    engine_.FinishStream();
  } else if (const auto* tick = std::get_if<TickCommand>(&body)) {
    engine_.Heartbeat(tick->now);
  } else if (auto* add = std::get_if<AddRuleCommand>(&body)) {
    answer.body = engine_.AddRule(std::move(add->rule));
  } else if (std::holds_alternative<EndCommand>(body)) {
    engine_.End();
  } else if (std::holds_alternative<StatusCommand>(body)) {
    answer.body = engine_.GetStatus();
  } else if (std::holds_alternative<SnapshotCommand>(body)) {
    answer.body = engine_.GetSnapshot();
  } else if (const auto* active = std::get_if<ActiveJobsCommand>(&body)) {
    answer.body = engine_.ActiveJobs(active->group);
  }
  Publish(&answer);
}

void Runner::Ingest(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view slice = bytes.substr(0, kSliceBytes);
    bytes.remove_prefix(slice.size());
    engine_.Ingest(slice);
    if (!bytes.empty()) Publish(nullptr);
  }
}

void Runner::Publish(Answer* answer) {
  std::unique_lock lock(mutex_);
  MoveTo(engine_.firings(), outbox_.firings);
  MoveTo(engine_.decode_errors(), outbox_.decode_errors);
  MoveTo(engine_.new_groups(), outbox_.new_groups);
  if (engine_.events().size() > 0) PublishEvents(lock);
  if (answer != nullptr) outbox_.answers.push_back(std::move(*answer));
  if (!outbox_.empty()) Wake(lock);
}

void Runner::PublishEvents(std::unique_lock<std::mutex>& lock) {
  EventColumns& from = engine_.events();
  MoveTo(engine_.named_kinds(), events_.named_kinds);
  for (;;) {
    EventColumns& to = events_.columns;
    const std::size_t waiting = to.size();
    const std::size_t room = event_capacity_ > waiting ? event_capacity_ - waiting : 0;
    const std::size_t count = std::min(room, from.size());
    MoveSome(from.ids, to.ids, count);
    MoveSome(from.timestamps, to.timestamps, count);
    MoveSome(from.kinds, to.kinds, count);
    MoveSome(from.groups, to.groups, count);
    if (waiting == 0 && count > 0) Wake(lock);
    if (from.size() == 0) return;
    if (!hold_ || stopping_ || event_capacity_ == 0) {
      if (event_capacity_ > 0) events_.dropped += from.size();
      from.Clear();
      return;
    }
    // Whoever has to take the events may be waiting for these.
    if (!outbox_.empty()) Wake(lock);
    taken_.wait(lock, [this] {
      return stopping_ || event_capacity_ == 0 || events_.columns.size() < event_capacity_;
    });
  }
}

void Runner::Wake(std::unique_lock<std::mutex>& lock) {
  if (wake_pending_ || stopping_) return;
  wake_pending_ = true;
  lock.unlock();
  wake_();
  lock.lock();
}

}  // namespace flux_ensemble::engine
