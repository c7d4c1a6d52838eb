// A Flux instance as a runner::Source. Its journal is a stream that survives a reload of the job
// manager, and a bounded window of submissions is in flight. A guest of the instance may not follow
// the journal: lists and eventlogs replace it (guest_jobs.h). It uses Flux only through
// flux_source.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "flux/connection.h"
#include "flux/flux_source.h"
#include "flux/guest_jobs.h"
#include "runner/source.h"

namespace flux_ensemble::flux {

struct FluxSessionOptions {
  std::string uri;  // empty for libflux-core's own choice (FLUX_URI, the system instance)
  std::vector<std::string> allow;  // names of requested events; empty for all
  // Maximum number of inactive jobs with which the stream begins. If Flux keeps more, it begins
  // without them: sending them blocks the job manager for all users.
  std::uint64_t inactive_jobs = 0;
  // A guest's stream begins with those that were submitted after this time, which is the beginning
  // of the run; in seconds since the epoch.
  double begun = 0;
  std::string instance;  // SourceFacts::instance of the run's last process; empty for none
  // In an instance of our own, only the first job of a jobspec passes the validator. The
  // validator's answer depends only on the jobspec, so the others would pass, too.
  bool validate_once = true;
  // The instance is starting. Its stream is requested when it runs.
  bool await_running = false;
  std::uint32_t window = 4096;  // requests in flight
  // Requests are given up when Flux answers none of them for this time. A broker module that is
  // unloaded never answers the requests that it holds.
  std::chrono::milliseconds patience{60'000};
};

// The topic of a question that a guest's session answers: with {} when the jobs of a list that is
// requested after the question have been shown.
inline constexpr std::string_view kGuestListTopic = "flux-ensemble.guest-list";

// The topic of a question with a jobspec, which a guest's session submits. The answer has the id.
inline constexpr std::string_view kGuestSubmitTopic = "flux-ensemble.guest-submit";

class FluxSession final : public runner::Source {
 public:
  FluxSession(Connector connect, FluxSessionOptions options);

  void Open(runner::SourceListener& listener) override;
  int fd() const override;
  std::optional<Clock::time_point> deadline() const override;
  bool Pump(runner::SourceListener& listener) override;
  void Submit(runner::SubmitOrder order, runner::SourceListener& listener) override;
  void Cancel(std::uint64_t number, std::vector<journal::JobId> ids, std::string note,
              runner::SourceListener& listener) override;
  void SetUrgency(std::uint64_t number, std::vector<journal::JobId> ids, int urgency,
                  runner::SourceListener& listener) override;
  void Ask(std::uint64_t number, runner::Question question,
           runner::SourceListener& listener) override;
  void ShowActiveOnly() override { full_ = false; }
  bool Widen(std::vector<std::string> allow, runner::SourceListener& listener) override;
  void StopSubmitting(runner::SourceListener& listener) override;
  void LookupEventlog(journal::JobId id) override;
  void Close(runner::SourceListener& listener) override;
  bool interrupted() const override { return lost_at_ || lookups_ > 0 || look_up_at_; }
  std::uint64_t submitting() const override { return ordered_; }
  std::uint64_t accepted() const override { return accepted_; }

 private:
  struct Order {
    runner::SubmitOrder what;
    runner::SubmitReport report;
    std::uint64_t next = 0;  // index of the next job that was never sent
    std::uint64_t in_flight = 0;
    std::vector<std::uint64_t> again;  // indexes of jobs to send again
    int tries = 0;                     // of these jobs
    Clock::time_point not_before{};    // for these jobs
    std::uint64_t jobspec_hash = 0;
    bool trial = false;  // the first job may be refused, and the others wait
  };
  using OrderIt = std::list<Order>::iterator;

  struct Control {
    runner::ControlReport report;
    std::string topic;
    std::string body;  // the RPC's JSON after the id
    std::vector<journal::JobId> ids;
    std::size_t next = 0;
    std::size_t in_flight = 0;
  };
  using ControlIt = std::list<Control>::iterator;

  struct SubmitRequest {
    OrderIt order;
    std::uint64_t index;
  };
  struct ControlRequest {
    ControlIt control;
  };
  struct LookupRequest {
    journal::JobId id;
  };
  struct AskRequest {
    std::uint64_t number;  // of the question
  };
  struct RunningRequest {};  // answered when the instance runs
  // Requests of a guest.
  struct ListRequest {};
  struct EventlogRequest {
    journal::JobId id;
  };
  using Request = std::variant<SubmitRequest, ControlRequest, LookupRequest, AskRequest,
                               RunningRequest, ListRequest, EventlogRequest>;

  enum class GuestStep : std::uint8_t { kLastEnded, kFirstList, kBacklog, kLive };

  // Jobs of a guest, and the lists of them that are requested.
  struct Guest {
    explicit Guest(GuestJobsOptions options) : jobs(std::move(options)) {}

    GuestJobs jobs;
    GuestStep step = GuestStep::kLastEnded;
    std::optional<Clock::time_point> list_at;  // of the next list; none while one is requested
    Clock::time_point listed_at{};             // the last list was requested
    Clock::duration interval{};
    std::uint64_t lists = 0;    // requested so far
    std::size_t eventlogs = 0;  // requested now
    // Questions that wait for the list of a number.
    std::vector<std::pair<std::uint64_t, std::uint64_t>> questions;
  };

  void AwaitRunning(runner::SourceListener& listener);
  void OnRunning(int errnum, std::string_view text, runner::SourceListener& listener);
  void OpenJournal(runner::SourceListener& listener);
  void BeginStream(runner::SourceListener& listener);
  bool RequestStream(runner::SourceListener& listener);
  runner::SourceFacts Facts() const;
  void BeginAsGuest();
  void PumpAsGuest(runner::SourceListener& listener);
  void RequestList(runner::SourceListener& listener);
  void RequestEventlogs(runner::SourceListener& listener);
  void OnListAnswer(int errnum, std::string_view text, runner::SourceListener& listener);
  void OnEventlogAnswer(const EventlogRequest& request, int errnum, std::string_view text,
                        runner::SourceListener& listener);
  void OnGuestList(Clock::time_point now, runner::SourceListener& listener);
  void ListSoon();
  void AnswerGuest(runner::SourceListener& listener);
  std::optional<Clock::time_point> GuestDeadline() const;
  void Show(const GuestJobs::Records& records, runner::SourceListener& listener);
  void OnJournalEnd(std::uint64_t stream, int errnum, const char* text,
                    runner::SourceListener& listener);
  void OnAnswer(std::uint64_t request, int errnum, std::string_view text,
                runner::SourceListener& listener);
  void OnSubmitAnswer(const SubmitRequest& request, int errnum, std::string_view text,
                      runner::SourceListener& listener);
  void OnControlAnswer(const ControlRequest& request, int errnum, std::string_view text,
                       runner::SourceListener& listener);
  void OnLookupAnswer(const LookupRequest& request, int errnum, std::string_view text,
                      runner::SourceListener& listener);
  void OnAskAnswer(const AskRequest& request, int errnum, std::string_view text,
                   runner::SourceListener& listener);
  void Fail(int errnum, std::string message, runner::SourceListener& listener);
  // Reports everything under way as failed, and ends all activity.
  void GiveUp(const std::string& reason, runner::SourceListener& listener);
  void OnRecord(std::uint64_t stream, std::string_view json, runner::SourceListener& listener);
  void PassRecord(std::string_view json, runner::SourceListener& listener);
  void LookUpAgain();
  // Gives up requests that have waited too long.
  void LoseRequests(runner::SourceListener& listener);

  // Sends requests while the window has room.
  void Fill(runner::SourceListener& listener);
  bool FillOrder(OrderIt order, runner::SourceListener& listener);
  bool SendJob(OrderIt order, std::uint64_t index, runner::SourceListener& listener);
  bool FillControl(ControlIt control, runner::SourceListener& listener);
  void Settle(OrderIt order, runner::SourceListener& listener);
  void Settle(ControlIt control, runner::SourceListener& listener);
  void Refuse(OrderIt order, std::uint64_t jobs, std::string_view reason);
  void Drop(OrderIt order);
  std::uint64_t Remember(Request request);
  void Answered(const Request& request, int errnum, std::string_view text,
                runner::SourceListener& listener);
  bool IsFull() const;
  void AddControl(std::uint64_t number, std::vector<journal::JobId> ids, std::string topic,
                  std::string body, runner::SourceListener& listener, std::string refusal = {});

  const Connector connect_;
  FluxSessionOptions options_;
  std::unique_ptr<Connection> connection_;  // null before it is open
  FluxInstance instance_{};
  std::unique_ptr<Guest> guest_;  // null for an owner
  bool full_ = false;             // the stream begins with inactive jobs, too
  bool failed_ = false;
  bool stopped_ = false;

  // The number of the last stream that was requested, and of the one that is followed. They differ
  // until the first record of a wider stream.
  std::uint64_t requested_stream_ = 0;
  std::uint64_t stream_ = 0;
  // While the journal's stream is lost: the time of the next attempt, and of the loss.
  std::optional<Clock::time_point> reopen_at_;
  std::optional<Clock::time_point> lost_at_;

  std::list<Order> orders_;
  std::list<Control> controls_;
  std::unordered_map<std::uint64_t, Request> requests_;
  std::uint64_t last_request_ = 0;
  // Jobs whose eventlogs are looked up again at this time, because Flux did not answer.
  std::vector<journal::JobId> look_up_again_;
  std::optional<Clock::time_point> look_up_at_;
  std::uint64_t lookups_ = 0;          // of the requests
  bool answered_ = false;              // a request was answered since the time below was checked
  Clock::time_point waiting_since_{};  // for the next answer
  std::uint64_t ordered_ = 0;
  std::uint64_t accepted_ = 0;
  std::unordered_set<std::uint64_t> validated_;  // hashes of jobspecs
  std::string text_;                             // the job that is being sent
  std::string request_;                          // the request that sends the job
  std::string record_;                           // padded copy of the current record
};

}  // namespace flux_ensemble::flux
