// Everything that a runner hands over to its owner at a wake.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/output.h"
#include "engine/retries.h"
#include "journal/record.h"
#include "log/writer.h"
#include "runner/commands.h"
#include "runner/source.h"

namespace flux_ensemble::runner {

// A cron rule needs its next times after `after`; Runner::SupplyTimes() brings them.
struct TimeRequest {
  std::uint32_t rule = 0;
  double after = 0;  // seconds since the epoch
};

// Firings that led to an answer are in the same outbox or an earlier one.
struct Outbox {
  std::vector<Answer> answers;
  std::vector<engine::Firing> firings;
  std::vector<engine::Retry> retries;           // jobs that are to be submitted again now
  std::vector<engine::FailureReport> failures;  // examples of jobs that failed
  // Reports on the jobs that the runner submitted by itself. A report's number is that of the
  // firing or of the retry.
  std::vector<SubmitReport> submissions;
  std::vector<journal::DecodeError> decode_errors;
  std::vector<engine::IgnoredTell> ignored_tells;
  std::vector<std::uint32_t> idle_groups;  // see engine::Engine::idle_groups()
  std::vector<TimeRequest> time_requests;
  // Rules that were added to the run that is restored: AddRuleCommand::json. The runner waits for
  // each in Runner::SupplyRule().
  std::vector<std::string> rule_requests;
  // Names of groups that the plan does not list, in the order of their indexes. Each name is handed
  // over once, in an outbox or an event batch, and no later than the answer or the events that need
  // it.
  std::vector<std::string> new_groups;
  std::string records;                           // the source's records, one a line, when tapped
  std::optional<SourceFailure> failure;          // the source has failed after it was open
  std::optional<log::WriteFailure> log_failure;  // the log has ended before the run
  std::optional<std::string> log_problem;        // why no more checkpoints of the run are made
  bool events_waiting = false;                   // there is an event batch to take
  bool quiet = false;                            // nothing is left that could make the run go on

  bool empty() const {
    return answers.empty() && firings.empty() && retries.empty() && submissions.empty() &&
           decode_errors.empty() && ignored_tells.empty() && idle_groups.empty() &&
           failures.empty() && time_requests.empty() && rule_requests.empty() &&
           new_groups.empty() && records.empty() && !failure && !log_failure && !log_problem &&
           !quiet;
  }
};

}  // namespace flux_ensemble::runner
