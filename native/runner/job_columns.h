// The jobs of a run as columns, one row a job.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "journal/record.h"

namespace flux_ensemble::runner {

// A number of a row that is unknown.
inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

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
  // Numbers that probes measured and jobs told, in the order in which they came: rows, numbers of
  // the probe variables of the job's group, and values. A job that told a name several times has
  // the last number.
  std::vector<std::uint32_t> measured_row;
  std::vector<std::uint32_t> measured_variable;
  std::vector<double> measured_value;
  // The last texts that jobs told: rows, numbers of the group's told texts, and indexes of texts.
  std::vector<std::uint32_t> told_row;
  std::vector<std::uint32_t> told_name;
  std::vector<std::uint32_t> told_text;
  // Texts of the rules that were added during the run.
  std::vector<std::string> added_rules;

  std::size_t size() const { return ids.size(); }

  // Calls with each column that has an element for each row.
  template <typename Visitor>
  void ForEachColumn(Visitor visit) {
    visit(ids);
    visit(group);
    visit(entry);
    visit(attempt);
    visit(rule);
    visit(firing);
    visit(part);
    visit(index);
    visit(submit);
    visit(start);
    visit(finish);
    visit(clean);
    visit(status);
    visit(result);
    visit(exception);
    visit(note);
    visit(parameters);
    visit(hosts);
  }

  // Leaves these rows, in this order. Values of other rows are removed.
  void Select(std::span<const std::uint32_t> rows) {
    ForEachColumn([&](auto& column) { SelectOf(column, rows); });
    SelectValues(rows, measured_row, measured_variable, measured_value);
    SelectValues(rows, told_row, told_name, told_text);
  }

  template <typename T>
  static void SelectOf(std::vector<T>& column, std::span<const std::uint32_t> rows) {
    std::vector<T> selected;
    selected.reserve(rows.size());
    for (const std::uint32_t row : rows) selected.push_back(column[row]);
    column = std::move(selected);
  }

 private:
  static constexpr std::uint32_t kNoRow = ~std::uint32_t{0};

  template <typename Value>
  static void SelectValues(std::span<const std::uint32_t> rows, std::vector<std::uint32_t>& of_row,
                           std::vector<std::uint32_t>& names, std::vector<Value>& values) {
    const std::size_t known = of_row.empty() ? 0 : std::ranges::max(of_row) + std::size_t{1};
    std::vector<std::uint32_t> places(known, kNoRow);
    for (std::uint32_t place = 0; place < rows.size(); ++place) {
      if (rows[place] < known) places[rows[place]] = place;
    }
    std::size_t left = 0;
    for (std::size_t i = 0; i < of_row.size(); ++i) {
      const std::uint32_t place = places[of_row[i]];
      if (place == kNoRow) continue;
      of_row[left] = place;
      names[left] = names[i];
      values[left] = values[i];
      ++left;
    }
    of_row.resize(left);
    names.resize(left);
    values.resize(left);
  }
};

}  // namespace flux_ensemble::runner
