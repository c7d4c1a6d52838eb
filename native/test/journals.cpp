#include "test/journals.h"

#include <cstdio>
#include <sstream>

#include "test/json_value.h"
#include "test/support.h"

namespace flux_ensemble::test {

namespace {

std::string Record(journal::JobId id, double time, const std::string& name,
                   const std::string& context, const std::string& rest) {
  char digits[40];
  std::snprintf(digits, sizeof digits, "%.17g", time);
  return R"({"id":)" + std::to_string(id) + R"(,"events":[{"timestamp":)" + digits +
         R"(,"name":")" + name + "\"" + (context.empty() ? "" : R"(,"context":)" + context) + "}]" +
         rest + "}\n";
}

// All facts of one job in a recording.
struct Story {
  std::string group;
  std::map<std::string, double> times;  // of each event's first time
  bool success = false;                 // by its finish
  bool fatal_exception = false;

  bool Has(const char* event) const { return times.contains(event); }
};

void Tell(Story& story, const JsonValue& event) {
  const std::string& name = event["name"].text();
  story.times.emplace(name, event["timestamp"].Double());
  if (name == "finish") story.success = event["context"]["status"].text() == "0";
  if (name == "exception" && event["context"]["severity"].text() == "0") {
    story.fatal_exception = true;
  }
}

std::string OutcomeOf(const Story& story, journal::JobId id, const Outcomes& outcomes) {
  if (!story.Has("finish") && !story.Has("clean")) return "";
  const auto said = outcomes.find(id);
  if (said != outcomes.end()) return said->second;
  return story.success ? "COMPLETED" : "FAILED";
}

void Add(const Story& story, const std::string& outcome, GroupExpectation& group) {
  using engine::Count;
  group.count(Count::kSubmitted) += 1;
  group.count(Count::kFinished) += story.Has("finish");
  group.count(Count::kException) += story.fatal_exception;
  group.count(Count::kSuccess) += outcome == "COMPLETED";
  group.count(Count::kFailed) += outcome == "FAILED" || outcome == "TIMEOUT";
  group.count(Count::kTimeout) += outcome == "TIMEOUT";
  group.count(Count::kCanceled) += outcome == "CANCELED";
  if (!story.Has("clean")) {
    const bool running = story.Has("alloc") || story.fatal_exception;
    group.count(running ? Count::kRunning : Count::kPending) += 1;
  }
  if (story.Has("submit") && story.Has("start")) {
    group.pending.push_back(story.times.at("start") - story.times.at("submit"));
  }
  if (story.Has("start") && story.Has("finish")) {
    group.duration.push_back(story.times.at("finish") - story.times.at("start"));
  }
}

}  // namespace

std::string Submit(journal::JobId id, double time, const std::string& group,
                   const std::string& user) {
  return Record(id, time, "submit", R"({"urgency":16})",
                R"(,"jobspec":{"attributes":{"user":{"group":")" + group + "\"" +
                    (user.empty() ? "" : "," + user) + "}}}");
}

std::string Event(journal::JobId id, double time, const std::string& name,
                  const std::string& context) {
  return Record(id, time, name, context, "");
}

std::string Whole(std::vector<std::string> lines) {
  std::string whole = lines.front();
  whole.erase(whole.rfind(']'));
  const std::string end = lines.front().substr(lines.front().rfind(']'));
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::size_t from = lines[i].find('[') + 1;
    whole.append(",").append(lines[i], from, lines[i].rfind(']') - from);
  }
  return whole.append(end);
}

std::string Finish(journal::JobId id, double time, int status) {
  return Event(id, time, "finish", R"({"status":)" + std::to_string(status) + "}");
}

std::string Exception(journal::JobId id, double time, const std::string& type, int severity) {
  return Event(id, time, "exception",
               R"({"type":")" + type + R"(","severity":)" + std::to_string(severity) + "}");
}

namespace {

constexpr std::size_t kMetricsOfGroup =
    engine::kCountCount + engine::kVariableCount * stats::kKeptStatisticCount;

}  // namespace

std::vector<engine::Metric> AllMetrics(std::uint32_t groups) {
  std::vector<engine::Metric> metrics;
  for (std::uint32_t group = 0; group < groups; ++group) {
    for (std::size_t i = 0; i < engine::kCountCount; ++i) {
      metrics.push_back({.group = group,
                         .kind = engine::Metric::Kind::kCount,
                         .count = static_cast<engine::Count>(i)});
    }
    for (std::size_t v = 0; v < engine::kVariableCount; ++v) {
      for (std::size_t i = 0; i < stats::kKeptStatisticCount; ++i) {
        metrics.push_back({.group = group,
                           .variable = static_cast<engine::Variable>(v),
                           .statistic = static_cast<stats::Statistic>(i)});
      }
    }
  }
  return metrics;
}

std::uint32_t IndexOf(std::uint32_t group, engine::Count count) {
  return static_cast<std::uint32_t>(group * kMetricsOfGroup + static_cast<std::size_t>(count));
}

std::uint32_t IndexOf(std::uint32_t group, engine::Variable variable, stats::Statistic statistic) {
  return static_cast<std::uint32_t>(group * kMetricsOfGroup + engine::kCountCount +
                                    static_cast<std::size_t>(variable) *
                                        stats::kKeptStatisticCount +
                                    static_cast<std::size_t>(statistic));
}

void TestEngine::Feed(std::string_view bytes) {
  const std::array sizes = {bytes.size()};
  InPieces(bytes, sizes, [this](std::string_view piece) { engine.Ingest(piece); });
}

double TestEngine::count(std::uint32_t group, engine::Count count) {
  return engine.GetSnapshot().counts.at(group * engine::kCountCount +
                                        static_cast<std::size_t>(count));
}

double TestEngine::statistic(std::uint32_t group, engine::Variable variable,
                             stats::Statistic statistic) {
  return Row(group, variable, 1 + static_cast<std::size_t>(statistic));
}

double TestEngine::observations(std::uint32_t group, engine::Variable variable) {
  return Row(group, variable, 0);
}

double TestEngine::Row(std::uint32_t group, engine::Variable variable, std::size_t column) {
  constexpr std::size_t kRow = 1 + stats::kKeptStatisticCount;
  const std::size_t row = group * engine::kVariableCount + static_cast<std::size_t>(variable);
  return engine.GetSnapshot().statistics.at(row * kRow + column);
}

std::vector<std::uint32_t> TestEngine::Fired() {
  std::vector<std::uint32_t> rules;
  for (const engine::Firing& firing : engine.firings()) rules.push_back(firing.rule);
  engine.firings().clear();
  return rules;
}

Outcomes ReadOutcomes() {
  Outcomes outcomes;
  const std::string text = ReadFixture("journals/b_failures.outcomes.txt");
  for (const std::string_view line : Lines(text)) {
    std::istringstream words{std::string(line)};
    journal::JobId id = 0;
    std::string name;
    std::string result;
    if (words >> id >> name >> result) outcomes.emplace(id, result);
  }
  return outcomes;
}

std::map<std::string, GroupExpectation> Expect(std::string_view bytes, const Outcomes& outcomes) {
  std::map<journal::JobId, Story> stories;
  for (const std::string_view line : Lines(bytes)) {
    const JsonValue record = JsonValue::Parse(line);
    if (record["id"].text() == "-1") continue;
    Story& story = stories[record["id"].Unsigned()];
    const JsonValue& group = record["jobspec"]["attributes"]["user"]["group"];
    if (group.IsString()) story.group = group.text();
    for (const JsonValue& event : record["events"].items()) Tell(story, event);
  }
  std::map<std::string, GroupExpectation> groups;
  for (const auto& [id, story] : stories) {
    // The job manager refused it, so it was never submitted.
    if (story.group.empty() || story.Has("invalidate")) continue;
    Add(story, OutcomeOf(story, id, outcomes), groups[story.group]);
  }
  return groups;
}

}  // namespace flux_ensemble::test
