// Journal records for tests, an engine that takes them, and the expected results of a recording by
// a plain reading.
#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"

namespace flux_ensemble::test {

// A submit event with the job's group, as the journal sends it. `user` is added to attributes.user.
std::string Submit(journal::JobId id, double time, const std::string& group,
                   const std::string& user = "");

// Another event; `context` is a JSON object or empty.
std::string Event(journal::JobId id, double time, const std::string& name,
                  const std::string& context = "");

std::string Finish(journal::JobId id, double time, int status = 0);
std::string Exception(journal::JobId id, double time, const std::string& type, int severity = 0);

// A backlog's response: all events of a job in one record. Each of `lines` is a record of one.
std::string Whole(std::vector<std::string> lines);

// A table of every count and then every statistic of some groups' variables, and the index of a
// metric in it.
std::vector<engine::Metric> AllMetrics(std::uint32_t groups);
std::uint32_t IndexOf(std::uint32_t group, engine::Count count);
std::uint32_t IndexOf(std::uint32_t group, engine::Variable variable, stats::Statistic statistic);

// An engine with short accessors.
class TestEngine {
 public:
  explicit TestEngine(engine::Plan plan, std::string_view bytes = {}) : engine(std::move(plan)) {
    Feed(bytes);
  }

  void Feed(std::string_view bytes);

  // Values of a group by its index.
  double count(std::uint32_t group, engine::Count count);
  double statistic(std::uint32_t group, engine::Variable variable, stats::Statistic statistic);
  double observations(std::uint32_t group, engine::Variable variable);

  // The rules that have fired since the last call, in their order.
  std::vector<std::uint32_t> Fired();

  engine::Engine engine;

 private:
  double Row(std::uint32_t group, engine::Variable variable, std::size_t column);
};

// Flux's own results of jobs: "COMPLETED", "FAILED", "CANCELED" or "TIMEOUT".
using Outcomes = std::map<journal::JobId, std::string>;

// test/fixtures/journals/b_failures.outcomes.txt
Outcomes ReadOutcomes();

struct GroupExpectation {
  std::array<double, engine::kCountCount> counts{};
  std::vector<double> pending;  // seconds, in no order that matters
  std::vector<double> duration;

  double& count(engine::Count count) { return counts[static_cast<std::size_t>(count)]; }
};

// The expected results of a recording. A job without a result of Flux takes its result from its
// finish alone.
std::map<std::string, GroupExpectation> Expect(std::string_view bytes, const Outcomes& outcomes);

}  // namespace flux_ensemble::test
