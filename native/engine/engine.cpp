#include "engine/engine.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace flux_ensemble::engine {

namespace {

using journal::EventKind;

// Decode errors that are reported; later ones are only counted.
constexpr std::uint64_t kMaxReportedErrors = 100;

// Whether an event of this kind, once received live, is certain to be in the job's eventlog.
bool IsCounted(EventKind kind) {
  return kind != EventKind::kAnnotations && kind != EventKind::kMemo &&
         kind != EventKind::kInvalidate;
}

// Whether the journal after the event at `index` shows that the job manager has accepted the job. A
// record of another job shows it, and so does an event that follows the validation. `next` is the
// next record, null when it is not known yet.
bool IsAccepted(journal::JobId job, std::span<const journal::Event> events, std::size_t index,
                const journal::Record* next) {
  if (index + 1 < events.size()) return Unvalidated::IsAccepted(events[index + 1].kind);
  if (next == nullptr) return false;
  if (next->sentinel || next->id != job) return true;
  return !next->events.empty() && Unvalidated::IsAccepted(next->events[0].kind);
}

}  // namespace

void Engine::EnterMadeGroups(const Job& job) {
  const JobDetails* const details = details_.Find(job.id);
  if (details != nullptr) made_groups_ = details->made_groups;
}

Engine::Engine(Plan plan)
    : ensemble_(std::move(plan.ensemble)),
      track_all_(plan.track_all),
      virtual_time_(plan.virtual_time),
      shows_sketches_(plan.sketches),
      limits_(plan.limits),
      metrics_(plan.sketches || plan.keeps_sketches),
      budgets_(limits_, metrics_),
      rules_(Register(plan), metrics_, jobs_, details_,
             [this](const Rule& rule) {
               Snapshot snapshot = GetSnapshot();
               subsets_.FillIn(rule, snapshot.metrics);
               return std::make_shared<const Snapshot>(std::move(snapshot));
             }),
      subsets_(std::move(plan.splits), metrics_, rules_) {
  const bool limits_hours = std::ranges::any_of(
      limits_, [](const Limit& limit) { return limit.kind == LimitKind::kNodeHours; });
  if (limits_hours) metrics_.TrackHours();
  watches_counts_ = !budgets_.empty();
  for (std::uint32_t index = 0; index < rules_.size(); ++index) WatchFor(rules_.rule(index));
}

// Groups and metrics are added before the rules that refer to them.
Plan& Engine::Register(Plan& plan) {
  for (const std::string& name : plan.groups) AddGroup(name);
  follows_ = plan.follows;
  for (const RememberedGroup& remembered : plan.remembered) {
    if (remembered.group >= remembered_.size()) remembered_.resize(remembered.group + 1);
    remembered_[remembered.group] = true;
    if (remembered.retry) retries_.SetPolicy(remembered.group, *remembered.retry);
  }
  for (const Split& split : plan.splits) {
    for (const std::uint32_t group : split.groups) {
      if (group >= remembered_.size()) remembered_.resize(group + 1);
      remembered_[group] = true;
    }
  }
  for (std::uint32_t group = 0; group < plan.probes.size(); ++group) {
    if (plan.probes[group] > 0) metrics_.AddProbes(group, plan.probes[group]);
  }
  for (std::uint32_t group = 0; group < plan.tells.size(); ++group) {
    tells_.AddGroup(group, std::move(plan.tells[group]));
  }
  for (const Metric& metric : plan.metrics) metrics_.Add(metric);
  return plan;
}

std::uint32_t Engine::AddRule(Rule rule, const std::vector<Metric>& metrics) {
  SettleVirtual();
  for (const Metric& metric : metrics) metrics_.Add(metric);
  const std::uint32_t index = rules_.AddRule(std::move(rule));
  WatchFor(rules_.rule(index));
  return index;
}

void Engine::Heartbeat(double now) {
  SettleVirtual();
  rules_.PassTo(now);
  rules_.Heartbeat(now);
}

void Engine::OnRecords(std::span<const journal::Record> records) {
  if (!ended_jobs_.empty() || keep_unknown_) [[unlikely]] {
    own_records_.clear();
    for (const journal::Record& record : records) {
      if (!IsForeign(record)) own_records_.push_back(record);
    }
    records = own_records_;
  }
  if (metrics_.tracks_hours()) ExpectAllocations(records);
  if (tap_ != nullptr) tap_->OnRecords(records);
  if (records.size() > 1) {
    for (const journal::Record& record : records) jobs_.Prefetch(record.id);
  }
  for (std::size_t i = 0; i < records.size(); ++i) {
    OnRecord(records[i], i + 1 < records.size() ? &records[i + 1] : nullptr);
  }
  if (metrics_.tracks_hours()) metrics_.hours().ForgetExpected();
}

std::uint64_t Engine::KeyIn(const journal::Membership& membership) const {
  if (!IsOwn(membership)) return 0;
  return KeyOf(membership.origin ? ReadOrigin(*membership.origin) : JobOrigin());
}

bool Engine::IsForeign(const journal::Record& record) {
  if (record.sentinel) return false;
  const Job* const job = jobs_.Find(record.id);
  const std::uint64_t key = record.membership ? KeyIn(*record.membership) : 0;
  if (job == nullptr) {
    const auto known = std::ranges::equal_range(ended_jobs_, record.id, {}, &KnownJob::id);
    if (known.empty()) return false;
    return key == 0 || std::ranges::find(known, key, &KnownJob::key) != known.end();
  }
  if (!job->in_doubt || !job->own || !keep_unknown_) return false;
  // The backlog shows the jobspec of each job first.
  const JobDetails* const details = details_.Find(record.id);
  if (record.membership && details != nullptr && key != KeyOf(*details)) {
    foreign_ids_.insert(record.id);
  }
  return foreign_ids_.contains(record.id);
}

void Engine::OnRecord(const journal::Record& record, const journal::Record* next) {
  ++totals_.records;
  if (unvalidated_.any() && unvalidated_.job() != record.id) [[unlikely]] {
    TakeSubmit();
  }
  if (record.sentinel) return OnSentinel();

  Job* job = jobs_.Find(record.id);
  if (job == nullptr && record.membership) {
    const std::uint32_t group = GroupOf(*record.membership);
    if (group != kNoGroup) {
      job = jobs_.Insert(record.id, group);
      if (Remembers(group)) {
        JobDetails& details = details_.Add(record.id, *record.membership);
        if (subsets_.Divides(group)) {
          details.made_groups = subsets_.GroupsFor(group, *details.parameters);
        }
        const auto failure = awaited_.OnSubmitted(group, details);
        if (failure) metrics_[group].failures().Resubmitted(*failure);
      }
      if (!ensemble_.empty() && record.membership->ensemble) {
        job->own = true;
        ++totals_.own_jobs;
      }
      if (record.events.empty()) {
        const Within within(*this, *job);
        ChangeMask unseen;
        Submitted(*job, metrics_[group], unseen);
        CountInWindows(group, unseen, metrics_.time());
        Changed(group, unseen);
      }
    }
  }
  const bool looked_up = job != nullptr && job->in_doubt;
  std::span<const journal::Event> events = looked_up ? Unseen(*job, record) : record.events;
  if (stream_ahead_ != 0) [[unlikely]] {
    events = OnOwnTime(events);
  }
  totals_.events += events.size();
  const std::uint32_t group = job == nullptr ? kNoGroup : job->group;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const journal::Event& event = events[i];
    // The events that wait are of this job, and happened before this event.
    if (job != nullptr && !job->counted && unvalidated_.any() &&
        Unvalidated::IsAccepted(event.kind)) [[unlikely]] {
      TakeSubmit();
    }
    Pass(event.timestamp);
    if (events_.enabled()) events_.Add(event, record.id, group);
    if (job == nullptr) continue;
    ++totals_.tracked_events;
    const bool stays = job->counted
                           ? Apply(*job, event)
                           : BeforeValidation(*job, event, IsAccepted(record.id, events, i, next));
    if (!stays) {
      Forget(job);
      job = nullptr;
    }
  }
  if (looked_up && job != nullptr) {
    job->in_doubt = !resuming_ && keep_unknown_ && record.events.empty();
    // The job is not in the backlog of active jobs, and its eventlog does not show its end.
    if (!resuming_ && !job->in_doubt) Lose(job);
  }
}

// An event of this time has come. In virtual time, everything due by then happens first.
void Engine::Pass(double time) {
  if (time <= totals_.latest) {
    if (time < totals_.earliest) totals_.earliest = time;
    return;
  }
  if (totals_.latest == 0) totals_.earliest = time;
  totals_.latest = time;
  if (!virtual_time_) return metrics_.Pass(time);
  if (!rules_.begun()) rules_.Start(time);
  PassTo(time);
}

// Events from before the clock was set would lie in the future, so their times are limited to now.
std::span<const journal::Event> Engine::OnOwnTime(std::span<const journal::Event> events) {
  on_own_time_.assign(events.begin(), events.end());
  for (journal::Event& event : on_own_time_) {
    event.timestamp = std::min(event.timestamp - stream_ahead_, rules_.now());
  }
  return on_own_time_;
}

bool Engine::PassTo(double now) {
  const bool judged = PassBudgets(now);
  const bool any = rules_.PassTo(now) || judged;
  if (!rules_.ended()) retries_.TakeDue(now, retries_due_);
  return any || !retries_due_.empty();
}

double Engine::next() const {
  return rules_.ended() ? kNever : std::min({rules_.next(), retries_.next_due(), budgets_.next()});
}

double Engine::Advance(double until) {
  Settle();
  const double retry = rules_.ended() ? kNever : retries_.next_due();
  const double budget = rules_.ended() ? kNever : budgets_.next();
  const double reached = rules_.Advance(std::min({until, retry, budget}));
  if (reached >= budget && budget < kNever) JudgeBudgets(budget);
  if (reached >= retry && !rules_.ended()) retries_.TakeDue(reached, retries_due_);
  return reached;
}

// The backlog is over. It holds every active job, so a job that is missing in it has ended.
void Engine::OnSentinel() {
  backlog_over_ = true;
  if (!resuming_) return;
  resuming_ = false;
  jobs_.ForEach([this](const Job& job) {
    if (job.in_doubt) missing_jobs_.push_back(job.id);
  });
}

void Engine::BeginStream(std::uint64_t wanted) {
  wanted_ = wanted;
}

void Engine::ResumeStream(std::uint64_t wanted) {
  Settle();
  wanted_before_ = std::exchange(wanted_, wanted);
  resuming_ = true;
  seen_until_ = totals_.latest;
  jobs_.ForEach([](Job& job) { job.in_doubt = true; });
}

// An eventlog only grows at its end, so the events seen before are its beginning. Annotations and
// memos do not count, because some of them are not in any eventlog. The time of a memo shows
// whether it was seen. Kinds that the stream before did not bring are passed over up to the last
// event that was seen.
std::span<const journal::Event> Engine::Unseen(Job& job, const journal::Record& record) {
  const auto brings = [](std::uint64_t kinds, EventKind kind) {
    return (kinds >> static_cast<unsigned>(kind) & 1) != 0;
  };
  unseen_.clear();
  std::uint32_t known = job.seen;
  for (const journal::Event& event : record.events) {
    if (!brings(wanted_, event.kind)) continue;
    if (event.kind == EventKind::kMemo && event.timestamp > seen_until_) unseen_.push_back(event);
    if (!IsCounted(event.kind)) continue;
    if (known == 0) {
      unseen_.push_back(event);
    } else if (brings(wanted_before_, event.kind)) {
      --known;
    } else if (job.seen < UINT16_MAX) {
      ++job.seen;
    }
  }
  return unseen_;
}

void Engine::Forget(Job* job) {
  if (Remembers(job->group)) {
    if (const JobDetails* details = details_.Find(job->id)) awaited_.OnEnded(job->group, *details);
    details_.Erase(job->id);
  }
  jobs_.Erase(job);
}

void Engine::OnDecodeError(const journal::DecodeError& error) {
  if (tap_ != nullptr) tap_->OnDecodeError();
  if (totals_.decode_errors++ < kMaxReportedErrors) decode_errors_.push_back(error);
}

std::uint32_t Engine::GroupOf(const journal::Membership& membership) {
  if (!membership.group || !membership.MayBelongTo(ensemble_)) return kNoGroup;
  const auto found = group_index_.find(*membership.group);
  if (found != group_index_.end()) return found->second;
  if (!track_all_) return kNoGroup;
  new_groups_.emplace_back(*membership.group);
  return AddGroup(*membership.group);
}

std::uint32_t Engine::AddGroup(std::string_view name) {
  const std::uint32_t index = metrics_.AddGroup();
  group_index_.emplace(name, index);
  return index;
}

bool Engine::Apply(Job& job, const journal::Event& event) {
  GroupMetrics& metrics = metrics_[job.group];
  const Within within(*this, job);
  ChangeMask changed;
  changed.Add(ChangeOf(event.kind));
  Submitted(job, metrics, changed);
  if (IsCounted(event.kind) && job.seen < UINT16_MAX) ++job.seen;
  bool stays = true;

  switch (event.kind) {
    case EventKind::kSubmit:
      // After the start or the finish, the time of the submit is not needed.
      if (!job.has_submit && !job.has_start && !job.has_finish) {
        job.has_submit = true;
        job.since = event.timestamp;
      }
      break;
    case EventKind::kValidate:
      if (job.state == JobState::kNew) Enter(job, JobState::kDepend, metrics, changed);
      break;
    case EventKind::kDepend:
      if (job.state <= JobState::kDepend) Enter(job, JobState::kPriority, metrics, changed);
      break;
    case EventKind::kPriority:
      if (job.state <= JobState::kPriority) Enter(job, JobState::kSched, metrics, changed);
      break;
    case EventKind::kUrgency:
    case EventKind::kJobspecUpdate:
    case EventKind::kFluxRestart:
      if (job.state == JobState::kSched) Enter(job, JobState::kPriority, metrics, changed);
      break;
    case EventKind::kAlloc:
      if (job.state <= JobState::kSched) Enter(job, JobState::kRun, metrics, changed);
      if (metrics_.tracks_hours()) metrics_.hours().Begin(job.id, job.group, event.timestamp);
      break;
    case EventKind::kStart:
      Started(job, event, metrics, changed);
      break;
    case EventKind::kFinish:
      Finished(job, event, metrics, changed);
      break;
    case EventKind::kException:
      Excepted(job, event, metrics, changed);
      break;
    case EventKind::kClean:
      if (!job.settled) Outcome(job, false, event.timestamp, metrics, changed);
      Enter(job, JobState::kInactive, metrics, changed);
      if (metrics_.tracks_hours()) metrics_.hours().End(job.id, event.timestamp);
      stays = false;
      break;
    case EventKind::kMemo:
      if (tells_.HasNames(job.group)) Told(job, event, changed);
      break;
    case EventKind::kInvalidate:
      Refused(job, event);
      return false;
    default:
      break;
  }
  CountInWindows(job.group, changed, event.timestamp);
  if (changed.Has(Change::kTell)) [[unlikely]] {
    rules_.ExpectTold(tells_.variables());
    Evaluate(job, event, changed, true);
    rules_.ExpectTold({});
  } else {
    Evaluate(job, event, changed, stays);
  }
  if (watches_counts_) [[unlikely]] {
    Watch(job.group, changed, event.timestamp);
  }
  return stays;
}

// The first event of a job counts as its submission, whichever event it is: a filtered or torn
// journal may lack the submit event.
void Engine::Submitted(Job& job, GroupMetrics& metrics, ChangeMask& changed) {
  if (job.counted) return;
  job.counted = true;
  CountArrival(job);
  Tally(metrics, Count::kSubmitted, 1);
  Tally(metrics, Count::kPending, 1);
  changed.Add(ChangeOf(Count::kSubmitted));
  changed.Add(ChangeOf(Count::kPending));
}

void Engine::Started(Job& job, const journal::Event& event, GroupMetrics& metrics,
                     ChangeMask& changed) {
  if (job.has_start) return;
  job.has_start = true;
  if (job.state <= JobState::kSched) Enter(job, JobState::kRun, metrics, changed);
  if (job.has_finish) return;
  if (job.has_submit) {
    Observe(Variable::kPending, event.timestamp - job.since, event.timestamp, metrics, changed);
  }
  job.since = event.timestamp;
}

void Engine::Finished(Job& job, const journal::Event& event, GroupMetrics& metrics,
                      ChangeMask& changed) {
  if (job.has_finish) return;
  job.has_finish = true;
  if (metrics_.tracks_hours()) metrics_.hours().End(job.id, event.timestamp);
  job.status = static_cast<std::uint16_t>(event.status);
  if (job.has_start) {
    Observe(Variable::kDuration, event.timestamp - job.since, event.timestamp, metrics, changed);
  }
  job.since = event.timestamp;
  NoteStatus(job, event.status, metrics);
  Tally(metrics, Count::kFinished, 1);
  changed.Add(ChangeOf(Count::kFinished));
  const bool success = event.status == 0 && !job.has_fatal_exception;
  if (success || job.has_fatal_exception) {
    Outcome(job, success, event.timestamp, metrics, changed);
  }
  if (job.state < JobState::kCleanup) Enter(job, JobState::kCleanup, metrics, changed);
}

void Engine::Excepted(Job& job, const journal::Event& event, GroupMetrics& metrics,
                      ChangeMask& changed) {
  if (event.severity < job.severity) {
    job.severity = event.severity;
    job.exception_type = event.exception_type;
    if (Remembers(job.group)) {
      if (JobDetails* details = details_.Find(job.id)) details->exception = event.exception_name;
    }
  }
  if (event.severity != 0) return;
  if (!job.has_fatal_exception) {
    job.has_fatal_exception = true;
    Tally(metrics, Count::kException, 1);
    metrics.AddException(event.exception_name);
    NoteException(job, event, metrics);
    changed.Add(ChangeOf(Count::kException));
  }
  if (job.has_finish && !job.settled) Outcome(job, false, event.timestamp, metrics, changed);
  if (job.state < JobState::kCleanup) Enter(job, JobState::kCleanup, metrics, changed);
}

void Engine::Told(const Job& job, const journal::Event& event, ChangeMask& changed) {
  const std::span<stats::Stream> streams = metrics_.probes(job.group);
  for (const engine::Told& told : tells_.Read(job.group, event.context)) {
    if (told.ignored) {
      ++totals_.ignored_tells;
      if (tells_.IsNew(job.group, told)) ignored_tells_.push_back({job.group, job.id, told});
      continue;
    }
    changed.Add(Change::kTell);
    if (tap_ != nullptr) tap_->OnTold(job.id, told);
    if (told.is_text || told.index >= streams.size()) continue;
    // Minus zero becomes zero, see Probed().
    streams[told.index].Observe(told.number + 0.0, event.timestamp);
    for (const std::uint32_t made : made_groups_) {
      metrics_.probes(made)[told.index].Observe(told.number + 0.0, event.timestamp);
    }
    changed.Add(Change::kProbeStreams);
  }
}

void Engine::Probed(std::uint32_t group, std::size_t first, std::span<const double> values,
                    double time, std::string_view parameters) {
  SettleVirtual();
  std::vector<std::uint32_t> groups = {group};
  if (subsets_.Divides(group)) {
    const auto made = subsets_.KnownGroups(group, *ParametersOf(parameters));
    groups.insert(groups.end(), made.begin(), made.end());
  }
  for (const std::uint32_t each : groups) {
    const std::span<stats::Stream> streams = metrics_.probes(each);
    for (std::size_t i = 0; i < values.size() && first + i < streams.size(); ++i) {
      // Minus zero becomes zero, so that minimum and maximum do not depend on the order of the two.
      streams[first + i].Observe(values[i] + 0.0, time);
    }
  }
  for (const std::uint32_t each : groups) {
    rules_.OnProbed(each, static_cast<std::uint32_t>(first), values.size(), time);
  }
}

void Engine::End() {
  SettleVirtual();
  rules_.End();
  retries_.Clear();
}

void Engine::Enter(Job& job, JobState state, GroupMetrics& metrics, ChangeMask& changed) {
  MoveGauges(job.state, state, metrics, changed);
  job.state = state;
  switch (state) {
    case JobState::kSched:
      changed.Add(Change::kSchedState);
      break;
    case JobState::kRun:
      changed.Add(Change::kRunState);
      break;
    case JobState::kCleanup:
      changed.Add(Change::kCleanupState);
      break;
    case JobState::kInactive:
      changed.Add(Change::kInactiveState);
      break;
    default:
      break;
  }
}

void Engine::MoveGauges(JobState from, JobState to, GroupMetrics& metrics, ChangeMask& changed) {
  const auto move = [&](Count gauge, bool was, bool is) {
    if (was == is) return;
    Tally(metrics, gauge, is ? 1 : -1);
    changed.Add(ChangeOf(gauge));
  };
  const auto is_running = [](JobState state) {
    return state == JobState::kRun || state == JobState::kCleanup;
  };
  move(Count::kPending, from <= JobState::kSched, to <= JobState::kSched);
  move(Count::kRunning, is_running(from), is_running(to));
}

// A clock that was set back between a job's two events gives a negative interval, which is left
// out.
void Engine::Observe(Variable variable, double seconds, double time, GroupMetrics& metrics,
                     ChangeMask& changed) {
  if (seconds < 0) {
    ++totals_.negative_intervals;
    return;
  }
  metrics.stream(variable).Observe(seconds, time);
  for (const std::uint32_t made : made_groups_) {
    metrics_[made].stream(variable).Observe(seconds, time);
  }
  changed.Add(ChangeOf(variable));
}

}  // namespace flux_ensemble::engine
