// Several Flux instances as one source. The sub-instances are jobs of the parent instance. The tree
// starts them, learns their URIs from the parent's journal, and hands each one jobs while it has
// room. A job that is larger than a sub-instance goes to the parent.
//
// Ids of jobs in sub-instances are changed on the way in and on the way out (instance_id.h), so the
// listener sees one queue. A sub-instance that dies takes its jobs with it: each of them gets a
// fatal exception `lost`. Jobs that its journal has not shown go to others.
//
// Threads: like its sources, it belongs to the thread that pumps it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/unique_fd.h"
#include "journal/decoder.h"
#include "runner/source.h"
#include "tree/child.h"
#include "tree/instance_id.h"
#include "tree/order_book.h"

namespace flux_ensemble::tree {

// Pilots are sub-instances whose parent runs no jobs, so jobs that are larger than a pilot are
// refused. Each pilot has its time. They are started while jobs wait that the present ones can't
// take soon.
struct PilotOptions {
  std::chrono::milliseconds idle{120'000};  // a pilot without a job for this time is ended
  // A pilot gets no job that may not have ended this long before the pilot's end.
  std::chrono::milliseconds margin{0};
  std::string manager;  // the name of the workload manager that runs them
  std::string hint;     // where to look when pilots end early; the end of a sentence
};

struct TreeOptions {
  std::string run;              // its id
  std::uint32_t instances = 1;  // that run at once
  // Of one sub-instance. Without nodes, it gets its share of the parent's resources.
  std::uint64_t nodes = 0;
  std::uint64_t cores = 0;    // of each node; 0 for whole nodes
  std::uint64_t recycle = 0;  // jobs after which it is replaced; 0 for never
  // The jobspec of a sub-instance without its resources: the members after `resources` up to the
  // end of `attributes.user`, and the rest.
  std::string jobspec_head;
  std::string jobspec_tail;
  std::optional<PilotOptions> pilots;
  std::string host;      // of this process
  bool resumed = false;  // an earlier process of the run may have left sub-instances
  // Time between the start of its job and its answer.
  std::chrono::milliseconds start_patience{60'000};
  // Time that a job has to end after its sub-instance is gone.
  std::chrono::milliseconds grace{2'000};
  // Delay of the next start after a sub-instance has died early. It doubles with each in a row.
  std::chrono::milliseconds first_delay{1'000};
  // Sub-instances that die in a row without having ended a job, before no more are started.
  std::uint32_t max_failures = 5;
};

// The URI that connects from `host` to the instance at `uri`.
std::string ConnectableUri(std::string_view uri, std::string_view host);

class TreeSource final : public runner::Source {
 public:
  // Makes the source for a sub-instance. It reports OnStream() when the instance is up.
  using Factory = std::function<std::unique_ptr<runner::Source>(const std::string& uri)>;

  TreeSource(std::unique_ptr<runner::Source> parent, Factory factory, TreeOptions options);
  ~TreeSource() override;

  void Open(runner::SourceListener& listener) override;
  int fd() const override { return epoll_.get(); }
  std::optional<Clock::time_point> deadline() const override;
  bool Pump(runner::SourceListener& listener) override;
  void Submit(runner::SubmitOrder order, runner::SourceListener& listener) override;
  void Cancel(std::uint64_t number, std::vector<journal::JobId> ids, std::string note,
              runner::SourceListener& listener) override;
  void SetUrgency(std::uint64_t number, std::vector<journal::JobId> ids, int urgency,
                  runner::SourceListener& listener) override;
  // Topics are those of the parent, and some more: `@N/TOPIC` asks the sub-instance N,
  // `tree.status` lists the sub-instances, `tree.resize` with {"instances":N} changes their number,
  // and `tree.shutdown` ends them all and answers when their jobs have ended; with {"wait":false}
  // when their jobs were canceled.
  void Ask(std::uint64_t number, runner::Question question,
           runner::SourceListener& listener) override;
  void ShowActiveOnly() override;
  std::uint64_t DropGroup(const engine::GroupPart& part, runner::SourceListener& listener) override;
  void StopSubmitting(runner::SourceListener& listener) override;
  void LookupEventlog(journal::JobId id) override;
  void Close(runner::SourceListener& listener) override;
  bool interrupted() const override;
  std::uint64_t submitting() const override;
  std::uint64_t accepted() const override;

 private:
  class Port;
  struct Sink;

  // Requests to the parent and the sub-instances, by their numbers.
  struct UpQuestion {
    std::uint64_t number;
  };
  struct ParentShape {};
  struct ChildShape {
    InstanceNumber child;
  };
  struct ChildState {
    InstanceNumber child;
  };
  struct OwnControl {
    InstanceNumber child;
  };
  // The part of a cancel, or of a change of urgencies.
  struct PartOf {
    std::uint64_t merge;
  };
  using Request = std::variant<UpQuestion, ParentShape, ChildShape, ChildState, OwnControl, PartOf>;

  struct Merge {
    runner::ControlReport report;
    std::size_t parts = 0;
  };

  // From the sources; `child` is null for the parent.
  void OnRecord(Child* child, std::string_view text);
  void OnStream(Child* child);
  void OnParentOpen(runner::SourceFacts facts);
  void OnSubmitted(Child* child, const runner::SubmitReport& report);
  void OnControlled(const runner::ControlReport& report);
  void OnAnswer(std::uint64_t number, std::string_view json, const runner::SourceFailure* failure);
  void OnFailure(Child* child, runner::SourceFailure failure);

  void OnParentRecord(const journal::Record& record, std::string_view text);
  Child* InstanceOfJob(const journal::Record& record, std::string_view text);
  void OnInstanceEvents(Child& child, const journal::Record& record);
  void FollowParentJob(const journal::Record& record);
  void OnChildRecord(Child& child, const journal::Record& record, std::string_view text);
  bool IsDoubtful(const Child& child, const journal::Record& record) const;
  void AskState(Child& child);
  void OnState(Child& child, std::string_view json, bool failed);
  void PassSentinel();
  void ShowKnownJobs();

  void Work();
  void Review(Child& child);
  bool MayStart() const;
  void StartChildren();
  void StartChild();
  Child& AddChild(InstanceNumber number);
  std::string Resources() const;
  void Connect(Child& child);
  void Unfollow(Child& child);
  void Die(Child& child, const std::string& reason);
  void Retire(Child& child, const std::string& why);
  void CancelJob(Child& child, const std::string& note);
  void ShrinkToTarget();
  void MakeRoomInParent();
  std::uint32_t wanted() const;
  void FollowTimes();
  void FollowTime(Child& child);
  Clock::duration LeadOf(const Child& child) const;
  std::string NameOf(const Child& child) const;
  std::string JobText() const;
  void CountUseless(const Child& child, const char* reason);
  void EndIdle();
  std::uint64_t RoomInTime(const Child& child, const Need& need) const;
  void RefuseLarge(const runner::SubmitOrder& part);
  std::optional<Clock::time_point> NextTime(const Child& child) const;
  Clock::time_point RoomDeadline() const;
  void CheckShutdown();
  void CheckHope();
  void SendLarge(OrderBook::OrderIt order);
  void UpdateFairShare();
  void Dispatch();
  Child* LeastLoaded(const Need& need);
  std::uint64_t RoomOf(const Child& child) const;
  std::uint64_t LoadOf(const Child& child) const;
  std::uint64_t GivenTo(const Child& child) const;
  bool IsUsedUp(const Child& child) const;
  bool FitsNone(const Need& need) const;
  std::uint32_t live() const;
  Child* Find(InstanceNumber number);

  void AnswerOwn(std::uint64_t number, const runner::Question& question);
  void Resize(std::uint64_t number, const runner::Question& question);
  std::string StatusJson() const;
  using Part = std::function<void(std::uint64_t, runner::Source&, std::vector<journal::JobId>,
                                  runner::SourceListener&)>;
  void Control(std::uint64_t number, const std::vector<journal::JobId>& ids, bool cancels,
               const Part& part);
  void Merged(std::uint64_t merge, const runner::ControlReport& part);

  // Hands a record to the listener; the second one that of text_.
  void Up(std::string_view record);
  void UpText();
  void Report(OrderBook::Reports& reports);
  void Deliver();
  void Fail(std::string message);
  void GiveUp();
  std::uint64_t Remember(Request request);
  void Watch(int fd, InstanceNumber of, int* watched);
  void FindReady();
  static std::string MarkBefore(const std::string& run);

  // The orders of sub-instances' jobs have numbers with this bit; those of pieces do not.
  static constexpr std::uint64_t kOfInstance = std::uint64_t{1} << 62;

  const std::unique_ptr<runner::Source> parent_;
  const Factory factory_;
  const TreeOptions options_;
  const std::string mark_;  // in the jobspecs of sub-instances, before the number
  const std::shared_ptr<Port> parent_port_;
  UniqueFd epoll_;
  int watched_parent_ = -1;

  runner::SourceListener* up_ = nullptr;
  bool failed_ = false;
  bool stopped_ = false;        // no more submissions
  bool shutting_down_ = false;  // no more sub-instances
  bool working_ = false;
  bool releasing_ = false;  // records that were held

  journal::Decoder decoder_;
  std::string text_;                          // the record that goes up
  std::vector<std::string> waiting_records_;  // of look-ups, for the next Pump
  std::string sentinel_text_;
  bool streamed_ = false;         // the parent's stream has begun before
  bool parent_sentinel_ = false;  // in this stream
  bool sentinel_passed_ = false;

  std::list<Child> children_;
  std::unordered_map<journal::JobId, InstanceNumber> instance_jobs_;  // in the parent
  InstanceNumber last_number_ = 0;
  std::uint32_t target_;
  std::optional<Shape> parent_shape_;
  std::optional<Shape> shape_;  // of the sub-instance that came up last
  bool shape_changed_ = false;
  std::uint32_t failures_ = 0;      // deaths in a row without a job that ended
  std::uint32_t early_deaths_ = 0;  // in a row
  Clock::time_point next_start_{};
  std::string last_reason_;
  Clock::duration last_start_{};  // from the request for a sub-instance until it was up
  // Jobs of the run that wait in the parent, and since when.
  std::unordered_map<journal::JobId, Clock::time_point> parent_pending_;
  bool made_room_ = false;  // for these

  OrderBook orders_;
  std::uint64_t fair_share_ = 0;            // of a sub-instance
  std::vector<runner::SubmitOrder> large_;  // for the parent
  std::unordered_map<std::uint64_t, Request> requests_;
  std::uint64_t last_request_ = 0;
  std::unordered_map<std::uint64_t, Merge> merges_;
  std::uint64_t last_merge_ = 0;
  std::uint64_t instance_orders_ = 0;  // jobs of sub-instances that the parent has not answered
  std::uint64_t instances_accepted_ = 0;
  std::uint64_t accepted_gone_ = 0;  // jobs that sub-instances got that are gone
  struct Shutdown {
    std::uint64_t question = 0;
    bool waits = true;  // for the ends of the jobs, and not only for their cancels
  };
  std::vector<Shutdown> shutdowns_;
};

}  // namespace flux_ensemble::tree
