// Checkpoints: the state of an engine as bytes, and rows of ended jobs that leave the memory.
#include <doctest/doctest.h>

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/archive.h"
#include "engine/engine.h"
#include "journal/decoder.h"
#include "log/checkpoint_files.h"
#include "runner/job_rows.h"
#include "test/conditions.h"
#include "test/journals.h"
#include "test/log_folder.h"
#include "test/support.h"

namespace flux_ensemble::runner {

namespace {

using engine::Engine;
using engine::Plan;
using engine::Rule;
using engine::TriggerType;
using test::Event;
using test::Exception;
using test::Finish;
using test::Submit;

// Rules of every trigger, windows, sketches, retries and probes.
Plan EveryKind() {
  Plan plan;
  plan.groups = {"g", "h"};
  plan.ensemble = "mine";
  plan.sketches = true;
  plan.states = {"first", "second"};
  plan.stalled = {5, 0};
  plan.probes = {2};
  engine::RetryPolicy policy;
  policy.times = 3;
  policy.failed = true;
  policy.initial = 4;
  plan.remembered = {{0, policy}, {1, std::nullopt}};
  plan.metrics = test::AllMetrics(2);
  engine::Metric metric;
  metric.window = 7;
  plan.metrics.push_back(metric);
  const auto windowed = static_cast<std::uint32_t>(plan.metrics.size() - 1);
  metric.kind = engine::Metric::Kind::kRate;
  metric.count = engine::Count::kFinished;
  plan.metrics.push_back(metric);
  Rule rule;
  plan.rules.push_back(rule);
  rule.repetitions = 1'000;
  rule.trigger = TriggerType::kJob;
  rule.change = engine::ChangeOf(journal::EventKind::kFinish);
  rule.wants_event = true;
  plan.rules.push_back(rule);
  rule.cooldown = 3;
  plan.rules.push_back(rule);
  rule.change = engine::Change::kStalled;
  rule.group = 0;
  plan.rules.push_back(rule);
  Rule interval;
  interval.trigger = TriggerType::kInterval;
  interval.interval = 2.5;
  interval.repetitions = 1'000;
  interval.backoff = 1;
  interval.go_to = 1;
  plan.rules.push_back(interval);
  Rule metric_rule;
  metric_rule.trigger = TriggerType::kMetric;
  metric_rule.program = test::Comparing(windowed, engine::Op::kGreater, 0.5);
  metric_rule.hold_duration = 2;
  metric_rule.repetitions = 1'000;
  plan.rules.push_back(metric_rule);
  Rule state;
  state.trigger = TriggerType::kState;
  state.state = 1;
  state.go_to = 0;
  state.repetitions = 1'000;
  plan.rules.push_back(state);
  // Divided by a parameter: a metric with a window, a rule on it, and one on events of any group.
  plan.splits = {{"T", {0, 1}}};
  engine::Metric divided;
  divided.split = 0;
  divided.window = 4;
  const auto of_value = static_cast<std::uint32_t>(plan.metrics.size());
  plan.metrics.push_back(divided);
  metric_rule.program = test::Comparing(of_value, engine::Op::kGreater, 0.5);
  metric_rule.split = 0;
  plan.rules.push_back(metric_rule);
  rule.group = engine::kNoGroup;
  rule.change = engine::Change::kSuccess;
  rule.cooldown = 1;
  rule.split = 0;
  plan.rules.push_back(rule);
  return plan;
}

// Something that an engine takes in.
struct Step {
  enum class Kind { kBytes, kTime, kHeartbeat, kProbed, kResumeStream };
  Kind kind = Kind::kBytes;
  std::string bytes = {};
  double time = 0;
};

std::vector<Step> Steps(std::mt19937& random) {
  std::vector<Step> steps;
  double now = 1000;
  for (journal::JobId id = 1; id < 60; ++id) {
    now += std::uniform_real_distribution(0.0, 1.5)(random);
    const std::string user = R"("ensemble":"mine","parameters":{"T":)" + std::to_string(id % 3) +
                             R"(},"origin":{"entry":0,"rule":0,"firing":0,"index":)" +
                             std::to_string(id) + "}";
    std::string bytes = Submit(id, now, id % 4 == 0 ? "h" : "g", user);
    // The last event of some pieces is a submit that may still be refused.
    if (random() % 4 != 0) bytes += Event(id, now, "validate");
    const auto other = static_cast<journal::JobId>(random() % id + 1);
    switch (random() % 6) {
      case 0:
        bytes += Event(other, now, "start");
        break;
      case 1:
        bytes += Finish(other, now, random() % 3 == 0 ? 256 : 0);
        break;
      case 2:
        bytes += Event(other, now, "start") + Finish(other, now + 0.25) +
                 Event(other, now + 0.5, "clean");
        break;
      case 3:
        bytes += Exception(other, now, random() % 2 == 0 ? "cancel" : "exec", 0) +
                 Event(other, now, "clean");
        break;
      default:
        break;
    }
    steps.push_back({Step::Kind::kBytes, bytes, 0});
    if (random() % 3 == 0) steps.push_back({Step::Kind::kTime, "", now});
    if (random() % 5 == 0) steps.push_back({Step::Kind::kHeartbeat, "", now});
    if (random() % 5 == 0) steps.push_back({Step::Kind::kProbed, "", now});
    if (random() % 20 == 0) steps.push_back({Step::Kind::kResumeStream, "", now});
  }
  return steps;
}

void Take(Engine& engine, const Step& step) {
  switch (step.kind) {
    case Step::Kind::kBytes: {
      const std::string padded = step.bytes + std::string(journal::kPadding, ' ');
      return engine.Ingest(std::string_view(padded).substr(0, step.bytes.size()), true);
    }
    case Step::Kind::kTime:
      engine.PassTo(step.time);
      return;
    case Step::Kind::kHeartbeat:
      return engine.Heartbeat(step.time);
    case Step::Kind::kProbed: {
      const std::vector<double> values{step.time, -1};
      return engine.Probed(0, 0, values, step.time, R"({"T":1})");
    }
    case Step::Kind::kResumeStream:
      return engine.ResumeStream(~std::uint64_t{0});
  }
}

void TakeOutput(Engine& engine, std::vector<std::string>& output) {
  for (const engine::Firing& firing : engine.firings()) {
    output.push_back(std::to_string(firing.number) + " " + std::to_string(firing.rule) + " " +
                     std::to_string(firing.timestamp) + " " + firing.event + " " + firing.by);
  }
  for (const engine::Retry& retry : engine.retries_due()) {
    output.push_back("retry " + std::to_string(retry.job));
  }
  engine.firings().clear();
  engine.retries_due().clear();
  engine.failure_reports().clear();
  engine.decode_errors().clear();
  engine.missing_jobs().clear();
}

}  // namespace

TEST_CASE("an engine that loads a state goes on as the one that saved it, from any moment on") {
  std::mt19937 random(7);
  std::size_t outputs = 0;
  for (int round = 0; round < 40; ++round) {
    CAPTURE(round);
    const std::vector<Step> steps = Steps(random);
    const std::size_t cut = random() % steps.size();
    Engine one(EveryKind());
    std::vector<std::string> expected;
    one.RememberAll();
    one.Start(1000);
    TakeOutput(one, expected);
    expected.clear();
    std::string saved;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (i == cut) saved = one.Save();
      Take(one, steps[i]);
      TakeOutput(one, expected);
      // Output before the cut is not repeated.
      if (i < cut) expected.clear();
    }
    Engine other(EveryKind());
    other.RememberAll();
    REQUIRE(other.Load(saved));
    CHECK(other.Save() == saved);
    std::vector<std::string> found;
    for (std::size_t i = cut; i < steps.size(); ++i) {
      Take(other, steps[i]);
      TakeOutput(other, found);
    }
    CHECK(found == expected);
    CHECK(other.Save() == one.Save());
    outputs += found.size();
  }
  CHECK(outputs > 500);
}

TEST_CASE("a state is refused by an engine of another plan, and when it is cut or changed") {
  std::mt19937 random(8);
  Engine one(EveryKind());
  one.Start(1000);
  std::vector<std::string> ignored;
  for (const Step& step : Steps(random)) {
    Take(one, step);
    TakeOutput(one, ignored);
  }
  const std::string saved = one.Save();
  const auto loads = [](std::string_view state, Plan plan = EveryKind()) {
    Engine engine(std::move(plan));
    return engine.Load(state);
  };
  CHECK(loads(saved));
  Plan other = EveryKind();
  other.rules[4].interval = 3;
  CHECK_FALSE(loads(saved, other));
  other = EveryKind();
  other.groups[1] = "i";
  CHECK_FALSE(loads(saved, other));
  // A plan may have got another group.
  other = EveryKind();
  other.groups.emplace_back("more");
  CHECK(loads(saved, other));
  for (std::size_t size = 0; size < saved.size(); size += 1 + size / 40) {
    CHECK_FALSE(loads(std::string_view(saved).substr(0, size)));
  }
  // Changed bytes may make another valid state, but never crash.
  for (int i = 0; i < 300; ++i) {
    std::string changed = saved;
    changed[random() % changed.size()] = static_cast<char>(random());
    loads(changed);
  }
}

namespace {

void Give(JobRows& rows, const std::string& lines) {
  class Sink final : public journal::RecordSink {
   public:
    explicit Sink(JobRows& rows) : rows_(rows) {}
    void OnRecords(std::span<const journal::Record> records) override { rows_.OnRecords(records); }
    void OnDecodeError(const journal::DecodeError&) override { FAIL("an invalid line"); }

   private:
    JobRows& rows_;
  } sink(rows);
  journal::Decoder decoder;
  const std::string padded = lines + std::string(journal::kPadding, ' ');
  decoder.Feed(std::string_view(padded).substr(0, lines.size()), sink);
}

std::string Made(journal::JobId id, double time) {
  return Submit(id, time, "g",
                R"("ensemble":"mine","parameters":{"T":)" + std::to_string(id) +
                    R"(},"origin":{"entry":0,"rule":0,"firing":0,"index":)" + std::to_string(id) +
                    "}");
}

std::string ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteWhole(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

// As text, for a comparison.
std::vector<std::string> Lines(JobRows& rows) {
  const JobColumns jobs = rows.Take();
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    std::string line = std::to_string(jobs.ids[i]) + " " + jobs.groups[jobs.group[i]];
    for (const double number : {jobs.submit[i], jobs.start[i], jobs.finish[i], jobs.clean[i],
                                jobs.firing[i], jobs.index[i]}) {
      line += " " + std::to_string(number);
    }
    for (const int number : {jobs.entry[i], jobs.rule[i], jobs.status[i], int{jobs.result[i]}}) {
      line += " " + std::to_string(number);
    }
    for (const std::uint32_t text :
         {jobs.exception[i], jobs.note[i], jobs.parameters[i], jobs.hosts[i]}) {
      line += " '" + jobs.texts[text] + "'";
    }
    for (std::size_t k = 0; k < jobs.measured_row.size(); ++k) {
      if (jobs.measured_row[k] == i) line += " =" + std::to_string(jobs.measured_value[k]);
    }
    lines.push_back(line);
  }
  return lines;
}

// Entries about jobs, each as a function.
std::vector<std::function<void(JobRows&)>> JobEntries(std::mt19937& random) {
  using Entry = std::function<void(JobRows&)>;
  std::vector<Entry> entries;
  std::vector<std::vector<Entry>> lives;
  for (journal::JobId id = 100; id > 60; --id) {
    const double time = 1000 + static_cast<double>(id) / 7;
    const auto lines = [](std::string text) -> Entry {
      return [text](JobRows& rows) { Give(rows, text); };
    };
    std::vector<Entry> life{lines(Made(id, time))};
    life.push_back([id](JobRows& rows) { rows.OnHosts(id, "node" + std::to_string(id % 3)); });
    life.push_back(lines(Event(id, time + 0.125, "start")));
    if (id % 3 == 0) life.push_back(lines(Exception(id, time + 1, "exec", 0)));
    life.push_back(lines(Finish(id, time + 1.5, id % 5 == 0 ? 256 : 0)));
    life.push_back([id](JobRows& rows) {
      rows.OnResult(id, id % 5 == 0 ? log::JobResult::kFailed : log::JobResult::kCompleted);
    });
    life.push_back(lines(Event(id, time + 2, "clean")));
    // Some results are known after the end.
    if (id % 2 == 0) std::swap(life.back(), life[life.size() - 2]);
    if (id % 4 == 0) {
      life.push_back([id](JobRows& rows) { rows.OnProbed({0, 0, 0, {id / 2.0}, id, id}); });
    }
    // A backlog shows some jobs again.
    if (id % 7 == 0) {
      life.push_back(lines(Made(id, time)));
      life.push_back(lines(Event(id, time + 2, "clean")));
    }
    if (id % 11 != 0) lives.push_back(life);
  }
  std::vector<std::size_t> next(lives.size());
  for (std::size_t left = lives.size(); left > 0;) {
    // Jobs begin in the order of their lives, and go on in any order.
    const std::size_t i = random() % lives.size();
    if (next[i] == lives[i].size() || (i > 0 && next[i] == 0 && next[i - 1] == 0)) continue;
    entries.push_back(lives[i][next[i]++]);
    if (next[i] == lives[i].size()) --left;
  }
  return entries;
}

}  // namespace

TEST_CASE("rows of ended jobs that left the memory are the same as those that stayed") {
  std::mt19937 random(3);
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    const auto entries = JobEntries(random);
    JobRows whole;
    whole.OnRun("mine", {"g"});
    for (const auto& entry : entries) entry(whole);

    JobRows parts;
    parts.OnRun("mine", {"g"});
    std::vector<std::string> files;
    for (const auto& entry : entries) {
      entry(parts);
      if (random() % 40 != 0) continue;
      files.push_back(parts.TakeEnded());
      // Another process goes on.
      StateWriter writer;
      writer(parts);
      const std::string bytes = writer.Take();
      parts = JobRows();
      StateReader reader(bytes);
      reader(parts);
      REQUIRE(reader.valid());
    }
    for (const std::string& file : files) REQUIRE(parts.Add(file));
    CHECK(Lines(parts) == Lines(whole));
  }
}

TEST_CASE("news of an id is of the latest job with it, also when an earlier one was taken out") {
  const auto made = [](double time, int firing) {
    return Submit(7, time, "g",
                  R"("ensemble":"mine","origin":{"entry":0,"rule":0,"firing":)" +
                      std::to_string(firing) + R"(,"index":0})");
  };
  JobRows rows;
  rows.OnRun("mine", {"g"});
  Give(rows, made(1000, 1) + Finish(7, 1001) + Event(7, 1002, "clean"));
  rows.OnResult(7, log::JobResult::kCompleted);
  const std::string ended = rows.TakeEnded();
  // Another Flux instance has the id again.
  Give(rows, made(2000, 2));
  REQUIRE(rows.Add(ended));
  Give(rows, Finish(7, 2001, 256));
  const JobColumns jobs = rows.Take();
  CHECK(jobs.firing == std::vector<double>{1, 2});
  CHECK(jobs.finish == std::vector<double>{1001, 2001});
  CHECK(jobs.status == std::vector<std::int32_t>{0, 256});
}

TEST_CASE("rows that are cut or changed are refused, or are rows") {
  std::mt19937 random(5);
  JobRows rows;
  rows.OnRun("mine", {"g"});
  for (const auto& entry : JobEntries(random)) entry(rows);
  const std::string bytes = rows.TakeEnded();
  CHECK(bytes.size() > 500);
  const auto adds = [](std::string_view text) {
    JobRows other;
    other.OnRun("mine", {"g"});
    return other.Add(text);
  };
  CHECK(adds(bytes));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK_FALSE(adds(std::string_view(bytes).substr(0, size)));
  }
  for (int i = 0; i < 2000; ++i) {
    std::string changed = bytes;
    changed[random() % changed.size()] = static_cast<char>(random());
    adds(changed);
  }
}

TEST_CASE("a file of a state is read whole or not at all") {
  const test::LogFolder folder;
  const auto read = [&](std::uint64_t number) {
    return log::ReadStateFile(folder.path(), log::StateFile::kCheckpoint, number);
  };
  CHECK_FALSE(read(3));
  CHECK(log::WriteStateFile(folder.path(), log::StateFile::kCheckpoint, 3, "state") == ENOENT);
  REQUIRE(mkdir(folder.path().c_str(), 0700) == 0);
  CHECK(log::WriteStateFile(folder.path(), log::StateFile::kCheckpoint, 3, "state") == 0);
  CHECK(log::WriteStateFile(folder.path(), log::StateFile::kCheckpoint, 12, "") == 0);
  CHECK(log::WriteStateFile(folder.path(), log::StateFile::kJobs, 4, "jobs") == 0);
  CHECK(read(3) == "state");
  CHECK(read(12) == "");
  std::vector<std::uint64_t> numbers;
  CHECK(log::ListStateFiles(folder.path(), log::StateFile::kCheckpoint, &numbers) == 0);
  CHECK(numbers == std::vector<std::uint64_t>{3, 12});
  // Each byte counts.
  const std::string path = folder.path() + "/00000003.checkpoint";
  const std::string bytes = ReadWhole(path);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ 4);
    WriteWhole(path, changed);
    CHECK_FALSE(read(3));
    WriteWhole(path, bytes.substr(0, i));
    CHECK_FALSE(read(3));
  }
}

}  // namespace flux_ensemble::runner
