// Lets an engine take in the log of its run again, and follows what the run had left to do: firings
// whose actions are not done, retries whose jobs are missing, and which of their jobs exist.
//
// Threads: everything happens on the runner's thread.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "log/entries.h"
#include "runner/known_jobs.h"

namespace flux_ensemble::runner {

// A firing whose action is not done, and the notes about it in their order.
struct OpenFiring {
  engine::Firing firing;
  std::vector<std::string> notes;

  template <typename Archive>
  void Persist(Archive& archive) {
    archive(firing, notes);
  }
};

enum class LoadResult : std::uint8_t {
  kLoaded,
  kUnusable,  // the state is of another plan or version; nothing has changed
  kBroken,    // neither the engine nor the restoration can be used any more
};

class Restoration final : public log::PartialVisitor {
 public:
  // Adds the rule of a text that AddRuleCommand::json was.
  using AddRule = std::function<void(std::string_view)>;

  // With `keep_firings`, firings and retries stay with the engine, and nothing is followed. The
  // engine outlives this object.
  Restoration(engine::Engine& engine, AddRule add_rule, bool keep_firings)
      : engine_(engine),
        add_rule_(std::move(add_rule)),
        keep_firings_(keep_firings),
        plan_(engine.Description()) {}

  // The log has been read.
  void Finish();

  // Records that the engine takes in from its source, until all jobs of the run have been seen.
  void Follow(std::span<const journal::Record> records) { Know(records); }
  // The firing's action is done.
  void Done(std::uint64_t firing);

  bool started() const { return started_; }
  bool interrupted() const { return interrupted_; }
  // The last time in the log, in seconds since the epoch; 0 for none.
  double latest() const { return std::max(latest_, engine_.totals().latest); }
  std::uint64_t jobs() const { return jobs_.size(); }
  // The notes about no firing, in their order.
  std::vector<std::string> TakeNotes() { return std::move(notes_); }
  // Firings whose actions are not done, in their order. Jobs of them are followed until Done().
  std::vector<OpenFiring> TakeOpenFirings();
  // Retries that were due and whose jobs have not come, in their order.
  std::vector<engine::Retry> TakeOpenRetries();
  // Known jobs of a firing that was open, or of a request from outside.
  std::vector<KnownRange> KnownJobsOf(std::uint64_t firing, bool from_outside) const;
  // All jobs of the run, sorted.
  std::vector<engine::KnownJob> TakeJobs();

  // The state of the engine, and of this object, for a checkpoint. The log may go on after it.
  std::string Save();
  // Goes on from there. Nothing of the log may have been taken in before.
  LoadResult Load(std::string_view state);

  void OnRecords(std::span<const journal::Record> records) override;
  void OnResult(journal::JobId job, log::JobResult result) override;
  void OnProbed(const log::Probed& probed) override;
  void OnQueued(std::uint32_t group, std::int64_t change, double time) override;
  void OnHolds(journal::JobId job, std::uint64_t nodes, std::uint64_t cores) override;
  void OnAllocation(double size, double end, double time) override;
  void OnGroupDone(std::uint32_t group, double time) override;
  void OnNote(std::optional<std::uint64_t> firing, std::string_view text) override;
  void OnSupply(std::uint32_t rule, std::vector<double> times) override;
  void OnPlain(log::EntryKind kind) override;
  void OnNumber(log::EntryKind kind, std::uint64_t number) override;
  void OnTime(log::EntryKind kind, double seconds) override;
  void OnText(log::EntryKind kind, std::string_view text) override;

 private:
  // Rule, firing, part, index and attempt.
  using RetryKey = std::array<std::uint64_t, 5>;
  static RetryKey KeyOf(const engine::JobOrigin& origin) {
    return {static_cast<std::uint64_t>(origin.rule), origin.firing, origin.part, origin.index,
            origin.attempt};
  }

  template <typename Archive>
  void Persist(Archive& archive);
  // Takes what the engine made of an entry.
  void Gather();
  void Know(std::span<const journal::Record> records);
  void TakeBackActive();
  void SortJobs();

  engine::Engine& engine_;
  const AddRule add_rule_;
  const bool keep_firings_;
  const std::string plan_;  // the engine's description, without added rules

  bool started_ = false;
  bool interrupted_ = false;  // entries do not count
  double latest_ = 0;
  std::map<std::uint64_t, OpenFiring> open_;       // by number
  std::map<std::uint64_t, KnownJobs> of_firings_;  // of those that are or were open, until Done()
  std::map<std::uint64_t, KnownJobs> of_requests_;
  std::map<RetryKey, engine::Retry> open_retries_;
  std::vector<std::string> notes_;  // about no firing
  std::vector<std::string> rules_;  // texts of added rules
  std::string parameters_;          // of the job of the next OnProbed()
  std::vector<engine::KnownJob> jobs_;
};

}  // namespace flux_ensemble::runner
