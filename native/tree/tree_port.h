// Takes the messages of one of a tree's sources.
#pragma once

#include <utility>

#include "tree/tree_source.h"

namespace flux_ensemble::tree {

class TreeSource::Port final : public runner::SourceListener {
 public:
  // `child` is null for the parent.
  Port(TreeSource& tree, Child* child) : tree_(tree), child_(child) {}
  virtual ~Port() = default;

  void OnJournal(std::string_view record) override { tree_.OnRecord(child_, record); }
  void OnStream() override { tree_.OnStream(child_); }
  void OnOpen(runner::SourceFacts facts) override {
    if (child_ == nullptr) tree_.OnParentOpen(std::move(facts));
  }
  void OnSubmitted(runner::SubmitReport report) override { tree_.OnSubmitted(child_, report); }
  void OnControlled(runner::ControlReport report) override { tree_.OnControlled(report); }
  void OnAsked(std::uint64_t number, std::string_view json) override {
    tree_.OnAnswer(number, json, nullptr);
  }
  void OnAskFailed(std::uint64_t number, runner::SourceFailure failure) override {
    tree_.OnAnswer(number, {}, &failure);
  }
  void OnFailure(runner::SourceFailure failure) override {
    tree_.OnFailure(child_, std::move(failure));
  }

 private:
  TreeSource& tree_;
  Child* const child_;
};

}  // namespace flux_ensemble::tree
