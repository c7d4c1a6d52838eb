// A Flux instance as an runner::Source: the journal as a stream that survives a reload of the job
// manager, and submissions with a bounded window in flight. Talks to Flux through flux_source.h
// only.
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

#include "flux/flux_source.h"
#include "runner/source.h"

namespace flux_ensemble::flux {

struct FluxSessionOptions {
  std::string uri;  // empty for libflux-core's own choice (FLUX_URI, the system instance)
  std::vector<std::string> allow;  // names of the events that are wanted; empty for all
  bool full = false;               // begin with the inactive jobs that Flux still knows
  // Let only the first job of a jobspec pass the validator when the instance is ours. What the
  // validator checks depends on the jobspec alone, so the others would pass too.
  bool validate_once = true;
  std::uint32_t window = 4096;  // requests in flight
  // Requests are given up when none at all has been answered for so long: what a module of the
  // broker had in hand when it was unloaded is never answered.
  std::chrono::milliseconds patience{60'000};
};

class FluxSession final : public runner::Source {
 public:
  FluxSession(const FluxSourceApi* api, FluxSessionOptions options);

  void Open(runner::SourceListener& listener) override;
  int fd() const override;
  std::optional<Clock::time_point> deadline() const override;
  bool Pump(runner::SourceListener& listener) override;
  void Submit(runner::SubmitOrder order, runner::SourceListener& listener) override;
  void Cancel(std::uint64_t number, std::vector<journal::JobId> ids, std::string note,
              runner::SourceListener& listener) override;
  void SetUrgency(std::uint64_t number, std::vector<journal::JobId> ids, int urgency,
                  runner::SourceListener& listener) override;
  void Ask(std::uint64_t number, std::string topic, std::string json,
           runner::SourceListener& listener) override;
  void StopSubmitting(runner::SourceListener& listener) override;
  void LookupEventlog(journal::JobId id) override;
  void Close(runner::SourceListener& listener) override;
  std::uint64_t submitting() const override { return ordered_; }
  std::uint64_t accepted() const override { return accepted_; }

 private:
  struct Order {
    runner::SubmitOrder what;
    runner::SubmitReport report;
    std::uint64_t next = 0;  // index of the next job that was never sent
    std::uint64_t in_flight = 0;
    std::vector<std::uint64_t> again;  // indexes refused for now
    int tries = 0;                     // of those
    Clock::time_point not_before{};    // for those
    std::uint64_t jobspec_hash = 0;
    bool trial = false;  // the first job is with the validator, the others wait for it
  };
  using OrderIt = std::list<Order>::iterator;

  struct Control {
    runner::ControlReport report;
    std::string topic;
    std::string body;  // the RPC's JSON behind the id
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
  using Request = std::variant<SubmitRequest, ControlRequest, LookupRequest, AskRequest>;

  struct Closer {
    const FluxSourceApi* api;
    void operator()(FluxSource* source) const { api->close(source); }
  };

  void OpenJournal(runner::SourceListener& listener);
  void OnJournalEnd(int errnum, const char* text, runner::SourceListener& listener);
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
  // Reports what is under way as not done, and does nothing any more.
  void GiveUp(const std::string& reason, runner::SourceListener& listener);
  void OnRecord(std::string_view json, runner::SourceListener& listener);
  // Looks whether the requests under way have waited too long.
  void LoseRequests(runner::SourceListener& listener);

  // Sends what the window has room for.
  void Fill(runner::SourceListener& listener);
  bool FillOrder(OrderIt order, runner::SourceListener& listener);
  bool SendJob(OrderIt order, std::uint64_t index, runner::SourceListener& listener);
  bool FillControl(ControlIt control, runner::SourceListener& listener);
  void Settle(OrderIt order, runner::SourceListener& listener);
  void Settle(ControlIt control, runner::SourceListener& listener);
  void Refuse(OrderIt order, std::uint64_t jobs, std::string_view reason);
  void Drop(OrderIt order);
  std::uint64_t Remember(Request request);
  void AddControl(std::uint64_t number, std::vector<journal::JobId> ids, std::string topic,
                  std::string body, runner::SourceListener& listener);

  const FluxSourceApi* const api_;
  const FluxSessionOptions options_;
  std::unique_ptr<FluxSource, Closer> source_;
  FluxInstance instance_{};
  bool failed_ = false;
  bool stopped_ = false;

  // While the journal's stream is gone, the time of the next try and of the first one.
  std::optional<Clock::time_point> reopen_at_;
  std::optional<Clock::time_point> lost_at_;

  std::list<Order> orders_;
  std::list<Control> controls_;
  std::unordered_map<std::uint64_t, Request> requests_;
  std::uint64_t last_request_ = 0;
  bool answered_ = false;              // a request since the time below was looked at
  Clock::time_point waiting_since_{};  // for the next answer
  std::uint64_t ordered_ = 0;
  std::uint64_t accepted_ = 0;
  std::unordered_set<std::uint64_t> validated_;  // hashes of jobspecs
  std::string text_;                             // of the job that is being sent
  std::string request_;                          // that sends it
  std::string record_;  // padded copy of the record that is being handed on
};

}  // namespace flux_ensemble::flux
