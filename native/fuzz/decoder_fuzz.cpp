// Any bytes for decoder and engine: no crash, no loss without an error, and the same result in any
// chunks.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "journal/decoder.h"
#include "test/conditions.h"
#include "test/recorder.h"

namespace flux_ensemble {

namespace {

using engine::Count;
using engine::Engine;
using engine::Plan;
using engine::Rule;
using engine::TriggerType;

void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

// Calls `feed` with pieces that end with their padding, so that a sanitizer reports a read beyond.
template <typename Feed>
void InPieces(std::string_view bytes, std::mt19937_64* random, Feed feed) {
  while (!bytes.empty()) {
    const std::size_t size =
        random == nullptr ? bytes.size() : 1 + (*random)() % (1u << ((*random)() % 8));
    const std::string_view piece = bytes.substr(0, size);
    bytes.remove_prefix(piece.size());
    std::vector<char> memory(piece.size() + journal::kPadding, random == nullptr ? '}' : '"');
    piece.copy(memory.data(), piece.size());
    feed(std::string_view(memory.data(), piece.size()));
  }
}

class Counter final : public journal::RecordSink {
 public:
  void OnRecords(std::span<const journal::Record> all) override {
    for (const journal::Record& record : all) OnRecord(record);
  }
  void OnRecord(const journal::Record& record) {
    ++records;
    for (const journal::Event& event : record.events) {
      Require(event.timestamp > 0, "events have a time");
      Require(!event.name.empty(), "events have a name");
      Require(event.severity >= 0 && event.severity <= 7, "severities are 0 to 7");
      Require(event.context.empty() || event.context.front() == '{', "contexts are objects");
      // Every byte of every view must be readable.
      for (const char c : event.context) sum += static_cast<unsigned char>(c);
      for (const char c : event.name) sum += static_cast<unsigned char>(c);
    }
    if (record.membership && record.membership->group) {
      Require(!record.membership->group->empty(), "groups have a name");
    }
  }
  void OnDecodeError(const journal::DecodeError& error) override { errors.push_back(error); }

  std::size_t records = 0;
  std::vector<journal::DecodeError> errors;
  std::uint64_t sum = 0;
};

bool IsBlank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

// Each line that is not blank is an error, or at least one record.
void CheckDecoder(std::string_view bytes) {
  Counter counter;
  journal::Decoder decoder;
  std::uint64_t number = 0;
  std::uint64_t offset = 0;
  while (offset < bytes.size()) {
    const std::size_t newline = bytes.find('\n', offset);
    const bool ended = newline != std::string_view::npos;
    const std::string_view line = bytes.substr(offset, ended ? newline + 1 - offset : newline);
    const std::size_t records = counter.records;
    const std::size_t errors = counter.errors.size();
    InPieces(line, nullptr, [&](std::string_view piece) { decoder.Feed(piece, counter); });
    if (!ended) decoder.Finish(counter);
    ++number;
    const std::size_t new_errors = counter.errors.size() - errors;
    const bool blank = IsBlank(ended ? line.substr(0, line.size() - 1) : line);
    Require(new_errors <= 1, "a line is one error at most");
    Require(blank == (counter.records == records && new_errors == 0),
            "a line that is not blank is a record or an error, a blank one neither");
    if (new_errors == 1) {
      const journal::DecodeError& error = counter.errors.back();
      Require(error.line == number, "an error names its line");
      Require(error.offset >= offset && error.offset <= offset + line.size(),
              "an error lies in its line");
      Require(!error.reason.empty(), "an error has a reason");
    }
    offset += line.size();
  }
}

// The fast path and the general parser give the same records.
void CheckFastPath(std::string_view bytes) {
  const auto written = [&](journal::Decoder::Parsing parsing) {
    test::Recorder recorder;
    journal::Decoder decoder(parsing);
    // Twice, because tails and jobspecs are cached.
    for (int pass = 0; pass < 2; ++pass) {
      InPieces(bytes, nullptr, [&](std::string_view piece) { decoder.Feed(piece, recorder); });
      decoder.Finish(recorder);
    }
    return recorder;
  };
  Require(written(journal::Decoder::Parsing::kFastFirst) ==
              written(journal::Decoder::Parsing::kGeneralOnly),
          "both ways of decoding say the same");
}

Plan FuzzPlan() {
  Plan plan;
  plan.groups = {"g", "sleep"};
  plan.track_all = true;
  plan.heartbeat = 1;
  const auto add = [&](Rule rule, std::uint64_t repetitions) {
    rule.repetitions = repetitions;
    plan.rules.push_back(std::move(rule));
  };
  Rule job;
  job.trigger = TriggerType::kJob;
  job.wants_event = true;
  job.change = engine::ChangeOf(journal::EventKind::kException);
  add(job, 10);
  job.change = engine::Change::kInactiveState;
  add(job, 1000);
  job.group = 0;
  job.backoff = 1;
  job.change = engine::ChangeOf(journal::EventKind::kStart);
  add(job, 5);

  Rule metric;
  metric.trigger = TriggerType::kMetric;
  plan.metrics = {{.variable = engine::Variable::kPending},
                  {.kind = engine::Metric::Kind::kCount, .count = Count::kFailed}};
  metric.program = test::Comparing(0, engine::Op::kGreater, 1.0);
  add(metric, 100);
  metric.program = test::Comparing(1, engine::Op::kGreaterEqual, 3.0);
  metric.terminal = true;
  add(metric, 1);
  Rule heartbeat;
  heartbeat.trigger = TriggerType::kHeartbeat;
  add(heartbeat, 2);
  return plan;
}

void CheckCounts(const engine::Snapshot& snapshot) {
  double active = 0;
  for (std::size_t at = 0; at < snapshot.counts.size(); at += engine::kCountCount) {
    const auto count = [&](Count which) {
      return snapshot.counts[at + static_cast<std::size_t>(which)];
    };
    const double outcomes =
        count(Count::kSuccess) + count(Count::kFailed) + count(Count::kCanceled);
    active += count(Count::kPending) + count(Count::kRunning);
    Require(count(Count::kPending) >= 0 && count(Count::kRunning) >= 0, "gauges are not negative");
    Require(outcomes <= count(Count::kSubmitted), "a job has one outcome");
    Require(count(Count::kFinished) <= outcomes, "a finished job has an outcome");
    Require(count(Count::kException) <= count(Count::kSubmitted), "exceptions are counted per job");
    Require(count(Count::kTimeout) <= count(Count::kFailed), "a timeout is a failure");
  }
  Require(active == static_cast<double>(snapshot.status.active_jobs),
          "a job in the table is pending or running");
}

bool SameBits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

bool Same(const engine::Firing& a, const engine::Firing& b) {
  return a.number == b.number && a.rule == b.rule && a.timestamp == b.timestamp && a.job == b.job &&
         a.group == b.group && std::memcmp(&a.value, &b.value, sizeof a.value) == 0 &&
         a.event == b.event && a.context == b.context;
}

void CheckEngine(std::string_view bytes, std::mt19937_64& random) {
  const auto run = [&](Engine& engine, std::mt19937_64* chunks) {
    engine.GatherEvents(true);
    engine.Start(1);
    InPieces(bytes, chunks, [&](std::string_view piece) { engine.Ingest(piece); });
    engine.FinishStream();
    engine.Heartbeat(2e9);
  };
  Engine whole(FuzzPlan());
  Engine chopped(FuzzPlan());
  run(whole, nullptr);
  run(chopped, &random);

  const engine::Snapshot a = whole.GetSnapshot();
  const engine::Snapshot b = chopped.GetSnapshot();
  CheckCounts(a);
  Require(whole.new_groups() == chopped.new_groups(), "chunks don't change groups");
  Require(SameBits(a.counts, b.counts), "chunks don't change counts");
  Require(SameBits(a.statistics, b.statistics), "chunks don't change statistics");
  Require(a.status.totals.records == b.status.totals.records, "chunks don't change records");
  Require(a.status.totals.decode_errors == b.status.totals.decode_errors,
          "chunks don't change errors");
  Require(whole.decode_errors().size() == chopped.decode_errors().size(),
          "chunks don't change reported errors");
  for (std::size_t i = 0; i < whole.decode_errors().size(); ++i) {
    const journal::DecodeError& x = whole.decode_errors()[i];
    const journal::DecodeError& y = chopped.decode_errors()[i];
    Require(x.offset == y.offset && x.line == y.line && x.reason == y.reason,
            "chunks don't change an error");
  }
  Require(whole.events().size() == a.status.totals.events, "every event is gathered");
  Require(whole.events().ids == chopped.events().ids, "chunks don't change events");
  Require(whole.firings().size() == chopped.firings().size(), "chunks don't change firings");
  for (std::size_t i = 0; i < whole.firings().size(); ++i) {
    Require(Same(whole.firings()[i], chopped.firings()[i]), "chunks don't change a firing");
  }
}

}  // namespace

}  // namespace flux_ensemble

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::mt19937_64 random(std::hash<std::string_view>{}(bytes));
  flux_ensemble::CheckDecoder(bytes);
  flux_ensemble::CheckFastPath(bytes);
  flux_ensemble::CheckEngine(bytes, random);
  return 0;
}
