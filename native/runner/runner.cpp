#include "runner/runner.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <utility>

namespace flux_ensemble::engine {

namespace {

// Bytes taken in between two looks at what has gathered: firings should not wait for a large piece
// to end, and a consumer's bounded queue should not be overrun by one.
constexpr std::size_t kSliceBytes = std::size_t{64} << 10;

// Commands run before heartbeats and the source get their turn.
constexpr int kCommandsInARow = 64;

// Between two looks for messages of a backlog.
constexpr std::chrono::microseconds kBacklogLook{1000};

// With so many jobs active, messages come all the time, and two milliseconds are less than a job
// takes from its submission to its start: some may gather, too. Looks that are closer together find
// one message each, and cost more than they save.
constexpr std::size_t kCrowd = 64;
constexpr std::chrono::microseconds kCrowdLook{2000};

// Orders that firings and retries made are told by these bits from those that commands made.
constexpr std::uint64_t kOfFiring = std::uint64_t{1} << 63;
constexpr std::uint64_t kOfRetry = std::uint64_t{1} << 62;

// Seconds after which the time of day is looked at again.
constexpr double kLongestWait = 60;

// A clock can't tell times that lie further away (31 years).
constexpr double kMaxSeconds = 1e9;

// A step of the time of day that is one: somebody has set the clock. Smaller ones are made up for
// by letting it run slower or faster, which the steady clock does too.
constexpr double kClockSet = 1;

// How long a submit waits for the word that the job was refused. Flux sends both at once.
constexpr std::chrono::milliseconds kRefusalPatience{50};

double TimeOfDay() {
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

void Add(SubmitReport& sum, const SubmitReport& report) {
  sum.accepted += report.accepted;
  sum.refused += report.refused;
  sum.dropped += report.dropped;
  if (sum.reason.empty()) sum.reason = report.reason;
}

}  // namespace

Runner::Runner(Plan plan, std::function<void()> wake)
    : heartbeat_(plan.heartbeat),
      virtual_time_(plan.virtual_time),
      engine_(std::move(plan)),
      wake_(std::move(wake)) {
  SetTime(TimeOfDay());
  engine_.OnAskTimes([this](std::uint32_t rule, double after) { return AskTimes(rule, after); });
}

int Runner::Start() {
  if (posted_.error() != 0) return posted_.error();
  return thread_.Start([this] { Loop(); });
}

void Runner::Post(Command command) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = commands_.empty();
    commands_.push_back(std::move(command));
  }
  if (first) posted_.Signal();
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
  posted_.Signal();
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

void Runner::SupplyTimes(std::uint32_t rule, std::vector<double> times) {
  {
    const std::lock_guard lock(mutex_);
    supplied_[rule] = std::move(times);
  }
  posted_.Signal();
  taken_.notify_one();
}

void Runner::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  posted_.Signal();
  taken_.notify_one();
  thread_.Join();
}

void Runner::Loop() {
  for (;;) {
    PassTime();
    const bool more_commands = RunCommands();
    if (stopping_) break;
    Beat();
    const bool more_messages = PumpSource();
    if (!more_commands && !more_messages) Wait();
  }
  // Its connection belongs to this thread.
  source_.reset();
}

// True when there may be more.
bool Runner::RunCommands() {
  Command command;
  for (int i = 0; i < kCommandsInARow; ++i) {
    if (!NextCommand(command)) return false;
    Run(command);
  }
  return true;
}

bool Runner::NextCommand(Command& command) {
  const std::lock_guard lock(mutex_);
  engine_.GatherEvents(event_capacity_ > 0);
  if (stopping_ || commands_.empty()) return false;
  command = std::move(commands_.front());
  commands_.pop_front();
  return true;
}

// Until a command is posted, the source has something, or the time has come for the next thing.
void Runner::Wait() {
  std::optional<Clock::time_point> until;
  if (beating_) until = next_beat_;
  const double next = virtual_time_ ? kNever : engine_.next();
  if (next < kNever) {
    // A clock may be set meanwhile, and cron rules go by it.
    const std::chrono::duration<double> left(std::clamp(next - Now(), 0.0, kLongestWait));
    const auto due = Clock::now() + std::chrono::ceil<Clock::duration>(left);
    until = until ? std::min(*until, due) : due;
  }
  if (source_ != nullptr) {
    const std::optional<Clock::time_point> deadline = source_->deadline();
    if (deadline && (!until || *deadline < *until)) until = deadline;
  }
  if (unvalidated_ && (!until || patience_ends_ < *until)) until = patience_ends_;
  // Messages that come fast are let gather before the next look, which saves most of the wakes. The
  // first after a silence never waits.
  const bool backlog = engine_.in_backlog();
  const bool gather = source_ != nullptr && heard_ && (backlog || engine_.active_jobs() >= kCrowd);
  heard_ = false;
  if (gather) {
    const Clock::time_point next_look = Clock::now() + (backlog ? kBacklogLook : kCrowdLook);
    until = until ? std::min(*until, next_look) : next_look;
  }
  timespec timeout{};
  if (until) {
    const std::chrono::nanoseconds left = std::max(*until - Clock::now(), Clock::duration::zero());
    const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
    timeout.tv_sec = seconds.count();
    timeout.tv_nsec = (left - seconds).count();
  }
  std::array<pollfd, 2> fds{};
  fds[0] = {posted_.fd(), POLLIN, 0};
  fds[1] = {source_ == nullptr || gather ? -1 : source_->fd(), POLLIN, 0};
  ppoll(fds.data(), fds.size(), until ? &timeout : nullptr, nullptr);
  if (fds[0].revents != 0) posted_.Clear();
}

void Runner::Beat() {
  if (!beating_ || Clock::now() < next_beat_) return;
  engine_.Heartbeat(Now());
  SubmitFirings();
  LookIfTimeIsOver();
  Publish();
  // Beats that were missed while the engine was busy are not made up for.
  next_beat_ = NextBeat();
}

// What is due by the clock.
void Runner::PassTime() {
  if (virtual_time_) return;
  decltype(supplied_) supplied;
  {
    const std::lock_guard lock(mutex_);
    supplied.swap(supplied_);
  }
  for (auto& [rule, times] : supplied) {
    for (double& time : times) time -= clock_ahead_;
    engine_.Supply(rule, times);
  }
  const double now = Now();
  FollowClock(TimeOfDay() - now);
  if (!engine_.PassTo(now)) return;
  SubmitFirings();
  SubmitRetries();
  LookIfTimeIsOver();
  Publish();
}

// The run's own time, which nobody sets: seconds since the epoch, as they were when it began.
double Runner::Now() const {
  return begun_at_ + std::chrono::duration<double>(Clock::now() - begun_).count();
}

void Runner::SetTime(double now) {
  begun_at_ = now;
  begun_ = Clock::now();
}

// The time of day is so many seconds ahead of the run's own.
void Runner::FollowClock(double ahead) {
  if (std::abs(ahead - clock_ahead_) < kClockSet) return;
  clock_ahead_ = std::abs(ahead) < kClockSet ? 0 : ahead;
  if (source_ != nullptr) engine_.SetStreamAhead(clock_ahead_);
  engine_.RenewCron();
}

// Nobody else could know that nothing more will happen by time alone.
void Runner::LookIfTimeIsOver() {
  if (engine_.active_jobs() > 0 || engine_.retrying() > 0) return;
  if (!engine_.GetStatus().time_could_fire) gathered_.quiet = true;
}

// A submit that was the last word of the source for a while counts.
void Runner::AwaitRefusal() {
  const std::optional<journal::JobId> job = engine_.unvalidated_job();
  if (job != unvalidated_) {
    unvalidated_ = job;
    patience_ends_ = Clock::now() + kRefusalPatience;
  } else if (job && Clock::now() >= patience_ends_) {
    unvalidated_.reset();
    engine_.Settle();
    SubmitFirings();
  }
}

// In virtual time the engine can't go on without them, in real time they come when they come.
std::optional<std::vector<double>> Runner::AskTimes(std::uint32_t rule, double after) {
  gathered_.time_requests.push_back({rule, after + clock_ahead_});
  if (!virtual_time_) return std::nullopt;
  Publish();
  std::unique_lock lock(mutex_);
  taken_.wait(lock, [&] { return stopping_ || supplied_.contains(rule); });
  const auto supplied = supplied_.find(rule);
  if (supplied == supplied_.end()) return std::vector<double>();
  std::vector<double> times = std::move(supplied->second);
  supplied_.erase(supplied);
  return times;
}

bool Runner::PumpSource() {
  if (source_ == nullptr) return false;
  const bool more = source_->Pump(*this);
  for (const journal::JobId id : engine_.missing_jobs()) source_->Recall(id);
  engine_.missing_jobs().clear();
  AwaitRefusal();
  LookIfQuiet();
  Publish();
  return more;
}

Runner::Clock::time_point Runner::NextBeat() const {
  const std::chrono::duration<double> seconds(std::min(heartbeat_, kMaxSeconds));
  return Clock::now() + std::chrono::duration_cast<Clock::duration>(seconds);
}

void Runner::Run(Command& command) {
  const std::uint64_t number = command.number;
  auto& body = command.body;
  if (const auto* start = std::get_if<StartCommand>(&body)) {
    if (!virtual_time_) SetTime(start->now);
    engine_.Start(start->now);
    beating_ = heartbeat_ > 0 && !virtual_time_;
    next_beat_ = NextBeat();
    Reply(number, {});
  } else if (const auto* ingest = std::get_if<IngestCommand>(&body)) {
    const std::string_view bytes = ingest->bytes;
    Ingest(bytes.substr(0, bytes.size() - journal::kPadding));
    Reply(number, {});
  } else if (std::holds_alternative<FinishStreamCommand>(body)) {
    engine_.FinishStream();
    Reply(number, {});
  } else if (const auto* tick = std::get_if<TickCommand>(&body)) {
    engine_.Heartbeat(tick->now);
    Reply(number, {});
  } else if (const auto* advance = std::get_if<AdvanceCommand>(&body)) {
    Reply(number, engine_.Advance(advance->until));
  } else if (auto* add = std::get_if<AddRuleCommand>(&body)) {
    Reply(number, engine_.AddRule(std::move(add->rule), add->metrics));
  } else if (const auto* go_to = std::get_if<GoToCommand>(&body)) {
    engine_.GoTo(go_to->state);
    Reply(number, {});
  } else if (const auto* probed = std::get_if<ProbedCommand>(&body)) {
    engine_.Probed(probed->group, probed->first, probed->values, probed->time);
    Reply(number, {});
  } else if (std::holds_alternative<EndCommand>(body)) {
    engine_.End();
    if (source_ != nullptr) source_->StopSubmitting(*this);
    Reply(number, {});
  } else if (const auto* pause = std::get_if<PauseCommand>(&body)) {
    paused_ = pause->on;
    Reply(number, {});
  } else if (std::holds_alternative<StatusCommand>(body)) {
    Reply(number, GetStatus());
  } else if (std::holds_alternative<SnapshotCommand>(body)) {
    Snapshot snapshot = engine_.GetSnapshot();
    snapshot.status = GetStatus();
    Reply(number, std::move(snapshot));
  } else if (std::holds_alternative<RulesCommand>(body)) {
    Reply(number, engine_.GetRules());
  } else if (std::holds_alternative<FailuresCommand>(body)) {
    Reply(number, engine_.GetFailures());
  } else if (const auto* active = std::get_if<ActiveJobsCommand>(&body)) {
    Reply(number, engine_.ActiveJobs(active->group));
  } else if (auto* open = std::get_if<OpenSourceCommand>(&body)) {
    OpenSource(number, *open);
  } else if (std::holds_alternative<CloseSourceCommand>(body)) {
    // Whoever waits for what is under way must not wait for ever.
    if (source_ != nullptr) source_->Close(*this);
    source_.reset();
    Reply(number, {});
  } else if (source_ == nullptr) {
    Reply(number, SourceFailure{"ENOTCONN", "no source is open"});
  } else if (auto* submit = std::get_if<SubmitCommand>(&body)) {
    submit->order.number = number;
    source_->Submit(std::move(submit->order), *this);
  } else if (auto* cancel = std::get_if<CancelCommand>(&body)) {
    engine_.ExpectCancel(cancel->note);
    source_->Cancel(number, std::move(cancel->ids), std::move(cancel->note), *this);
  } else if (auto* urgency = std::get_if<UrgencyCommand>(&body)) {
    source_->SetUrgency(number, std::move(urgency->ids), urgency->urgency, *this);
  } else if (auto* ask = std::get_if<AskCommand>(&body)) {
    source_->Ask(number, std::move(ask->topic), std::move(ask->json), *this);
  }
  SubmitFirings();
  Publish();
}

void Runner::OpenSource(std::uint64_t number, OpenSourceCommand& command) {
  source_ = std::move(command.source);
  engine_.LookForCancels();
  engine_.SetStreamAhead(clock_ahead_);
  wanted_ = command.wanted;
  tap_ = command.tap;
  streamed_ = false;
  opening_ = number;
  source_->Open(*this);
}

Status Runner::GetStatus() {
  Status status = engine_.GetStatus();
  status.submitting = Submitting();
  return status;
}

std::uint64_t Runner::Submitting() const {
  if (source_ == nullptr) return 0;
  const std::uint64_t accepted = source_->accepted();
  const std::uint64_t heard_of = engine_.totals().own_jobs;
  return source_->submitting() + (accepted > heard_of ? accepted - heard_of : 0);
}

// Tells once when the last active job has ended: nobody else could know that the run may be over.
void Runner::LookIfQuiet() {
  const bool quiet = engine_.active_jobs() == 0 && engine_.retrying() == 0 && Submitting() == 0;
  if (quiet && !quiet_) gathered_.quiet = true;
  quiet_ = quiet;
}

void Runner::Ingest(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view slice = bytes.substr(0, kSliceBytes);
    bytes.remove_prefix(slice.size());
    engine_.Ingest(slice, !bytes.empty());
    if (!bytes.empty()) Publish();
  }
}

// Sends off the jobs of firings that ask for nothing but a submission.
void Runner::SubmitFirings() {
  if (source_ == nullptr || opening_) return;
  std::vector<Firing>& firings = engine_.firings();
  for (; looked_at_ < firings.size(); ++looked_at_) {
    Firing& firing = firings[looked_at_];
    const std::vector<SubmitPortion>& portions = engine_.rule(firing.rule).submit;
    if (portions.empty() || paused_) continue;
    firing.submitting = true;
    Departure& departure = departures_[firing.number];
    departure.orders = portions.size();
    departure.report.number = firing.number;
    // Reports may come before Submit returns and end the departure, so it is not used any more.
    const std::uint64_t number = firing.number;
    const std::uint32_t rule = firing.rule;
    std::uint64_t first_index = 0;
    for (const SubmitPortion& portion : portions) {
      source_->Submit({kOfFiring | number, portion, rule, number, first_index}, *this);
      first_index += portion.count;
    }
  }
}

// Those that are filled in anew for each job, and all where no source submits, are left to
// JavaScript.
void Runner::SubmitRetries() {
  std::vector<Retry>& retries = engine_.retries_due();
  for (; retries_looked_at_ < retries.size(); ++retries_looked_at_) {
    Retry& retry = retries[retries_looked_at_];
    const JobDetails& details = retry.details;
    const std::vector<SubmitPortion>& entries = engine_.retry_policy(retry.group)->entries;
    if (source_ == nullptr || opening_ || details.filled_in || *details.entry >= entries.size()) {
      continue;
    }
    retry.submitting = true;
    SubmitPortion portion = entries[*details.entry];
    portion.count = 1;
    source_->Submit({kOfRetry | retry.number, std::move(portion), details.rule, details.firing,
                     details.index, details.attempt},
                    *this);
  }
}

void Runner::OnOpen() {
  if (opening_) Reply(*opening_, {});
  opening_.reset();
}

void Runner::OnStream() {
  if (streamed_) engine_.ResumeStream(wanted_);
  streamed_ = true;
}

void Runner::OnJournal(std::string_view record) {
  heard_ = true;
  if (tap_) gathered_.records.append(record).push_back('\n');
  engine_.IngestRecord(record);
  if (!engine_.firings().empty()) SubmitFirings();
}

void Runner::OnSubmitted(SubmitReport report) {
  if ((report.number & kOfRetry) != 0) {
    report.number &= ~kOfRetry;
    report.of_retry = true;
    gathered_.submissions.push_back(std::move(report));
    return;
  }
  if ((report.number & kOfFiring) == 0) return Reply(report.number, std::move(report));
  const auto departure = departures_.find(report.number & ~kOfFiring);
  if (departure == departures_.end()) return;
  Add(departure->second.report, report);
  if (--departure->second.orders > 0) return;
  gathered_.submissions.push_back(std::move(departure->second.report));
  departures_.erase(departure);
}

void Runner::OnControlled(ControlReport report) {
  Reply(report.number, std::move(report));
}

void Runner::OnAsked(std::uint64_t number, std::string_view json) {
  Reply(number, std::string(json));
}

void Runner::OnAskFailed(std::uint64_t number, SourceFailure failure) {
  Reply(number, std::move(failure));
}

void Runner::OnFailure(SourceFailure failure) {
  if (opening_) {
    Reply(*opening_, std::move(failure));
    opening_.reset();
  } else {
    gathered_.failure = std::move(failure);
  }
}

void Runner::Reply(std::uint64_t number, AnswerBody body) {
  gathered_.answers.push_back({number, std::move(body)});
}

void Runner::Publish() {
  if (engine_.has_nothing_gathered() && gathered_.empty()) return;
  std::unique_lock lock(mutex_);
  MoveTo(engine_.firings(), outbox_.firings);
  looked_at_ = 0;
  MoveTo(engine_.retries_due(), outbox_.retries);
  retries_looked_at_ = 0;
  MoveTo(engine_.failure_reports(), outbox_.failures);
  MoveTo(engine_.decode_errors(), outbox_.decode_errors);
  MoveTo(engine_.new_groups(), outbox_.new_groups);
  MoveTo(gathered_.time_requests, outbox_.time_requests);
  if (engine_.events().size() > 0) PublishEvents(lock);
  MoveTo(gathered_.answers, outbox_.answers);
  MoveTo(gathered_.submissions, outbox_.submissions);
  outbox_.records.append(gathered_.records);
  gathered_.records.clear();
  outbox_.quiet = outbox_.quiet || std::exchange(gathered_.quiet, false);
  if (gathered_.failure) outbox_.failure = std::exchange(gathered_.failure, std::nullopt);
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
      return !hold_ || stopping_ || event_capacity_ == 0 ||
             events_.columns.size() < event_capacity_;
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
