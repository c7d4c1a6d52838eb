// A submit that may still be refused. Flux's job manager posts `submit`, then asks its plugins, and
// posts `invalidate` when a plugin refuses the job. It posts both at once, so the next record
// decides: a job was accepted if the `submit` of another job or its own `validate` follows. Until
// then, the submit and the few events after it wait here.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "journal/record.h"

namespace flux_ensemble::engine {

class Unvalidated {
 public:
  // Whether an event of this kind comes only after the job was accepted. Plugins may post the
  // others before they refuse it.
  static bool IsAccepted(journal::EventKind kind) {
    using journal::EventKind;
    switch (kind) {
      case EventKind::kSubmit:
      case EventKind::kInvalidate:
      case EventKind::kSetFlags:
      case EventKind::kJobspecUpdate:
      case EventKind::kDependencyAdd:
      case EventKind::kDependencyRemove:
      case EventKind::kMemo:
      case EventKind::kAnnotations:
      case EventKind::kDebug:
      case EventKind::kOther:
        return false;
      default:
        return true;
    }
  }

  bool any() const { return count_ > 0; }
  journal::JobId job() const { return job_; }

  // Stores a copy of an event. All events that wait are of the same job.
  void Add(journal::JobId job, const journal::Event& event) {
    job_ = job;
    if (count_ == events_.size()) events_.emplace_back();
    events_[count_++].Assign(event);
  }

  // Calls with each event that waits, in order, and empties the list.
  template <typename Call>
  void Take(Call call) {
    const std::size_t count = count_;
    count_ = 0;
    for (std::size_t i = 0; i < count; ++i) call(events_[i].View());
  }

  void Drop() { count_ = 0; }

  template <typename Archive>
  void Persist(Archive& archive) {
    events_.resize(count_);
    archive(job_, events_);
    count_ = events_.size();
  }

 private:
  struct Owned {
    journal::Event event;
    std::string exception_name;
    std::string name;
    std::string context;

    void Assign(const journal::Event& from) {
      exception_name = from.exception_name;
      name = from.name;
      context = from.context;
      event = from;
    }
    const journal::Event& View() {
      event.exception_name = exception_name;
      event.name = name;
      event.context = context;
      return event;
    }

    template <typename Archive>
    void Persist(Archive& archive) {
      archive(event.timestamp, event.kind, event.exception_type, event.severity, event.status,
              exception_name, name, context);
    }
  };

  journal::JobId job_ = 0;
  std::size_t count_ = 0;
  std::vector<Owned> events_;  // the first `count_` wait; the others only provide memory
};

}  // namespace flux_ensemble::engine
