// Writes the log of a run: everything that its engine takes in, in the same order.
//
// Threads: everything happens on the runner's thread.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/stream_tap.h"
#include "log/entries.h"
#include "log/writer.h"
#include "runner/restoration.h"

namespace flux_ensemble::runner {

class RunLog final : public engine::StreamTap {
 public:
  // Without a writer, nothing is logged.
  explicit RunLog(std::unique_ptr<log::Writer> writer = nullptr) : writer_(std::move(writer)) {}

  bool is_open() const { return writer_ != nullptr; }

  // The first entry: the run's id, and the names of the plan's groups.
  void Run(std::string_view id, const std::vector<std::string>& groups);
  // Whether contexts of events are logged: firings have them where a rule wants them.
  void KeepContexts(bool keep) { entries_.KeepContexts(keep); }

  // From now on, records are also given to the restoration of the run; null for no longer.
  void GiveTo(Restoration* restoration) { restoration_ = restoration; }

  void OnRecords(std::span<const journal::Record> records) override;
  void OnAllocation(journal::JobId job, engine::Allocation allocation) override;
  void OnSettle() override { Plain(log::EntryKind::kSettle); }
  void OnDecodeError() override { Number(log::EntryKind::kDecodeErrors, 1); }
  void OnOutcome(journal::JobId job, engine::JobOutcome outcome) override;
  void OnRefused(journal::JobId job) override { Result(job, log::JobResult::kRefused); }
  void OnLost(journal::JobId job) override { Result(job, log::JobResult::kUnknown); }
  void OnTold(journal::JobId job, const engine::Told& told) override;
  void OnTakenBack(journal::JobId job) override { Result(job, log::JobResult::kLost); }

  // Time has passed to `now`. Times are written when the next entry comes, or `due` something
  // happened by time alone. Only the last of several times is written: without a consequence, the
  // times before it change nothing.
  void PassTo(double now, bool due);
  void Probed(const log::Probed& probed);
  void Queued(std::uint32_t group, std::int64_t change, double time);
  void Allocation(double size, double end, double time);
  void GroupDone(std::uint32_t group, double time);
  void Note(std::optional<std::uint64_t> firing, std::string_view text);
  void Supply(std::uint32_t rule, std::span<const double> times);
  void Plain(log::EntryKind kind);
  void Number(log::EntryKind kind, std::uint64_t number);
  void Time(log::EntryKind kind, double seconds);
  void Text(log::EntryKind kind, std::string_view text);

  // Everything so far is with the kernel when it returns, so it survives the process.
  void Flush();
  // Called before anything leaves that depends on what is logged: everything so far survives the
  // process, or also the host, as the writer's options say. False when nothing may leave, because a
  // log that was to survive the host has failed.
  bool Commit();
  // Everything so far is on the disk when it returns.
  void Sync();

  // The last segment that is full; 0 for none, and without a log.
  std::uint64_t closed_segment() const { return writer_ == nullptr ? 0 : writer_->segment() - 1; }
  // Seconds since the oldest write to the log that is not on the disk; 0 without one, NaN without a
  // log.
  double Lag() const {
    return writer_ == nullptr ? std::numeric_limits<double>::quiet_NaN() : writer_->Lag().count();
  }
  // Null without a log.
  const log::Writer* writer() const { return writer_.get(); }

  // The number of the process that writes; 0 without a log.
  std::uint32_t epoch() const { return writer_ == nullptr ? 0 : writer_->epoch(); }

  // Why the log has ended before the run, once.
  std::optional<log::WriteFailure> TakeFailure() { return std::exchange(failure_, std::nullopt); }

 private:
  // Prepares the next entry. False without a log.
  bool Begin();
  void Result(journal::JobId job, log::JobResult result);
  void Hosts(const journal::Record& record);
  void EndFrame();
  // Gives the last entries to the writer. False without a log.
  bool EndEntries();
  // Ends the log if the writer has failed.
  void CheckWriter();

  std::unique_ptr<log::Writer> writer_;
  Restoration* restoration_ = nullptr;
  log::EntryWriter entries_;
  std::string hosts_;           // of the present record
  std::optional<double> time_;  // that has passed and is not written
  // The segment that has the patterns of texts; 0 before the first frame.
  std::uint64_t segment_ = 0;
  log::FrameType type_ = log::FrameType::kEntries;  // of the frame
  std::optional<log::WriteFailure> failure_;
  // A log that was to survive the host has failed.
  bool lost_ = false;
};

}  // namespace flux_ensemble::runner
