// Bytes of journal records in, firings out. No I/O, no clock and no thread of its own: time comes
// from events and from ticks, so the same input always gives the same firings and statistics to the
// last bit.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "engine/job_details.h"
#include "engine/job_table.h"
#include "engine/judge.h"
#include "engine/metric_table.h"
#include "engine/output.h"
#include "engine/plan.h"
#include "engine/unvalidated.h"
#include "journal/decoder.h"

namespace flux_ensemble::engine {

class Engine final : private journal::RecordSink {
 public:
  explicit Engine(Plan plan);

  // The run begins at `now`: the start rules fire.
  void Start(double now) {
    SettleVirtual();
    judge_.Start(now);
  }

  // Bytes of journal records, cut anywhere; journal::kPadding bytes behind them must be readable.
  // In real time, a submit at their end counts at once unless `more` bytes follow.
  void Ingest(std::string_view bytes, bool more = false) {
    decoder_.Feed(bytes, *this);
    if (!virtual_time_ && !more) Settle();
  }

  // The stream begins anew after it was gone: what follows up to the sentinel is a backlog, whose
  // events of jobs that we know are partly known too. `wanted` are the kinds that the stream
  // brings; others that a recalled eventlog holds are passed over.
  void ResumeStream(std::uint64_t wanted);

  // One whole record, without its newline; padded likewise. A submit counts with the next record,
  // or at Settle().
  void IngestRecord(std::string_view record) { decoder_.FeedRecord(record, *this); }

  // The job whose submit waits for the next record, because it may still be refused.
  std::optional<journal::JobId> unvalidated_job() const {
    return unvalidated_.any() ? std::optional(unvalidated_.job()) : std::nullopt;
  }
  // No refusal of it is expected any more, so its submit counts.
  void Settle() {
    if (unvalidated_.any()) TakeSubmit();
  }

  // The stream has ended: a last line without its newline is taken in, and jobs that have finished
  // have the result that they have by now.
  void FinishStream();

  // Judges metric rules and heartbeat rules at `now`, pending times counting the waiting jobs'
  // ages.
  void Heartbeat(double now);

  // In real time: it is `now`, and what was due by then happens. True if anything was.
  bool PassTo(double now);
  // The clock by which the stream's events are dated is so many seconds ahead of the time that
  // PassTo() is told: somebody has set it. 0 when they are the same.
  void SetStreamAhead(double seconds) { stream_ahead_ = seconds; }
  // The times of cron rules are asked for anew: the time of day is another one.
  void RenewCron() { judge_.RenewCron(); }
  // When PassTo() is next needed; kNever when nothing will happen by time alone.
  double next() const;

  // In virtual time: lets time pass to `until`, but no further than to the first moment at which a
  // rule fires or a job is to be submitted again, or a great many moments have passed. Returns the
  // time that it is then.
  double Advance(double until);

  // Who is asked for the times of cron rules; see Judge.
  void OnAskTimes(Judge::AskTimes ask) { judge_.OnAskTimes(std::move(ask)); }
  void Supply(std::uint32_t rule, const std::vector<double>& times) { judge_.Supply(rule, times); }

  const Rule& rule(std::uint32_t index) const { return judge_.rule(index); }

  // Adds metrics behind those there are, then a rule that may refer to them. Returns the rule's
  // index.
  std::uint32_t AddRule(Rule rule, const std::vector<Metric>& metrics = {});

  // Goes to another state, as an action of the user's own code asks.
  void GoTo(std::uint32_t state) {
    SettleVirtual();
    judge_.GoTo(state);
  }

  // What probes have measured of a job of the group: finite numbers for the group's streams
  // from the index `first` on. Judges the rules that refer to any of them, once.
  void Probed(std::uint32_t group, std::size_t first, std::span<const double> values, double time);

  // No rule fires any more; statistics go on.
  void End();

  // Others may cancel jobs, too: where they do is reported. Our own cancels are known by their
  // notes.
  void LookForCancels() { others_cancel_ = true; }
  void ExpectCancel(const std::string& note);

  // From now on, raw events are gathered (or no longer).
  void GatherEvents(bool gather) { gather_events_ = gather; }

  const RetryPolicy* retry_policy(std::uint32_t group) const { return retries_.PolicyOf(group); }
  // Jobs that wait for their next submission.
  std::size_t retrying() const {
    return judge_.ended() ? 0 : retries_.size() + retries_due_.size();
  }

  const Totals& totals() const { return totals_; }
  std::size_t active_jobs() const { return jobs_.size(); }
  // What comes is history: the sentinel is still to come.
  bool in_backlog() const { return !backlog_over_ || resuming_; }
  Status GetStatus();
  Snapshot GetSnapshot();
  RuleReports GetRules();
  // Of groups with jobs that failed. Jobs that wait for their next submission are among the first
  // ones when there are too few others.
  std::vector<GroupFailures> GetFailures() const;
  // Ids of the active jobs of a group, or of all groups for kNoGroup.
  std::vector<journal::JobId> ActiveJobs(std::uint32_t group) const;

  // What has gathered since it was last taken; the taker empties them.
  bool has_nothing_gathered() const {
    return judge_.has_no_firings() && decode_errors_.empty() && new_groups_.empty() &&
           events_.size() == 0 && retries_due_.empty() && failure_reports_.empty();
  }
  // Jobs whose next submission is due.
  std::vector<Retry>& retries_due() { return retries_due_; }
  // Jobs that failed, some examples of each reason.
  std::vector<FailureReport>& failure_reports() { return failure_reports_; }
  std::vector<Firing>& firings() { return judge_.firings(); }
  std::vector<journal::DecodeError>& decode_errors() { return decode_errors_; }
  EventColumns& events() { return events_; }
  // Jobs that were active before the stream was gone and are not in the backlog: their eventlogs
  // are to be recalled and ingested as records. A record without events says that nothing is known
  // any more.
  std::vector<journal::JobId>& missing_jobs() { return missing_jobs_; }
  std::vector<std::string>& named_kinds() { return new_named_kinds_; }
  // Names of groups that the plan does not list, in the order of their indexes.
  std::vector<std::string>& new_groups() { return new_groups_; }

 private:
  // What a job that is submitted again has in common with its next try.
  using Attempts = std::array<std::uint64_t, 4>;
  struct AwaitedRetry {
    journal::JobId job = 0;
    FailureDigest::Number failure = 0;
    bool resubmitted = false;  // the next try is active
  };
  using Awaited = std::multimap<Attempts, AwaitedRetry>;
  static Attempts AttemptsOf(std::uint32_t group, const JobDetails& details);

  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const {
      return std::hash<std::string_view>{}(name);
    }
  };
  using NameIndex = std::unordered_map<std::string, std::uint32_t, NameHash, std::equal_to<>>;

  void OnRecords(std::span<const journal::Record> records) override;
  // `next` is the record that follows, null when it is not known yet.
  void OnRecord(const journal::Record& record, const journal::Record* next);
  void OnDecodeError(const journal::DecodeError& error) override;

  bool Remembers(std::uint32_t group) const {
    return group < remembered_.size() && remembered_[group];
  }
  // The job is over.
  void Forget(Job* job);

  std::uint32_t GroupOf(const journal::Membership& membership);
  std::uint32_t AddGroup(std::string_view name);
  // What a record brings of a job that it may tell of for the second time.
  std::span<const journal::Event> Unseen(const Job& job, const journal::Record& record);
  void OnSentinel();
  // Nothing more will come of a job that has finished.
  void SettleAsItIs(Job& job);
  // The job has ended, and nobody knows how.
  void Lose(Job* job);
  void Pass(double time);
  std::span<const journal::Event> OnOwnTime(std::span<const journal::Event> events);
  // In virtual time a command is behind all records before it; in real time none waits.
  void SettleVirtual() {
    if (virtual_time_) Settle();
  }
  // An event of a job that does not count yet, see Unvalidated; `accepted` when what follows tells
  // that the job was not refused. False when the job has left the table.
  bool BeforeValidation(Job& job, const journal::Event& event, bool accepted);
  void TakeSubmit();
  // Applies one event to a job; false when the job has left the table.
  bool Apply(Job& job, const journal::Event& event);
  // The job manager has refused the job, so it was never submitted.
  void Refused(Job& job, const journal::Event& event);
  void Submitted(Job& job, GroupMetrics& metrics, ChangeMask& changed);
  void Started(Job& job, const journal::Event& event, GroupMetrics& metrics, ChangeMask& changed);
  void Finished(Job& job, const journal::Event& event, GroupMetrics& metrics, ChangeMask& changed);
  void Excepted(Job& job, const journal::Event& event, GroupMetrics& metrics, ChangeMask& changed);
  // Nothing can change the job's result any more.
  void Outcome(Job& job, bool success, double time, GroupMetrics& metrics, ChangeMask& changed);
  // The job has ended: it may have another try. True if it has.
  bool TryAgain(const Job& job, JobOutcome outcome, double time, GroupMetrics& metrics,
                ChangeMask& changed);
  // The job has an exception that is fatal, or its exit status: why it fails, if it does.
  void NoteException(Job& job, const journal::Event& event, GroupMetrics& metrics);
  void NoteStatus(Job& job, std::int32_t status, GroupMetrics& metrics);
  bool CanceledByOthers(const Job& job);
  void Failed(const Job& job, bool again, GroupMetrics& metrics);
  // The job may be the next try of another one, which has not failed in the end then, unless the
  // job is refused.
  void Resubmitted(std::uint32_t group, const JobDetails& details);
  void AwaitAgain(std::uint32_t group, const JobDetails& details);
  void ForgetAttempts(std::uint32_t group, const JobDetails& details);
  // The job that it is the next try of; the end when that is not known.
  Awaited::iterator TryBefore(std::uint32_t group, const JobDetails& details, bool resubmitted);
  void Enter(Job& job, JobState state, GroupMetrics& metrics, ChangeMask& changed);
  void MoveGauges(JobState from, JobState to, GroupMetrics& metrics, ChangeMask& changed);
  void Observe(Variable variable, double seconds, double time, GroupMetrics& metrics,
               ChangeMask& changed);
  void Gather(const journal::Event& event, journal::JobId id, std::uint32_t group);

  Plan& Register(Plan& plan);

  std::string ensemble_;
  bool track_all_;
  bool virtual_time_;
  bool backlog_over_ = false;
  bool resuming_ = false;  // in the backlog of a stream that was gone
  double stream_ahead_ = 0;
  std::uint64_t wanted_ = ~std::uint64_t{0};
  bool gather_events_ = false;
  Totals totals_;

  journal::Decoder decoder_;
  JobTable jobs_;
  Unvalidated unvalidated_;
  std::vector<bool> remembered_;  // by group; shorter than the groups when the last are not
  JobDetailsTable details_;
  Retries retries_;
  NameIndex group_index_;
  MetricTable metrics_;
  std::vector<Retry> retries_due_;
  // Jobs that failed and whose next try has not ended, by AttemptsOf().
  Awaited awaited_;
  std::vector<FailureReport> failure_reports_;
  bool others_cancel_ = false;
  std::unordered_set<std::string> own_cancels_;
  Judge judge_;

  std::vector<journal::DecodeError> decode_errors_;
  EventColumns events_;
  NameIndex named_kinds_;
  std::vector<std::string> new_named_kinds_;
  std::vector<std::string> new_groups_;
  std::vector<journal::JobId> missing_jobs_;
  std::vector<journal::Event> unseen_;
  std::vector<journal::Event> on_own_time_;
};

}  // namespace flux_ensemble::engine
