// A run's log: an engine that takes in the entries is in the state of the run, at any cut.
#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "log/entry_log.h"
#include "runner/job_rows.h"
#include "runner/run_log.h"
#include "test/conditions.h"
#include "test/journals.h"
#include "test/log_folder.h"
#include "test/runner_owner.h"
#include "test/support.h"

namespace flux_ensemble::runner {

namespace {

using engine::Plan;
using engine::Rule;
using engine::Snapshot;
using engine::TriggerType;
using test::Event;
using test::Exception;
using test::Finish;
using test::LogFolder;
using test::Submit;

std::unique_ptr<log::Writer> Write(const LogFolder& folder,
                                   std::uint64_t segment_size = std::uint64_t{1} << 20) {
  return std::make_unique<log::Writer>(folder.path(),
                                       log::WriterOptions{.segment_size = segment_size});
}

// Reads the first frames of a log.
bool ReadTo(const std::vector<test::LogFrame>& frames, std::size_t count,
            log::EntryVisitor& visitor) {
  log::EntryReader reader;
  bool good = true;
  for (std::size_t i = 0; i < count; ++i) {
    if (static_cast<log::FrameType>(frames[i].type) == log::FrameType::kFirstEntries) {
      reader.ClearPatterns();
    }
    good = reader.Read(frames[i].payload, visitor) && good;
  }
  return good;
}

bool ReadAll(const LogFolder& folder, log::EntryVisitor& visitor) {
  const log::EntryReport report = log::ReadEntries(folder.path(), visitor);
  return report.frames.error == 0 && report.frames.lost_bytes == 0 && report.unreadable_frames == 0;
}

// Everything that an engine has to show, as bytes.
std::string Bits(const std::vector<double>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(double)};
}
void CheckSame(const Snapshot& one, const Snapshot& other) {
  CHECK(one.counts == other.counts);
  CHECK(one.exceptions == other.exceptions);
  CHECK(Bits(one.statistics) == Bits(other.statistics));
  CHECK(Bits(one.probes) == Bits(other.probes));
  CHECK(Bits(one.metrics) == Bits(other.metrics));
  CHECK(one.status.active_jobs == other.status.active_jobs);
  CHECK(one.status.retrying == other.status.retrying);
  CHECK(one.status.state == other.status.state);
  CHECK(one.status.ended == other.status.ended);
  CHECK(one.status.totals.records == other.status.totals.records);
  CHECK(one.status.totals.events == other.status.totals.events);
  CHECK(one.status.totals.tracked_events == other.status.totals.tracked_events);
  CHECK(one.status.totals.firings == other.status.totals.firings);
  CHECK(one.status.totals.decode_errors == other.status.totals.decode_errors);
  CHECK(one.status.totals.latest == other.status.totals.latest);
}

std::string Describe(const engine::Firing& firing) {
  return std::to_string(firing.number) + " rule " + std::to_string(firing.rule) + " at " +
         std::to_string(firing.timestamp) + " job " + std::to_string(firing.job.value_or(0)) +
         " state " + std::to_string(firing.state) + " " + firing.event + " " + firing.context;
}

// Rules of every kind over the groups `g` and `h`.
Plan EveryKind() {
  Plan plan;
  plan.groups = {"g", "h"};
  plan.ensemble = "mine";
  plan.states = {"first", "second"};
  plan.heartbeat = 0;
  plan.probes = {1, 0};
  engine::RetryPolicy policy;
  policy.times = 2;
  policy.failed = true;
  policy.initial = 1e6;
  plan.remembered = {{0, policy}};
  plan.metrics = test::AllMetrics(2);
  const std::uint32_t mean = test::IndexOf(0, engine::Variable::kDuration, stats::Statistic::kMean);
  engine::Metric window = plan.metrics[mean];
  window.window = 30;
  const auto windowed = static_cast<std::uint32_t>(plan.metrics.size());
  plan.metrics.push_back(window);
  const auto add = [&](Rule rule) {
    rule.repetitions = 1000;
    plan.rules.push_back(std::move(rule));
  };
  Rule rule;
  add(rule);
  rule.trigger = TriggerType::kJob;
  rule.change = engine::ChangeOf(journal::EventKind::kFinish);
  rule.wants_event = true;
  add(rule);
  rule.wants_event = false;
  rule.change = engine::Change::kFail;
  rule.backoff = 2;
  add(rule);
  rule = {};
  rule.trigger = TriggerType::kMetric;
  rule.program = test::Comparing(mean, engine::Op::kGreater, 2);
  rule.cooldown = 5;
  add(rule);
  rule.program = test::Comparing(windowed, engine::Op::kGreater, 1);
  rule.cooldown = 0;
  rule.hold_duration = 3;
  add(rule);
  rule = {};
  rule.trigger = TriggerType::kState;
  rule.state = 1;
  add(rule);
  return plan;
}

std::string Made(journal::JobId id, double time, const std::string& group, int firing) {
  return Submit(id, time, group,
                R"("ensemble":"mine","parameters":{"t":)" + std::to_string(300 + firing) +
                    R"(},"origin":{"entry":0,"rule":0,"firing":)" + std::to_string(firing) +
                    R"(,"index":)" + std::to_string(id) + R"(,"attempt":0})");
}

}  // namespace

TEST_CASE("an engine that takes in a log is in the state of the run, at any cut") {
  const LogFolder folder;
  Owner owner(EveryKind(), Write(folder, 3000));
  REQUIRE(owner.runner.Start() == 0);
  // The state after each command, and how many frames the log had then.
  std::vector<std::pair<std::size_t, Snapshot>> states;
  const auto post = [&](CommandBody body) {
    owner.Ask(std::move(body));
    Snapshot snapshot = std::get<Snapshot>(owner.Ask(SnapshotCommand{}));
    states.emplace_back(test::ReadContent(folder.path()).frames.size(), std::move(snapshot));
  };
  post(StartCommand{1000});
  std::mt19937 random(7);
  double time = 1000;
  for (int round = 0; round < 40; ++round) {
    std::string bytes;
    for (int i = 0; i < 5; ++i) {
      const auto id = static_cast<journal::JobId>(round * 10 + i + 1);
      time += 0.25;
      bytes += Made(id, time, i % 2 == 0 ? "g" : "h", round);
      bytes += Event(id, time + 0.1, "validate");
      if (i == 4) continue;
      bytes += Event(
          id, time + 1, "alloc",
          R"({"annotations":{"sched":{"x":"rank0/core[0-)" + std::to_string(round) + R"(]"}}})");
      bytes += Event(id, time + 1.5, "start");
      if (i == 3) bytes += Exception(id, time + 2, round % 2 == 0 ? "timeout" : "exec");
      bytes += Finish(id, time + 2 + round % 7, i == 1 ? 256 : 0);
      bytes += Event(id, time + 10, "clean");
    }
    if (round % 9 == 0) bytes += "not JSON\n";
    bytes += Made(static_cast<journal::JobId>(5000 + round), time + 11, "g", round);
    post(Bytes(bytes));
    if (round == 10) post(GoToCommand{1});
    if (round % 6 == 0) post(TickCommand{time});
    if (round % 5 == 0) post(ProbedCommand{{0, 0, time, {1.5 + round}, std::nullopt, 0}});
  }
  post(FinishStreamCommand{});
  post(EndCommand{});
  owner.runner.Stop();
  const auto [frames, losses, report] = test::ReadContent(folder.path());
  CHECK(report.lost_bytes == 0);
  REQUIRE(report.segments > 3);
  REQUIRE(frames.size() > 50);
  REQUIRE(owner.firings.size() > 50);

  for (const auto& [count, snapshot] : states) {
    CAPTURE(count);
    engine::Engine restored(EveryKind());
    Restoration replay(restored, {}, true);
    CHECK(ReadTo(frames, count, replay));
    CheckSame(restored.GetSnapshot(), snapshot);
    REQUIRE(restored.firings().size() <= owner.firings.size());
    for (std::size_t i = 0; i < restored.firings().size(); ++i) {
      CHECK(Describe(restored.firings()[i]) == Describe(owner.firings[i]));
    }
  }
}

TEST_CASE("every recording is the same after its log") {
  for (const std::string name : {"a_hello", "b_failures", "c_backlog_full", "d_mock2000"}) {
    CAPTURE(name);
    const std::string bytes = test::ReadFixture("journals/" + name + ".ndjson");
    Plan plan;
    plan.track_all = true;
    const LogFolder folder;
    engine::Engine engine(plan);
    RunLog run_log(Write(folder));
    engine.Follow(&run_log);
    for (std::size_t at = 0; at < bytes.size(); at += 1000) {
      const std::string piece = bytes.substr(at, 1000) + std::string(journal::kPadding, '\0');
      engine.Ingest(std::string_view(piece).substr(0, piece.size() - journal::kPadding));
      run_log.Commit();
    }
    engine::Engine restored(plan);
    Restoration replay(restored, {}, true);
    const log::EntryReport report = log::ReadEntries(folder.path(), replay);
    CHECK(report.unreadable_frames == 0);
    CheckSame(restored.GetSnapshot(), engine.GetSnapshot());
    CHECK(report.frames.bytes < 64 * engine.totals().events);
  }
}

TEST_CASE("a job's row has what its events say") {
  const LogFolder folder;
  Owner owner(EveryKind(), Write(folder));
  REQUIRE(owner.runner.Start() == 0);
  owner.Ask(StartCommand{1000});
  owner.Ask(Bytes(Made(1, 1001, "g", 3) + Event(1, 1002, "start") + Finish(1, 1004) +
                  Event(1, 1005, "clean") + Made(2, 1001, "h", 4) + Event(2, 1002, "start") +
                  Exception(2, 1003, "exec") + Finish(2, 1004, 256) + Event(2, 1005, "clean") +
                  Submit(3, 1001, "g", R"("ensemble":"other")") + Event(3, 1002, "start") +
                  Made(4, 1006, "h", 5) + Event(4, 1007, "start")));
  owner.runner.Stop();
  JobRows rows;
  CHECK(ReadAll(folder, rows));
  const JobColumns jobs = rows.Take();
  CHECK(jobs.ids == std::vector<journal::JobId>{1, 2, 4});
  CHECK(jobs.groups == std::vector<std::string>{"g", "h"});
  CHECK(jobs.group == std::vector<std::uint32_t>{0, 1, 1});
  CHECK(jobs.entry == std::vector<std::int32_t>{0, 0, 0});
  CHECK(jobs.rule == std::vector<std::int32_t>{0, 0, 0});
  CHECK(jobs.firing == std::vector<double>{3, 4, 5});
  CHECK(jobs.index == std::vector<double>{1, 2, 4});
  CHECK(jobs.submit == std::vector<double>{1001, 1001, 1006});
  CHECK(jobs.start == std::vector<double>{1002, 1002, 1007});
  CHECK(jobs.finish[0] == 1004);
  CHECK(jobs.finish[1] == 1004);
  CHECK(std::isnan(jobs.finish[2]));
  CHECK(jobs.clean[1] == 1005);
  CHECK(jobs.status == std::vector<std::int32_t>{0, 256, -1});
  CHECK(jobs.result == std::vector<std::uint8_t>{1, 2, 0});
  CHECK(jobs.texts[jobs.exception[1]] == "exec");
  CHECK(jobs.texts[jobs.exception[0]].empty());
  CHECK(jobs.texts[jobs.parameters[2]] == R"({"t":305})");
}

TEST_CASE("a job has its hosts, and the values that probes measured of it") {
  const LogFolder folder;
  const auto alloc = [](journal::JobId id, double time, const std::string& hosts) {
    std::string line = Event(id, time, "alloc");
    line.erase(line.rfind('}'));
    return line +
           R"(,"R":{"version":1,"execution":{"R_lite":[{"rank":"0","children":{"core":"0"}}],)" +
           R"("starttime":1002.0,"expiration":0.0,"nslots":1,"nodelist":[)" + hosts + "]}}}\n";
  };
  {
    Owner owner(EveryKind(), Write(folder));
    REQUIRE(owner.runner.Start() == 0);
    owner.Ask(StartCommand{1000});
    owner.Ask(Bytes(Made(1, 1001, "g", 0) + Made(2, 1001, "g", 0) + Made(3, 1001, "g", 0) +
                    alloc(1, 1002, R"("node7")") + alloc(2, 1002, R"("node[1-4]","login2")") +
                    alloc(3, 1002, "")));
    owner.Ask(ProbedCommand{{0, 0, 1003, {2.5}, 4, 2}});
  }
  JobRows rows;
  CHECK(ReadAll(folder, rows));
  const JobColumns jobs = rows.Take();
  CHECK(jobs.texts[jobs.hosts[0]] == "node7");
  CHECK(jobs.texts[jobs.hosts[1]] == "node[1-4],login2");
  CHECK(jobs.texts[jobs.hosts[2]].empty());
  CHECK(jobs.measured_row == std::vector<std::uint32_t>{1});
  CHECK(jobs.measured_variable == std::vector<std::uint32_t>{0});
  CHECK(jobs.measured_value == std::vector<double>{2.5});
}

TEST_CASE("a job without an origin has a row of its own") {
  const LogFolder folder;
  {
    Owner owner(EveryKind(), Write(folder));
    REQUIRE(owner.runner.Start() == 0);
    owner.Ask(StartCommand{1000});
    owner.Ask(Bytes(Submit(1, 1001, "g", R"("ensemble":"mine")") + Exception(1, 1002, "cancel", 0) +
                    Event(1, 1003, "clean")));
  }
  JobRows rows;
  CHECK(ReadAll(folder, rows));
  const JobColumns jobs = rows.Take();
  CHECK(jobs.ids == std::vector<journal::JobId>{1});
  CHECK(jobs.rule == std::vector<std::int32_t>{-2});
  CHECK(std::isnan(jobs.firing[0]));
  CHECK(std::isnan(jobs.index[0]));
  CHECK(jobs.result == std::vector<std::uint8_t>{3});
}

TEST_CASE("entries that are longer than a frame are read again") {
  const LogFolder folder;
  Plan plan;
  plan.groups = {"g"};
  const std::string long_text(5 << 20, 'x');
  engine::Engine engine(plan);
  {
    RunLog run_log(Write(folder));
    run_log.Run("mine", plan.groups);
    run_log.Text(log::EntryKind::kExpectCancel, long_text);
    run_log.Commit();
    run_log.Time(log::EntryKind::kStart, 5);
    run_log.Commit();
  }
  Restoration replay(engine, {}, true);
  CHECK(ReadAll(folder, replay));
}

TEST_CASE("a log that fails is reported once, and the run goes on") {
  const LogFolder folder;
  Owner owner(EveryKind(), std::make_unique<log::Writer>(folder.path() + "/missing/log"));
  REQUIRE(owner.runner.Start() == 0);
  std::vector<int> errors;
  std::size_t answers = 0;
  for (int i = 0; answers < 5; ++i) {
    if (i < 5) owner.Post(Bytes(Made(static_cast<journal::JobId>(i + 1), 1001 + i, "g", 0)));
    const Outbox outbox = owner.Take();
    answers += outbox.answers.size();
    if (outbox.log_failure) errors.push_back(outbox.log_failure->error);
  }
  CHECK(errors == std::vector<int>{ENOENT});
}

TEST_CASE("texts keep every byte") {
  std::mt19937 random(1);
  const std::string alphabet = "0019ab{\":,\x01 .-";
  log::TextEncoder encoder;
  log::TextDecoder decoder;
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (std::size_t n = random() % 40; n > 0; --n) text += alphabet[random() % alphabet.size()];
    if (i % 1000 == 0) text = std::string(random() % 3000, 'x') + "18446744073709551616";
    log::ByteBuffer bytes;
    encoder.Put(bytes, text);
    log::Cursor in(bytes.view());
    std::string read;
    REQUIRE(decoder.Take(in, read));
    REQUIRE(in.at_end());
    REQUIRE(read == text);
  }
}

TEST_CASE("frames of any bytes are read to an end") {
  class Nothing final : public log::PartialVisitor {
  } nothing;
  const LogFolder folder;
  {
    Owner owner(EveryKind(), Write(folder));
    REQUIRE(owner.runner.Start() == 0);
    owner.Ask(StartCommand{1000});
    owner.Ask(Bytes(Made(1, 1001, "g", 3) + Event(1, 1002, "start") + Exception(1, 1003, "x") +
                    Finish(1, 1004) + Event(1, 1005, "clean")));
  }
  const std::vector<test::LogFrame> frames = test::ReadContent(folder.path()).frames;
  std::mt19937 random(3);
  for (int i = 0; i < 20000; ++i) {
    std::string payload = frames[random() % frames.size()].payload;
    for (std::size_t n = 1 + random() % 3; n > 0 && !payload.empty(); --n) {
      payload[random() % payload.size()] = static_cast<char>(random());
    }
    payload.resize(random() % (payload.size() + 1));
    log::EntryReader reader;
    (void)reader.Read(payload, nothing);
  }
}

}  // namespace flux_ensemble::runner
