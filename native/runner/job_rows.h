// The jobs of a run as columns, read from its log: one row a job, in the order of their
// submissions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/name_index.h"
#include "log/entries.h"

namespace flux_ensemble::runner {

// Columns of one length, and the tables of their texts. Doubles are NaN when they are unknown;
// times are seconds since the epoch.
struct JobColumns {
  std::vector<journal::JobId> ids;
  std::vector<std::string> groups;   // names
  std::vector<std::uint32_t> group;  // index of a name
  std::vector<std::int32_t> entry;   // index in the group, -1 when unknown
  std::vector<std::uint32_t> attempt;
  std::vector<std::int32_t> rule;   // -1: requested from outside, -2: unknown
  std::vector<double> firing;       // its number
  std::vector<std::uint32_t> part;  // the submission among those of the firing
  std::vector<double> index;        // among the jobs of the submission
  std::vector<double> submit;
  std::vector<double> start;
  std::vector<double> finish;
  std::vector<double> clean;
  std::vector<std::int32_t> status;       // a wait(2) status, -1 when unknown
  std::vector<std::uint8_t> result;       // log::JobResult
  std::vector<std::string> texts;         // the first one is empty
  std::vector<std::uint32_t> exception;   // index of a text: the type of the gravest exception
  std::vector<std::uint32_t> note;        // index of a text: its note
  std::vector<std::uint32_t> parameters;  // index of a text: JSON
  std::vector<std::uint32_t> hosts;       // index of a text: a hostlist (RFC 29)
  // What probes measured, in the order of the measuring: rows, numbers of the group's probe
  // variables, and values.
  std::vector<std::uint32_t> measured_row;
  std::vector<std::uint32_t> measured_variable;
  std::vector<double> measured_value;
  // Texts of the rules that were added during the run.
  std::vector<std::string> added_rules;
};

class JobRows final : public log::EntryVisitor {
 public:
  JobRows();

  // The rows so far. No entry may follow.
  JobColumns Take() { return std::move(columns_); }

  void OnRun(std::string_view id, const std::vector<std::string>& groups) override;
  void OnRecords(std::span<const journal::Record> records) override;
  void OnHosts(journal::JobId job, std::string_view hosts) override;
  void OnProbed(const log::Probed& probed) override;
  void OnResult(journal::JobId job, log::JobResult result) override;
  void OnPlain(log::EntryKind kind) override;
  void OnText(log::EntryKind kind, std::string_view text) override;

 private:
  struct Place {
    std::uint32_t row = 0;
    std::int8_t severity = 8;  // of the exception in the row; 8 without one
  };

  bool IsAnother(const Place& place, const journal::Record& record) const;
  void AddRow(journal::JobId id, std::uint32_t group, const journal::Membership& membership);
  void Apply(Place& place, const journal::Event& event);
  std::uint32_t TextOf(std::string_view text);

  std::string run_;
  bool interrupted_ = false;  // rules do not count
  engine::NameIndex groups_;
  engine::NameIndex texts_;
  std::unordered_map<journal::JobId, Place> places_;
  JobColumns columns_;
};

}  // namespace flux_ensemble::runner
