#include "runner/runner.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <utility>

#include "log/entry_log.h"
#include "runner/checkpoint.h"
#include "runner/move_items.h"

namespace flux_ensemble::runner {

namespace {

using log::EntryKind;

// Bytes ingested between two publications: firings must not wait for the end of a large piece, and
// one piece must not overrun a consumer's bounded queue.
constexpr std::size_t kSliceBytes = std::size_t{64} << 10;

// Commands run before heartbeats and the source get their turn.
constexpr int kMaxCommandsInARow = 64;

// Seconds after which the time of day is looked at again: a clock may be set during a wait, and
// cron rules follow it.
constexpr double kMaxWait = 60;

// Seconds (31 years). The steady clock cannot represent times much further away.
constexpr double kMaxHeartbeat = 1e9;

}  // namespace

Runner::Runner(engine::Plan plan, std::function<void()> wake, std::unique_ptr<log::Writer> log,
               bool restores, std::uint64_t log_limit)
    : heartbeat_(plan.heartbeat),
      virtual_time_(plan.virtual_time),
      log_(std::move(log)),
      engine_(Logged(std::move(plan), log_limit)),
      wake_(std::move(wake)),
      restores_(restores) {
  if (log_.is_open()) engine_.Follow(&log_);
  engine_.OnAskTimes([this](std::uint32_t rule, double after) { return AskTimes(rule, after); });
}

// The log begins with the names of the plan.
engine::Plan Runner::Logged(engine::Plan plan, std::uint64_t log_limit) {
  plan.keeps_sketches = log_.is_open();
  if (const log::Writer* const writer = log_.writer()) {
    CompactorOptions options;
    options.folder = writer->folder();
    options.keep = log_limit;
    options.least = std::min(options.least, writer->segment_limit() / 2);
    compactor_ = std::make_unique<Compactor>(std::move(options), plan);
  }
  log_.Run(plan.ensemble, plan.groups);
  log_.KeepContexts(std::ranges::any_of(plan.rules, &engine::Rule::WantsContext));
  return plan;
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
  taken.events_waiting = !events_.empty();
  wake_pending_ = false;
  return taken;
}

void Runner::GatherEvents(std::size_t capacity, bool hold) {
  {
    const std::lock_guard lock(mutex_);
    events_.SetCapacity(capacity, hold);
  }
  changed_.notify_one();
  posted_.Signal();
}

EventBatch Runner::TakeEvents() {
  EventBatch taken;
  {
    const std::lock_guard lock(mutex_);
    taken = events_.Take();
    taken.new_groups.swap(outbox_.new_groups);
  }
  changed_.notify_one();
  return taken;
}

void Runner::SupplyTimes(std::uint32_t rule, std::vector<double> times) {
  {
    const std::lock_guard lock(mutex_);
    supplied_[rule] = std::move(times);
  }
  posted_.Signal();
  changed_.notify_one();
}

void Runner::SupplyRule(engine::Rule rule, std::vector<engine::Metric> metrics) {
  {
    const std::lock_guard lock(mutex_);
    supplied_rule_.emplace(std::move(rule), std::move(metrics));
  }
  changed_.notify_one();
}

void Runner::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    events_.StopHolding();
  }
  posted_.Signal();
  changed_.notify_one();
  thread_.Join();
  if (compactor_ != nullptr) compactor_->Stop();
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
  // The source's connection belongs to this thread.
  source_.Disconnect();
}

// True when there may be more.
bool Runner::RunCommands() {
  Command command;
  for (int i = 0; i < kMaxCommandsInARow; ++i) {
    if (!NextCommand(command)) return false;
    std::visit([&](auto& body) { Run(command.number, body); }, command.body);
    source_.SubmitFirings();
    source_.Leave();
    Publish();
  }
  return true;
}

bool Runner::NextCommand(Command& command) {
  const std::lock_guard lock(mutex_);
  engine_.GatherEvents(events_.wanted());
  if (stopping_ || commands_.empty()) return false;
  command = std::move(commands_.front());
  commands_.pop_front();
  return true;
}

// Until a command is posted, the source has something, or the next thing is due.
void Runner::Wait() {
  std::optional<Clock::time_point> until;
  const auto no_later_than = [&until](Clock::time_point time) {
    if (!until || time < *until) until = time;
  };
  if (beating_) no_later_than(next_beat_);
  const double next =
      virtual_time_ || restores_ ? engine::kNever : std::min(engine_.next(), queue_.next_time());
  if (next < engine::kNever) {
    const std::chrono::duration<double> left(std::clamp(next - clock_.Now(), 0.0, kMaxWait));
    no_later_than(Clock::now() + std::chrono::ceil<Clock::duration>(left));
  }
  if (const auto deadline = source_.deadline()) no_later_than(*deadline);
  const std::optional<Clock::duration> batching = source_.TakeBatchingDelay();
  if (batching) no_later_than(Clock::now() + *batching);
  timespec timeout{};
  if (until) {
    const std::chrono::nanoseconds left = std::max(*until - Clock::now(), Clock::duration::zero());
    const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
    timeout.tv_sec = seconds.count();
    timeout.tv_nsec = (left - seconds).count();
  }
  std::array<pollfd, 2> fds{};
  fds[0] = {posted_.fd(), POLLIN, 0};
  fds[1] = {batching ? -1 : source_.fd(), POLLIN, 0};
  ppoll(fds.data(), fds.size(), until ? &timeout : nullptr, nullptr);
  if (fds[0].revents != 0) posted_.Clear();
}

void Runner::Beat() {
  if (!beating_ || Clock::now() < next_beat_) return;
  const double now = clock_.Now();
  engine_.Heartbeat(now);
  log_.Time(EntryKind::kHeartbeat, now);
  source_.SubmitFirings();
  UpdateIdleByTime();
  Publish();
  // Beats that were missed while the engine was busy are skipped.
  next_beat_ = NextBeat();
}

Runner::Clock::time_point Runner::NextBeat() const {
  const std::chrono::duration<double> seconds(std::min(heartbeat_, kMaxHeartbeat));
  return Clock::now() + std::chrono::duration_cast<Clock::duration>(seconds);
}

// Everything that is due by the clock happens.
void Runner::PassTime() {
  if (virtual_time_ || restores_) return;
  decltype(supplied_) supplied;
  {
    const std::lock_guard lock(mutex_);
    supplied.swap(supplied_);
  }
  for (auto& [rule, times] : supplied) {
    for (double& time : times) time -= clock_.ahead();
    engine_.Supply(rule, times);
    log_.Supply(rule, times);
  }
  const double now = clock_.Now();
  if (clock_.Follow(now)) {
    if (source_.is_open()) SetStreamAhead();
    engine_.RenewCron();
    log_.Plain(EntryKind::kRenewCron);
  }
  const bool due = engine_.PassTo(now);
  log_.PassTo(now, due);
  if (!due && queue_.next_time() > now) return;
  source_.SubmitFirings();
  source_.SubmitRetries();
  source_.Leave();
  UpdateIdleByTime();
  Publish();
}

void Runner::SetStreamAhead() {
  engine_.SetStreamAhead(clock_.ahead());
  log_.Time(EntryKind::kStreamAhead, clock_.ahead());
}

// Reports that no rule can become due by time alone: only the engine knows it.
void Runner::UpdateIdleByTime() {
  if (engine_.active_jobs() > 0 || engine_.retrying() > 0) return;
  if (!engine_.GetStatus().time_could_fire) gathered_.quiet = true;
}

bool Runner::PumpSource() {
  const bool more = source_.Pump();
  if (source_.is_open()) Publish();
  return more;
}

// In virtual time the engine waits for the times. In real time they come later.
std::optional<std::vector<double>> Runner::AskTimes(std::uint32_t rule, double after) {
  // The answer is in the log, or is requested when the run goes on.
  if (replaying_) return std::nullopt;
  gathered_.time_requests.push_back({rule, after + clock_.ahead()});
  if (!virtual_time_) return std::nullopt;
  Publish();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stopping_ || supplied_.contains(rule); });
  const auto supplied = supplied_.find(rule);
  if (supplied == supplied_.end()) return std::vector<double>();
  std::vector<double> times = std::move(supplied->second);
  supplied_.erase(supplied);
  return times;
}

void Runner::Ingest(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view slice = bytes.substr(0, kSliceBytes);
    bytes.remove_prefix(slice.size());
    engine_.Ingest(slice, !bytes.empty());
    if (!bytes.empty()) Publish();
  }
}

engine::Status Runner::GetStatus() {
  engine::Status status = engine_.GetStatus();
  status.submitting = source_.submitting();
  status.queued = queue_.held();
  status.backlog_over = status.backlog_over && !source_.interrupted();
  status.log_lag = log_.Lag();
  return status;
}

void Runner::Run(std::uint64_t number, StartCommand& command) {
  Begin(command.now);
  engine_.Start(command.now);
  log_.Time(EntryKind::kStart, command.now);
  Reply(number, {});
}

void Runner::Begin(double now) {
  if (!virtual_time_) clock_.Set(now);
  restores_ = false;
  beating_ = heartbeat_ > 0 && !virtual_time_;
  next_beat_ = NextBeat();
}

// The log is not followed by itself: what it has is not logged again.
void Runner::Run(std::uint64_t number, RestoreCommand& command) {
  const Clock::time_point begun = Clock::now();
  engine_.Follow(nullptr);
  engine_.RememberAll();
  engine_.GatherEvents(false);
  replaying_ = true;
  restoration_ = std::make_unique<Restoration>(
      engine_, [this](std::string_view json) { RestoreRule(json); }, command.keep_firings);
  // Rules are explained from all of the log, as far as it is there.
  std::optional<LoadedCheckpoint> base = LoadedCheckpoint();
  if (!command.keep_firings || !HasWholeLog(command.folder)) {
    base = LoadCheckpoint(command.folder, *restoration_);
  }
  Restored restored;
  if (base) restored.checkpoint = base->number;
  if (restored.checkpoint > 0) restored.begins = restoration_->latest();
  const log::EntryReport report =
      log::ReadEntries(command.folder, *restoration_, {.after = restored.checkpoint});
  restored.interrupted = restoration_->interrupted();
  // The end of an interrupted run takes them back.
  const std::size_t left = engine_.active_jobs();
  restoration_->Finish();
  replaying_ = false;
  source_.Restore(*restoration_);
  if (log_.is_open()) engine_.Follow(&log_);
  log_.Plain(EntryKind::kRestored);
  engine_.ForgetQueued();
  if (report.frames.error != 0) {
    restored.error = "can't read " + command.folder + ": " + std::strerror(report.frames.error);
  }
  if (!base) restored.error.assign("a checkpoint can't be used in ").append(command.folder);
  restored.started = restoration_->started();
  restored.ended = engine_.GetStatus().ended;
  restored.latest = restoration_->latest();
  restored.epoch = log_.epoch();
  restored.firings = restoration_->TakeOpenFirings();
  restored.notes = restoration_->TakeNotes();
  restored.jobs = restoration_->jobs();
  restored.active = restored.interrupted ? left : engine_.active_jobs();
  restored.retrying = engine_.retrying();
  restored.events = engine_.totals().events;
  restored.damage = log::DescribeDamage(report);
  restored.seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  Reply(number, std::move(restored));
}

// The owner compiles the rule, as it did when the rule was added.
void Runner::RestoreRule(std::string_view json) {
  gathered_.rule_requests.emplace_back(json);
  Publish();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return stopping_ || supplied_rule_.has_value(); });
  if (!supplied_rule_) return;
  auto [rule, metrics] = *std::exchange(supplied_rule_, std::nullopt);
  lock.unlock();
  if (compactor_ != nullptr) added_rules_.push_back({std::string(json), rule, metrics});
  if (rule.WantsContext()) log_.KeepContexts(true);
  engine_.AddRule(std::move(rule), metrics);
}

// The run's time never goes back.
void Runner::Run(std::uint64_t number, ResumeCommand& command) {
  Begin(std::max(command.now, engine_.now()));
  engine_.RenewCron();
  log_.Plain(EntryKind::kRenewCron);
  Reply(number, {});
}

void Runner::Run(std::uint64_t number, ReconciledCommand& command) {
  double lost = 0;
  if (restoration_ != nullptr) {
    lost = Lose(command.lost);
    engine_.KeepUnknown(false);
    log_.Plain(EntryKind::kReconciled);
    source_.Reconciled();
    std::vector<engine::Retry>& due = engine_.retries_due();
    std::vector<engine::Retry> open = restoration_->TakeOpenRetries();
    due.insert(due.end(), std::make_move_iterator(open.begin()),
               std::make_move_iterator(open.end()));
  }
  Reply(number, lost);
}

// The number of jobs that were lost.
double Runner::Lose(LostJobs lost) {
  if (lost == LostJobs::kNone) return 0;
  double count = 0;
  std::vector<journal::JobId> ids =
      source_.is_open() ? engine_.DoubtfulJobs() : engine_.ActiveJobs(engine::kNoGroup);
  std::ranges::sort(ids);
  for (const journal::JobId id : ids) {
    if (lost == LostJobs::kAgain) {
      count += engine_.TakeBack(id) ? 1 : 0;
    } else {
      FailLost(id);
      ++count;
    }
  }
  return count;
}

void Runner::FailLost(journal::JobId id) {
  const double now = std::max(clock_.Now(), engine_.now());
  std::array<journal::Event, 2> events{};
  events[0].kind = journal::EventKind::kException;
  events[0].name = journal::NameOf(journal::EventKind::kException);
  events[0].timestamp = now;
  events[0].severity = 0;
  events[0].exception_name = "lost";
  events[0].context = R"({"type":"lost","severity":0,"note":"the process of the run has ended"})";
  events[1].kind = journal::EventKind::kClean;
  events[1].name = journal::NameOf(journal::EventKind::kClean);
  events[1].timestamp = now;
  journal::Record record;
  record.id = id;
  record.events = events;
  engine_.TakeRecords({&record, 1});
}

void Runner::Run(std::uint64_t number, KnownJobsCommand& command) {
  std::vector<KnownRange> ranges;
  if (restoration_ != nullptr) {
    ranges = restoration_->KnownJobsOf(command.firing, command.from_outside);
  }
  Reply(number, std::move(ranges));
}

// The answer is published after a commit of the log.
void Runner::Run(std::uint64_t number, NoteCommand& command) {
  log_.Note(command.firing, command.text);
  Reply(number, {});
}

void Runner::Run(std::uint64_t number, DoneCommand& command) {
  if (restoration_ != nullptr) restoration_->Done(command.firing);
  source_.Done(command.firing);
  Reply(number, {});
}

void Runner::Run(std::uint64_t number, InterruptedCommand&) {
  log_.Plain(EntryKind::kInterrupted);
  Reply(number, {});
}

void Runner::Run(std::uint64_t number, IngestCommand& command) {
  const std::string_view bytes = command.bytes;
  Ingest(bytes.substr(0, bytes.size() - journal::kPadding));
  Reply(number, {});
}

void Runner::Run(std::uint64_t number, FinishStreamCommand&) {
  engine_.FinishStream();
  log_.Plain(EntryKind::kFinishStream);
  // Here, because the owner waits for the answer, but must not wait for the disk in Stop().
  log_.Sync();
  Reply(number, {});
}

void Runner::Run(std::uint64_t number, TickCommand& command) {
  engine_.Heartbeat(command.now);
  log_.Time(EntryKind::kHeartbeat, command.now);
  Reply(number, {});
}

void Runner::Run(std::uint64_t number, AdvanceCommand& command) {
  Reply(number, engine_.Advance(std::min(command.until, queue_.next_time())));
}

void Runner::Run(std::uint64_t number, AddRuleCommand& command) {
  if (command.rule.WantsContext()) log_.KeepContexts(true);
  if (compactor_ != nullptr) {
    added_rules_.push_back({command.json, command.rule, command.metrics});
  }
  Reply(number, engine_.AddRule(std::move(command.rule), command.metrics));
  log_.Text(EntryKind::kAddRule, command.json);
}

void Runner::Run(std::uint64_t number, GoToCommand& command) {
  engine_.GoTo(command.state);
  log_.Number(EntryKind::kGoTo, command.state);
  Reply(number, {});
}

void Runner::Run(std::uint64_t number, ProbedCommand& command) {
  const log::Probed& probed = command.probed;
  engine_.Probed(probed.group, probed.first, probed.values, probed.time, probed.parameters);
  log_.Probed(probed);
  if (probed.firing && restoration_ != nullptr) restoration_->Done(*probed.firing);
  Reply(number, {});
}

void Runner::Run(std::uint64_t number, EndCommand&) {
  engine_.End();
  log_.Plain(EntryKind::kEnd);
  source_.StopSubmitting();
  Reply(number, {});
}

void Runner::Run(std::uint64_t number, PauseCommand& command) {
  source_.Pause(command.on);
  Reply(number, {});
}

void Runner::Run(std::uint64_t number, AdmitCommand& command) {
  if (command.again) {
    if (!queue_.AskAgain(number, command.ticket, command.lost)) Reply(number, 0.0);
  } else {
    queue_.Ask(number, command.ticket, command.group, command.count, command.urgency);
  }
}

void Runner::Run(std::uint64_t number, WindowCommand& command) {
  queue_.SetWindow(command.active);
  Reply(number, {});
}

void Runner::Run(std::uint64_t number, DropCommand& command) {
  Reply(number, static_cast<double>(source_.DropGroup(command.part)));
}

void Runner::Run(std::uint64_t number, UnmadeCommand& command) {
  queue_.AddUnmade(command.group, command.change);
  Reply(number, {});
}

void Runner::Run(std::uint64_t number, QueuedUrgencyCommand& command) {
  Reply(number, static_cast<double>(queue_.SetUrgency(command.group, command.urgency)));
}

void Runner::Run(std::uint64_t number, AllocationCommand& command) {
  const double now = engine_.now();
  engine_.SetAllocation(command.size, command.end, now);
  log_.Allocation(command.size, command.end, now);
  Reply(number, {});
}

// The owner has seen that none of its actions may submit jobs of the group.
void Runner::Run(std::uint64_t number, GroupDoneCommand& command) {
  std::uint64_t on_way = queue_.has_limits() ? 0 : source_.submitting();
  if (queue_.has_limits()) {
    for (std::uint32_t group = command.group; group != engine::kNoGroup;
         group = engine_.BeforeOf(group)) {
      on_way += queue_.on_way(group);
    }
  }
  const bool done = engine_.IsIdle(command.group) && on_way == 0;
  if (done) {
    const double now = engine_.now();
    engine_.GroupDone(command.group, now);
    log_.GroupDone(command.group, now);
  }
  Reply(number, done ? 1.0 : 0.0);
}

void Runner::Run(std::uint64_t number, EndOfRunCommand&) {
  const double now = engine_.now();
  engine_.EndOfRun(now);
  log_.Time(EntryKind::kEndOfRun, now);
  Reply(number, {});
}

void Runner::Run(std::uint64_t number, LimitsCommand&) {
  ReachedLimits reached;
  reached.limits = engine_.reached_limits();
  for (std::uint32_t group = 0; group < engine_.groups(); ++group) {
    reached.withheld.push_back(static_cast<double>(queue_.withheld(group)));
  }
  Reply(number, std::move(reached));
}

void Runner::Run(std::uint64_t number, StatusCommand&) {
  Reply(number, GetStatus());
}

void Runner::Run(std::uint64_t number, SnapshotCommand&) {
  engine::Snapshot snapshot = engine_.GetSnapshot();
  snapshot.status = GetStatus();
  Reply(number, std::move(snapshot));
}

void Runner::Run(std::uint64_t number, RulesCommand&) {
  Reply(number, engine_.GetRules());
}

void Runner::Run(std::uint64_t number, FailuresCommand&) {
  Reply(number, engine_.GetFailures());
}

void Runner::Run(std::uint64_t number, ActiveJobsCommand& command) {
  Reply(number, engine_.ActiveJobs(command.part));
}

// The source answers when it is open.
void Runner::Run(std::uint64_t number, OpenSourceCommand& command) {
  SetStreamAhead();
  source_.Open(number, command);
}

void Runner::Run(std::uint64_t number, CloseSourceCommand&) {
  source_.Close();
  Reply(number, {});
}

void Runner::Run(std::uint64_t number, SubmitCommand& command) {
  source_.Submit(number, command);
}

void Runner::Run(std::uint64_t number, CancelCommand& command) {
  source_.Cancel(number, command);
}

void Runner::Run(std::uint64_t number, UrgencyCommand& command) {
  source_.SetUrgency(number, command);
}

void Runner::Run(std::uint64_t number, AskCommand& command) {
  source_.Ask(number, command);
}

void Runner::Run(std::uint64_t number, WidenCommand& command) {
  source_.Widen(number, command);
}

void Runner::Reply(std::uint64_t number, AnswerBody body) {
  gathered_.answers.push_back({number, std::move(body)});
}

void Runner::Publish() {
  log_.Flush();
  if (!engine_.has_nothing_gathered() || !gathered_.empty()) log_.Commit();
  if (auto failure = log_.TakeFailure()) gathered_.log_failure = std::move(failure);
  if (log_.closed_segment() > compacted_) CompactLog();
  if (engine_.has_nothing_gathered() && gathered_.empty()) return;
  std::unique_lock lock(mutex_);
  MoveItems(engine_.firings(), outbox_.firings);
  MoveItems(engine_.retries_due(), outbox_.retries);
  source_.OnPublished();
  MoveItems(engine_.failure_reports(), outbox_.failures);
  MoveItems(engine_.decode_errors(), outbox_.decode_errors);
  MoveItems(engine_.ignored_tells(), outbox_.ignored_tells);
  MoveItems(engine_.idle_groups(), outbox_.idle_groups);
  MoveItems(engine_.new_groups(), outbox_.new_groups);
  MoveItems(gathered_.time_requests, outbox_.time_requests);
  MoveItems(gathered_.rule_requests, outbox_.rule_requests);
  if (engine_.events().size() > 0) PublishEvents(lock);
  MoveItems(gathered_.answers, outbox_.answers);
  MoveItems(gathered_.submissions, outbox_.submissions);
  outbox_.records.append(gathered_.records);
  gathered_.records.clear();
  outbox_.quiet = outbox_.quiet || std::exchange(gathered_.quiet, false);
  if (gathered_.log_failure) {
    outbox_.log_failure = std::exchange(gathered_.log_failure, std::nullopt);
  }
  if (gathered_.log_problem) {
    outbox_.log_problem = std::exchange(gathered_.log_problem, std::nullopt);
  }
  if (gathered_.failure) outbox_.failure = std::exchange(gathered_.failure, std::nullopt);
  if (!outbox_.empty()) Wake(lock);
}

// A run that is being restored has its engine in no state of its own yet.
void Runner::CompactLog() {
  if (replaying_) return;
  if (auto problem = compactor_->TakeProblem()) gathered_.log_problem = std::move(problem);
  compacted_ = log_.closed_segment();
  compactor_->Closed(compacted_, added_rules_);
}

void Runner::PublishEvents(std::unique_lock<std::mutex>& lock) {
  for (;;) {
    const bool was_empty = events_.empty();
    events_.Add(engine_.events(), engine_.named_kinds());
    if (was_empty && !events_.empty()) Wake(lock);
    if (engine_.events().size() == 0) return;
    // The owner may need the outbox before it takes events.
    if (!outbox_.empty()) Wake(lock);
    changed_.wait(lock, [this] { return events_.accepts(); });
  }
}

void Runner::Wake(std::unique_lock<std::mutex>& lock) {
  if (wake_pending_ || stopping_) return;
  wake_pending_ = true;
  lock.unlock();
  wake_();
  lock.lock();
}

}  // namespace flux_ensemble::runner
