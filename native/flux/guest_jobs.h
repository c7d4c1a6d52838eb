// The jobs of a guest of a Flux instance. A guest may not follow the job manager's journal. The
// answers of job-list show the progress of the jobs, and their eventlogs become records of the
// journal. Each event of a job is given once.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "journal/decoder.h"
#include "journal/job_list.h"
#include "runner/source.h"

namespace flux_ensemble::flux {

struct GuestJobsOptions {
  std::uint32_t userid = 0;        // of the guest
  std::vector<std::string> allow;  // names of requested events; empty for all
  bool inactive = false;           // the first list has inactive jobs, too
  double begun = 0;                // if submitted after this time, in seconds since the epoch
};

class GuestJobs {
 public:
  using Clock = runner::Source::Clock;
  // JSON, without padding.
  using Records = std::vector<std::string>;

  struct Lookup {
    journal::JobId id = 0;
    bool jobspec = false;  // the jobspec is needed, too
  };

  explicit GuestJobs(GuestJobsOptions options) : options_(std::move(options)) {}

  // From now on, events with these names are given; those with all names for none.
  void Allow(std::vector<std::string> names) { options_.allow = std::move(names); }

  // A job of this process was accepted.
  void Accepted(journal::JobId id, const runner::SubmitOrder& order, std::uint64_t index);

  // The request for the job that ended last, before the first list. The next lists have only jobs
  // that end after it.
  std::string LastEndedRequest() const;
  // False when the answer is not a list.
  bool TakeLastEnded(std::string_view answer);

  // The request for the next list.
  std::string ListRequest(Clock::time_point now);
  // False when the answer is not a list.
  bool TakeList(std::string_view answer, Clock::time_point now, Records& records);
  // Whether the last list has shown any progress.
  bool progressed() const { return progressed_; }

  // The next job whose eventlog is to be looked up now.
  std::optional<Lookup> NextLookup(Clock::time_point now);
  // The time of the next look-up.
  std::optional<Clock::time_point> next_lookup() const;
  // The answer of job-info.lookup, with an errno other than 0 for a failure.
  void TakeLookup(journal::JobId id, int errnum, std::string_view answer, Clock::time_point now,
                  Records& records);

  // The records show everything that the lists have shown.
  bool settled() const;
  // Jobs that have not ended.
  std::size_t active() const { return jobs_.size(); }
  // Entries of lists and lines of eventlogs that were skipped because they are invalid.
  std::uint64_t invalid() const { return invalid_; }

 private:
  using Stage = journal::JobStage;

  struct Job {
    std::optional<runner::SubmitOrder> order;  // of a job of this process
    std::uint64_t index = 0;                   // in the order
    std::uint64_t list = 0;                    // the last list before the job, or with it
    std::uint32_t lines = 0;                   // of its eventlog that were taken
    std::uint32_t tries = 0;                   // look-ups without progress
    Stage listed = Stage::kPending;            // the furthest stage in lists
    Stage taken = Stage::kPending;             // the furthest stage in the eventlog's lines
    bool introduced = false;                   // a record was given
    bool submitted = false;                    // the submit was given
    bool started = false;                      // the start was taken
    bool finished = false;                     // the finish was taken
    bool excepted = false;                     // a fatal exception was taken
    bool missing = false;                      // in the list of all active jobs
    bool looking = false;                      // a look-up is under way
    std::optional<Clock::time_point> due;      // of the next look-up
    double ended_at = 0;                       // time of the clean in the eventlog
    std::unique_ptr<journal::ListedJob> last;  // as it ended
  };

  // Reads the lines of eventlogs with the rules of the journal's decoder.
  class EventReader final : private journal::RecordSink {
   public:
    // Null for an invalid event.
    const journal::Event* Read(std::string_view line);
    bool IsJobspec(std::string_view text);

   private:
    void OnRecords(std::span<const journal::Record> records) override;
    void OnDecodeError(const journal::DecodeError&) override {}

    journal::Decoder decoder_;
    std::string text_;
    bool good_ = false;
    std::optional<journal::Event> event_;
  };

  void TakeListed(journal::ListedJob listed, Clock::time_point now, Records& records);
  void TakeEventlog(journal::JobId id, Job& job, std::string_view answer, Records& records);
  std::string EventsIn(std::string_view eventlog, Job& job);
  void Plan(journal::JobId id, Job& job, int errnum, Clock::time_point now, Records& records);
  void GiveUp(journal::JobId id, Job& job, int errnum, Records& records);
  void Schedule(journal::JobId id, Job& job, Clock::time_point at);
  void Unschedule(journal::JobId id, Job& job);
  void Give(journal::JobId id, Job& job, std::string_view jobspec, std::string_view events,
            Records& records);
  void End(journal::JobId id, Job& job, double time);
  std::string EventsOfList(const Job& job) const;
  bool IsBehind(const Job& job) const;
  bool Allows(std::string_view name) const;

  GuestJobsOptions options_;
  std::unordered_map<journal::JobId, Job> jobs_;
  std::set<std::pair<Clock::time_point, journal::JobId>> due_;
  std::size_t looking_ = 0;
  // Jobs that have ended, with the time, as long as a list may show them again.
  std::unordered_map<journal::JobId, double> ended_;
  std::uint64_t lists_ = 0;  // requests
  bool all_ = false;         // the requested list has all active jobs
  Clock::time_point all_at_{};
  double before_ = 0;  // the end of the last job that ended before the first list
  // The latest times in lists, in seconds since the epoch.
  double since_ = 0;
  double submit_ = 0;
  double run_ = 0;
  double cleanup_ = 0;
  bool progressed_ = false;
  std::uint64_t invalid_ = 0;
  EventReader reader_;
  std::string text_;
};

}  // namespace flux_ensemble::flux
