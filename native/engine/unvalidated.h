// A submit that may be taken back. Flux's job manager posts `submit` first, asks its plugins then,
// and posts `invalidate` when one of them refuses the job. Both are posted in one go, so the next
// record of the stream tells: a job whose submit is followed by the `submit` of another, or by its
// own `validate`, was accepted. Until then the submit and what little may come in between wait
// here.
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

  // Keeps a copy of an event of the job; all that wait are of the same one.
  void Add(journal::JobId job, const journal::Event& event) {
    job_ = job;
    if (count_ == events_.size()) events_.emplace_back();
    events_[count_++].Assign(event);
  }

  // Calls with each event that waits, in order. Nothing waits any more.
  template <typename Call>
  void Take(Call call) {
    const std::size_t count = count_;
    count_ = 0;
    for (std::size_t i = 0; i < count; ++i) call(events_[i].View());
  }

  void Drop() { count_ = 0; }

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
  };

  journal::JobId job_ = 0;
  std::size_t count_ = 0;
  std::vector<Owned> events_;  // of which the first `count_` wait; the others keep their memory
};

}  // namespace flux_ensemble::engine
