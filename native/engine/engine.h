// The engine of an ensemble: bytes of journal records in, firings out. It has no I/O, no clock and
// no thread. Time comes from events and ticks, so the same input gives the same firings and
// statistics to the last bit.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "engine/awaited_retries.h"
#include "engine/budgets.h"
#include "engine/event_collector.h"
#include "engine/group_part.h"
#include "engine/job_details.h"
#include "engine/job_table.h"
#include "engine/metric_table.h"
#include "engine/name_index.h"
#include "engine/output.h"
#include "engine/plan.h"
#include "engine/rule_evaluator.h"
#include "engine/stream_tap.h"
#include "engine/subsets.h"
#include "engine/unvalidated.h"
#include "journal/decoder.h"

namespace flux_ensemble::engine {

class Engine final : private journal::RecordSink {
 public:
  explicit Engine(Plan plan);

  // The run begins at `now`: the start rules fire.
  void Start(double now) {
    SettleVirtual();
    budgets_.Start(now);
    rules_.Start(now);
  }

  // Takes bytes of journal records, cut anywhere. journal::kPadding bytes after them must be
  // readable. In real time, a submit at their end counts at once unless `more` bytes follow.
  void Ingest(std::string_view bytes, bool more = false) {
    decoder_.Feed(bytes, *this);
    if (!virtual_time_ && !more) Settle();
  }

  // The stream of a source begins. `wanted` has a bit for each kind that it brings.
  void BeginStream(std::uint64_t wanted);

  // The stream begins again after it was lost. Everything up to the sentinel is a backlog, which
  // repeats known events of known jobs. Kinds that the stream does not bring are skipped in an
  // eventlog.
  void ResumeStream(std::uint64_t wanted);

  // Takes one whole record without its newline, padded likewise. A submit counts with the next
  // record, or at Settle().
  void IngestRecord(std::string_view record) { decoder_.FeedRecord(record, *this); }

  // The job whose submit waits for the next record, because the job may still be refused.
  std::optional<journal::JobId> unvalidated_job() const {
    return unvalidated_.any() ? std::optional(unvalidated_.job()) : std::nullopt;
  }
  // The job can no longer be refused, so its submit counts.
  void Settle() {
    if (!unvalidated_.any()) return;
    if (tap_ != nullptr) tap_->OnSettle();
    TakeSubmit();
  }

  // From now on, `tap` follows what the engine takes in; null for none. It outlives the engine.
  void Follow(StreamTap* tap) { tap_ = tap; }
  // Takes in records that were decoded before, as they came together.
  void TakeRecords(std::span<const journal::Record> records) { OnRecords(records); }
  // Records that were invalid in the stream.
  void CountDecodeErrors(std::uint64_t count) { totals_.decode_errors += count; }

  // The stream has ended. A last line without its newline is decoded, and the present result of
  // finished jobs becomes final.
  void FinishStream();

  // Evaluates metric rules and heartbeat rules at `now`. Pending times include the ages of waiting
  // jobs.
  void Heartbeat(double now);

  // In real time, everything due by `now` happens. True if anything was due.
  bool PassTo(double now);
  // Sets how many seconds the clock of the stream's events is ahead of the time given to PassTo().
  // They differ after the system's clock was set.
  void SetStreamAhead(double seconds) { stream_ahead_ = seconds; }
  // The time of day was set, so the times of cron rules are requested again.
  void RenewCron() { rules_.RenewCron(); }
  // The time at which PassTo() is needed next; kNever when nothing will happen by time alone.
  double next() const;

  // In virtual time, lets time pass to `until`. It stops earlier when a rule fires, a job is to be
  // submitted again, or very many moments have passed. Returns the time that is reached.
  double Advance(double until);

  // Sets the function that supplies the times of cron rules; see RuleEvaluator.
  void OnAskTimes(RuleEvaluator::AskTimes ask) { rules_.OnAskTimes(std::move(ask)); }
  void Supply(std::uint32_t rule, const std::vector<double>& times) { rules_.Supply(rule, times); }

  const Rule& rule(std::uint32_t index) const { return rules_.rule(index); }

  // Appends metrics to the plan's, then adds a rule that may refer to them. Returns the rule's
  // index.
  std::uint32_t AddRule(Rule rule, const std::vector<Metric>& metrics = {});

  // Goes to another state, as an action of the user's own code asks.
  void GoTo(std::uint32_t state) {
    SettleVirtual();
    rules_.GoTo(state);
  }

  // Probes have measured a job of the group: finite numbers for the group's streams from the index
  // `first` on. Each rule that refers to any of them is evaluated once.
  // `parameters` are those of the job as JSON, where its group is divided by them.
  void Probed(std::uint32_t group, std::size_t first, std::span<const double> values, double time,
              std::string_view parameters = {});

  // The number of a group's jobs that limits hold back has changed, at `time`. Rules that refer to
  // it are evaluated.
  void Queue(std::uint32_t group, std::int64_t change, double time);
  // The process of the run that held jobs back has ended. Rules are not evaluated.
  void ForgetQueued();
  // Jobs of a group that are held back.
  std::uint64_t queued(std::uint32_t group) const {
    return static_cast<std::uint64_t>(metrics_[group].count(Count::kQueued));
  }
  // Jobs of a group that this engine has seen for the first time, and active ones.
  std::uint64_t arrived(std::uint32_t group) const {
    return group < arrived_.size() ? arrived_[group] : 0;
  }
  std::uint64_t active_in(std::uint32_t group) const {
    return static_cast<std::uint64_t>(metrics_[group].count(Count::kPending) +
                                      metrics_[group].count(Count::kRunning));
  }
  std::size_t groups() const { return metrics_.groups(); }

  // The allocation of a job whose records follow, as the tap has got it.
  void ExpectAllocation(journal::JobId job, Allocation allocation) {
    metrics_.hours().Expect(job, allocation);
  }
  // The size of the run's allocation and its end, see MetricTable.
  void SetAllocation(double size, double end, double time);
  // A group has nothing left to do: no job of it is active, queued or to be submitted again, and
  // none is being submitted.
  void GroupDone(std::uint32_t group, double time);
  // The run has nothing left to do, or was ended.
  void EndOfRun(double time);

  const Budgets& budgets() const { return budgets_; }
  const std::vector<Limit>& limits() const { return limits_; }
  // The budgets that were reached, in the order of their times.
  const std::vector<ReachedLimit>& reached_limits() const { return reached_limits_; }
  // Groups that rules watch and that have become idle, as far as the engine knows: no job is
  // active, queued or to be submitted again, also in the groups that they follow.
  std::vector<std::uint32_t>& idle_groups() { return idle_groups_; }
  bool IsIdle(std::uint32_t group) const;
  // The group that this one follows; kNoGroup for none.
  std::uint32_t BeforeOf(std::uint32_t group) const {
    return group < follows_.size() ? follows_[group] : kNoGroup;
  }

  // From now on, rules do not fire. Statistics continue.
  void End();

  // From now on, jobs that others cancel are reported. The run's own cancels are recognized by
  // their notes.
  void LookForCancels() { others_cancel_ = true; }
  void ExpectCancel(const std::string& note);

  // Whether raw events are gathered from now on.
  void GatherEvents(bool gather) { events_.Enable(gather); }

  // Whether a job with this membership carries the run's id.
  bool IsOwn(const journal::Membership& membership) const {
    return !ensemble_.empty() && membership.ensemble && *membership.ensemble == ensemble_;
  }
  // Details of all active jobs are stored from now on, because any of them may be submitted again.
  void RememberAll() { remembers_all_ = true; }
  // Records of these jobs are ignored unless the job is active: they ended before. Sorted. A job of
  // the run with one of these ids and another key is a new one, in another instance.
  void IgnoreEnded(std::vector<KnownJob> jobs) {
    ended_jobs_ = std::move(jobs);
    foreign_ids_.clear();
  }
  // The key of a job's submission in the run; 0 for a job of others.
  std::uint64_t KeyIn(const journal::Membership& membership) const;
  // Whether jobs that the source does not know stay active, because another instance had them.
  // Otherwise they have ended with an unknown result.
  void KeepUnknown(bool keep) { keep_unknown_ = keep; }
  // An active job was lost with the process or the instance that ran it. A job that has finished or
  // failed ends with that result. Another one is taken back: its submission no longer counts, and
  // it is due to be submitted again. True for a job that was taken back.
  bool TakeBack(journal::JobId id);

  const RetryPolicy* retry_policy(std::uint32_t group) const { return retries_.PolicyOf(group); }
  // Jobs that wait for their next submission.
  std::size_t retrying() const {
    return rules_.ended() ? 0 : retries_.size() + retries_due_.size();
  }

  // Seconds since the epoch; never goes back.
  double now() const { return std::max(rules_.now(), totals_.latest); }
  const Totals& totals() const { return totals_; }
  std::size_t active_jobs() const { return jobs_.size(); }
  // The stream is in its backlog, before the sentinel.
  bool in_backlog() const { return !backlog_over_ || resuming_; }
  Status GetStatus();
  Snapshot GetSnapshot();
  RuleReports GetRules();
  // The failures of groups with failed jobs. Jobs that wait for their next submission fill up the
  // examples when there are too few others.
  std::vector<GroupFailures> GetFailures() const;
  // Ids of the active jobs of a group, or of all groups for kNoGroup.
  std::vector<journal::JobId> ActiveJobs(std::uint32_t group) const;
  // The same for a part of a group that is divided by the parameter.
  std::vector<journal::JobId> ActiveJobs(const GroupPart& part) const;
  // Ids of the active jobs that the source has not shown since its stream was lost.
  std::vector<journal::JobId> DoubtfulJobs() const;

  // The state of the engine as bytes: an engine of the same plan, to which the same rules were
  // added, goes on from there to the last bit. All output must have been taken. Bytes of a stream
  // that wait for the rest of their record are not part of the state.
  std::string Save();
  // Restores it in an engine that has taken in nothing. False for invalid bytes, and for the state
  // of an engine of another plan; the engine is useless then.
  bool Load(std::string_view state);
  // Metrics and rules as bytes, as far as the layout of the state depends on them.
  std::string Description();

  // Output since it was last taken. The taker empties the vectors.
  bool has_nothing_gathered() const {
    return rules_.has_no_firings() && decode_errors_.empty() && new_groups_.empty() &&
           events_.empty() && retries_due_.empty() && failure_reports_.empty() &&
           ignored_tells_.empty();
  }
  // Jobs whose next submission is due.
  std::vector<Retry>& retries_due() { return retries_due_; }
  // Failed jobs: some examples of each reason.
  std::vector<FailureReport>& failure_reports() { return failure_reports_; }
  std::vector<Firing>& firings() { return rules_.firings(); }
  std::vector<journal::DecodeError>& decode_errors() { return decode_errors_; }
  // Values that jobs told under a name that is not theirs to tell: the first of each name.
  std::vector<IgnoredTell>& ignored_tells() { return ignored_tells_; }
  EventColumns& events() { return events_.columns(); }
  // Jobs that were active before the stream was lost and are missing in the backlog. Their
  // eventlogs are to be looked up and ingested as records. A record without events means that the
  // job is unknown.
  std::vector<journal::JobId>& missing_jobs() { return missing_jobs_; }
  std::vector<std::string>& named_kinds() { return events_.new_kinds(); }
  // Names of groups that the plan does not list, in the order of their indexes.
  std::vector<std::string>& new_groups() { return new_groups_; }

 private:
  void OnRecords(std::span<const journal::Record> records) override;
  // `next` is the record that follows, null when it is not known yet.
  void OnRecord(const journal::Record& record, const journal::Record* next);
  void OnDecodeError(const journal::DecodeError& error) override;

  bool Remembers(std::uint32_t group) const {
    return remembers_all_ || (group < remembered_.size() && remembered_[group]);
  }
  // Removes a job that has ended.
  void Forget(Job* job);

  std::uint32_t GroupOf(const journal::Membership& membership);
  std::uint32_t AddGroup(std::string_view name);
  // By index.
  std::vector<std::string> GroupNames() const;
  // Whether a record of a restored run shows neither an active job of the run nor a new one.
  bool IsForeign(const journal::Record& record);
  // The events of a record that were not applied to the job before.
  std::span<const journal::Event> Unseen(Job& job, const journal::Record& record);
  void OnSentinel();
  // No further event of a finished job will come, so its present result is final.
  void SettleAsItIs(Job& job);
  // The job has ended badly, unless its result is final.
  void SettleWithoutSuccess(Job& job);
  // The job has ended with an unknown result.
  void Lose(Job* job);
  // The submission of an active job no longer counts.
  void Uncount(const Job& job, ChangeMask& changed);
  void Pass(double time);
  std::span<const journal::Event> OnOwnTime(std::span<const journal::Event> events);
  // In virtual time, a command comes after all records before it. In real time, commands do not
  // wait.
  void SettleVirtual() {
    if (virtual_time_) Settle();
  }
  // Takes an event of a job that does not count yet, see Unvalidated. `accepted` means that the
  // journal shows that the job was not refused. False when the job has left the table.
  bool BeforeValidation(Job& job, const journal::Event& event, bool accepted);
  void TakeSubmit();
  // Applies one event to a job; false when the job has left the table.
  bool Apply(Job& job, const journal::Event& event);
  // The job manager has refused the job, so its submission does not count.
  void Refused(Job& job, const journal::Event& event);
  void Submitted(Job& job, GroupMetrics& metrics, ChangeMask& changed);
  void Started(Job& job, const journal::Event& event, GroupMetrics& metrics, ChangeMask& changed);
  void Finished(Job& job, const journal::Event& event, GroupMetrics& metrics, ChangeMask& changed);
  void Excepted(Job& job, const journal::Event& event, GroupMetrics& metrics, ChangeMask& changed);
  // Counts of a group have changed: judges budgets, and looks whether the group is idle.
  void Watch(std::uint32_t group, ChangeMask changed, double time);
  void JudgeBudgets(double time);
  // Budgets are reached by time alone. True for any.
  bool PassBudgets(double now);
  void ExpectAllocations(std::span<const journal::Record> records);
  void WatchFor(const Rule& rule);
  void NoteIdle(std::uint32_t group, bool own);
  // The job has arrived: its submission counts, or it was refused.
  void CountArrival(const Job& job);
  // The job told values in a memo.
  void Told(const Job& job, const journal::Event& event, ChangeMask& changed);
  // The job's result is final.
  void Outcome(Job& job, bool success, double time, GroupMetrics& metrics, ChangeMask& changed);
  // The job has ended badly. True if it will be submitted again.
  bool TryAgain(const Job& job, JobOutcome outcome, double time, GroupMetrics& metrics,
                ChangeMask& changed);
  // The job has a fatal exception, or an exit status: the reason of a later failure.
  void NoteException(Job& job, const journal::Event& event, GroupMetrics& metrics);
  void NoteStatus(Job& job, std::int32_t status, GroupMetrics& metrics);
  bool CanceledByOthers(const Job& job);
  void Failed(const Job& job, bool again, GroupMetrics& metrics);
  void Enter(Job& job, JobState state, GroupMetrics& metrics, ChangeMask& changed);
  void MoveGauges(JobState from, JobState to, GroupMetrics& metrics, ChangeMask& changed);
  void Observe(Variable variable, double seconds, double time, GroupMetrics& metrics,
               ChangeMask& changed);

  // For as long as it exists, changes of the job's group are changes of the groups that were made
  // for its parameters, too.
  class Within {
   public:
    Within(Engine& engine, const Job& job) : engine_(engine) {
      if (engine.subsets_.Divides(job.group)) [[unlikely]] {
        engine.EnterMadeGroups(job);
      }
    }
    Within(const Within&) = delete;
    Within& operator=(const Within&) = delete;
    ~Within() { engine_.made_groups_ = {}; }

   private:
    Engine& engine_;
  };
  void EnterMadeGroups(const Job& job);
  void Tally(GroupMetrics& metrics, Count count, std::int64_t amount) {
    metrics.Add(count, amount);
    for (const std::uint32_t group : made_groups_) metrics_[group].Add(count, amount);
  }
  void CountInWindows(std::uint32_t group, ChangeMask changed, double time) {
    metrics_.CountInWindows(group, changed, time);
    for (const std::uint32_t made : made_groups_) metrics_.CountInWindows(made, changed, time);
  }
  void Changed(std::uint32_t group, ChangeMask changed) {
    rules_.OnChanged(group, changed);
    for (const std::uint32_t made : made_groups_) rules_.OnChanged(made, changed);
  }
  // Evaluates the rules that the event makes due.
  void Evaluate(const Job& job, const journal::Event& event, ChangeMask changed, bool active) {
    rules_.OnEvent(job, event, changed, active);
    for (const std::uint32_t made : made_groups_) rules_.OnEventIn(made, job, event, changed);
  }

  Plan& Register(Plan& plan);
  template <typename Archive>
  void Persist(Archive& archive);

  StreamTap* tap_ = nullptr;  // null without a log
  std::string ensemble_;
  bool track_all_;
  bool virtual_time_;
  bool shows_sketches_;
  bool backlog_over_ = false;
  bool resuming_ = false;  // in the backlog of a stream that was lost
  double stream_ahead_ = 0;
  bool keep_unknown_ = false;
  std::uint64_t wanted_ = ~std::uint64_t{0};         // kinds that the stream brings
  std::uint64_t wanted_before_ = ~std::uint64_t{0};  // and that the stream before brought
  std::vector<KnownJob> ended_jobs_;                 // sorted; while the stream shows them again
  // Jobs of others that another instance has under the ids of jobs in doubt.
  std::unordered_set<journal::JobId> foreign_ids_;
  Totals totals_;

  journal::Decoder decoder_;
  JobTable jobs_;
  Unvalidated unvalidated_;
  bool remembers_all_ = false;
  std::vector<bool> remembered_;  // by group; shorter than the groups when the last are not
  JobDetailsTable details_;
  Tells tells_;
  std::vector<IgnoredTell> ignored_tells_;
  std::vector<std::uint64_t> arrived_;  // by group; jobs since this process began
  std::vector<Limit> limits_;
  std::vector<ReachedLimit> reached_limits_;
  bool watches_counts_ = false;  // for budgets and idle groups
  std::vector<std::uint32_t> follows_;
  // By group: those whose end rules wait for, and that are it or follow it.
  std::vector<std::vector<std::uint32_t>> ends_;
  std::vector<bool> busy_;  // by group: not idle since it was reported
  std::vector<std::uint32_t> idle_groups_;
  double seen_until_ = 0;  // time of the latest event before the stream began again
  Retries retries_;
  NameIndex group_index_;
  MetricTable metrics_;
  std::vector<Retry> retries_due_;
  AwaitedRetries awaited_;
  std::vector<FailureReport> failure_reports_;
  bool others_cancel_ = false;
  std::unordered_set<std::string> own_cancels_;
  Budgets budgets_;
  RuleEvaluator rules_;
  Subsets subsets_;
  std::span<const std::uint32_t> made_groups_;  // see Within

  std::vector<journal::DecodeError> decode_errors_;
  EventCollector events_;
  std::vector<std::string> new_groups_;
  std::vector<journal::JobId> missing_jobs_;
  std::vector<journal::Record> own_records_;
  std::vector<journal::Event> unseen_;
  std::vector<journal::Event> on_own_time_;
};

}  // namespace flux_ensemble::engine
