// The jobs of a run, read from its log: one row a job, in the order of their submissions. Rows of
// ended jobs can be taken out as bytes, so that only the others stay in memory.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/name_index.h"
#include "log/entries.h"
#include "runner/job_row_bytes.h"

namespace flux_ensemble::runner {

class JobRows final : public log::PartialVisitor {
 public:
  // Which submission of the run a job is.
  struct Submission {
    std::int32_t rule = 0;
    double firing = 0;
    std::uint32_t part = 0;
    double index = 0;
    std::uint32_t attempt = 0;

    bool operator==(const Submission&) const = default;
  };

  JobRows();

  // The rows so far. No entry may follow.
  JobColumns Take();

  // Takes out the rows of jobs that have ended, as bytes for Add().
  std::string TakeEnded();
  // Adds rows that were taken out. Several rows of one job are joined. False for
  // invalid bytes.
  bool Add(std::string_view bytes);

  // The rows, and what is needed to go on with the log after them.
  template <typename Archive>
  void Persist(Archive& archive) {
    std::string bytes;
    if constexpr (!Archive::kReads) bytes = EncodeAll();
    archive(run_, interrupted_, rows_.columns.groups, rows_.columns.added_rules, bytes, next_,
            taken_);
    if constexpr (Archive::kReads) {
      if (!RestoreRows(bytes)) archive.Invalidate();
    }
  }

  void OnRun(std::string_view id, const std::vector<std::string>& groups) override;
  void OnRecords(std::span<const journal::Record> records) override;
  void OnHosts(journal::JobId job, std::string_view hosts) override;
  void OnProbed(const log::Probed& probed) override;
  void OnTold(const log::Told& told) override;
  void OnResult(journal::JobId job, log::JobResult result) override;
  void OnPlain(log::EntryKind kind) override;
  void OnText(log::EntryKind kind, std::string_view text) override;

 private:
  bool IsAnother(std::uint32_t row, const std::optional<Submission>& submission) const;
  std::uint32_t AddRow(journal::JobId id);
  void Describe(std::uint32_t row, std::uint32_t group, const journal::Membership& membership);
  // The row of a job; of one whose row was taken out, another row. kNoRow for an unknown job.
  std::uint32_t RowOf(journal::JobId id);
  void Apply(std::uint32_t row, const journal::Event& event);
  void SetResult(std::uint32_t row, log::JobResult result);
  bool HasEnded(std::uint32_t row) const;
  void Select(std::span<const std::uint32_t> rows);
  std::string EncodeAll() const;
  bool RestoreRows(std::string_view bytes);
  void Join(std::uint32_t row, const JobRowSet& others, std::uint32_t other,
            const std::vector<std::uint32_t>& texts);
  std::uint32_t TextOf(std::string_view text);

  std::string run_;
  bool interrupted_ = false;  // rules do not count
  engine::NameIndex groups_;
  engine::NameIndex texts_;
  std::unordered_map<journal::JobId, std::uint32_t> places_;  // rows
  // Places of the values that jobs told since rows were last taken out, by row and name. A later
  // place in the columns counts.
  std::unordered_map<std::uint64_t, std::size_t> told_numbers_;
  std::unordered_map<std::uint64_t, std::size_t> told_texts_;
  JobRowSet rows_;
  std::uint64_t next_ = 0;  // the sequence of the next row
  bool taken_ = false;      // rows were taken out
};

}  // namespace flux_ensemble::runner
