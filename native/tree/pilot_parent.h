// The parent of a tree whose sub-instances are pilots: jobs of another workload manager, each of
// which is a Flux instance. JavaScript starts and ends them, and brings their journal records. It
// asks for what is to be done, and the answer comes when there is something:
//
//   pilots.next     {}                        {"start":[N],"cancel":[{"job":"ID","note":TEXT}]}
//   pilots.started  {"pilot":N}               {} when its job has been submitted
//   pilots.refused  {"pilot":N,"reason":TEXT} {} when that was impossible
//   pilots.records  journal records by line   {} when they have been taken
//
// It runs no jobs itself.
//
// Threads: it belongs to the thread that pumps it.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runner/source.h"

namespace flux_ensemble::tree {

class PilotParent final : public runner::Source {
 public:
  void Open(runner::SourceListener& listener) override;
  int fd() const override { return -1; }
  std::optional<Clock::time_point> deadline() const override;
  bool Pump(runner::SourceListener& listener) override;
  // An order of the tree: one pilot, whose number is that of the firing.
  void Submit(runner::SubmitOrder order, runner::SourceListener& listener) override;
  void Cancel(std::uint64_t number, std::vector<journal::JobId> ids, std::string note,
              runner::SourceListener& listener) override;
  void SetUrgency(std::uint64_t number, std::vector<journal::JobId> ids, int urgency,
                  runner::SourceListener& listener) override;
  void Ask(std::uint64_t number, runner::Question question,
           runner::SourceListener& listener) override;
  void ShowActiveOnly() override {}
  void StopSubmitting(runner::SourceListener& listener) override;
  void LookupEventlog(journal::JobId id) override;
  void Close(runner::SourceListener& listener) override;
  bool interrupted() const override { return false; }
  std::uint64_t submitting() const override { return starting_.size(); }
  std::uint64_t accepted() const override { return accepted_; }

 private:
  void Later(std::function<void(runner::SourceListener&)> message);
  void OnStart(std::uint64_t number, const std::string& json, bool accepted);
  void TakeRecords(std::uint64_t number, std::string records);
  void AnswerNext();

  std::deque<std::function<void(runner::SourceListener&)>> messages_;  // for the next Pump
  std::optional<std::uint64_t> next_;                                  // question that waits
  std::vector<std::uint64_t> to_start_;                                // numbers of pilots
  std::vector<std::pair<journal::JobId, std::string>> to_cancel_;      // with notes
  std::map<std::uint64_t, std::uint64_t> starting_;  // numbers of orders, by those of pilots
  std::uint64_t accepted_ = 0;
};

}  // namespace flux_ensemble::tree
