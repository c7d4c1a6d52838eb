// The native path in one process against baselines, in events of a recording a second. Usage:
// journal_bench RECORDING [ROUNDS]; prints one JSON object a line, {"series":S,"value":V}.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "journal/decoder.h"
#include "log/checkpoint_files.h"
#include "log/entry_log.h"
#include "log/segment_files.h"
#include "log/writer.h"
#include "runner/checkpoint.h"
#include "runner/compactor.h"
#include "runner/job_rows.h"
#include "runner/restoration.h"
#include "runner/run_log.h"
#include "simdjson.h"
#include "stats/summary.h"
#include "test/conditions.h"
#include "test/log_folder.h"
#include "test/textbook_p2.h"

namespace {

using flux_ensemble::engine::ChangeOf;
using flux_ensemble::engine::Engine;
using flux_ensemble::engine::Op;
using flux_ensemble::engine::Plan;
using flux_ensemble::engine::Rule;
using flux_ensemble::engine::TriggerType;
using flux_ensemble::engine::Variable;
using flux_ensemble::journal::DecodeError;
using flux_ensemble::journal::Decoder;
using flux_ensemble::journal::Event;
using flux_ensemble::journal::Record;
using flux_ensemble::log::ListStateFiles;
using flux_ensemble::log::ReadEntries;
using flux_ensemble::log::StateFile;
using flux_ensemble::log::Writer;
using flux_ensemble::runner::Compactor;
using flux_ensemble::runner::JobRows;
using flux_ensemble::runner::LoadCheckpoint;
using flux_ensemble::runner::ReadJobs;
using flux_ensemble::runner::Restoration;
using flux_ensemble::runner::RunLog;
using flux_ensemble::stats::Statistic;
using flux_ensemble::stats::Summary;
using flux_ensemble::test::LogFolder;
using flux_ensemble::test::TextbookP2;

struct Seen {
  std::uint64_t events = 0;
  std::uint64_t sum = 0;  // Keeps the compiler from removing the work.
};

// The minimum work: a scan for newlines.
Seen Newlines(std::string_view bytes) {
  Seen seen;
  while (const void* newline = std::memchr(bytes.data(), '\n', bytes.size())) {
    ++seen.events;
    bytes.remove_prefix(static_cast<std::size_t>(static_cast<const char*>(newline) - bytes.data()) +
                        1);
    if (bytes.empty()) break;
  }
  return seen;
}

bool Touch(simdjson::ondemand::document_reference document, Seen& seen) {
  std::int64_t id = 0;
  simdjson::ondemand::array events;
  if (document.find_field("id").get(id) || document.find_field("events").get(events)) return false;
  for (auto element : events) {
    simdjson::ondemand::object event;
    double timestamp = 0;
    std::string_view name;
    if (element.get(event) || event.find_field("timestamp").get(timestamp) ||
        event.find_field("name").get(name)) {
      return false;
    }
    ++seen.events;
    seen.sum +=
        static_cast<std::uint64_t>(id) + static_cast<std::uint64_t>(timestamp) + name.size();
  }
  return true;
}

// simdjson's fastest way: one document a line, with fields requested in their order.
Seen SimdjsonByLine(std::string_view bytes) {
  Seen seen;
  simdjson::ondemand::parser parser;
  while (const void* newline = std::memchr(bytes.data(), '\n', bytes.size())) {
    const auto length = static_cast<std::size_t>(static_cast<const char*>(newline) - bytes.data());
    simdjson::ondemand::document document;
    if (parser.iterate(bytes.data(), length, length + simdjson::SIMDJSON_PADDING).get(document) ||
        !Touch(document, seen)) {
      std::abort();
    }
    bytes.remove_prefix(length + 1);
    if (bytes.empty()) break;
  }
  return seen;
}

// The same with simdjson's own splitter.
Seen SimdjsonStream(std::string_view bytes) {
  Seen seen;
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document_stream stream;
  if (parser.iterate_many(bytes.data(), bytes.size(), std::size_t{1} << 20).get(stream))
    std::abort();
  for (auto document : stream) {
    simdjson::ondemand::document_reference reference;
    if (std::move(document).get(reference) || !Touch(reference, seen)) std::abort();
  }
  return seen;
}

class Counter final : public flux_ensemble::journal::RecordSink {
 public:
  void OnRecords(std::span<const Record> records) override {
    for (const Record& record : records) OnRecord(record);
  }
  void OnRecord(const Record& record) {
    for (const Event& event : record.events) {
      ++seen.events;
      seen.sum += record.id + static_cast<std::uint64_t>(event.timestamp) + event.name.size();
    }
  }
  void OnDecodeError(const DecodeError&) override { std::abort(); }
  Seen seen;
};

Seen DecodeOnly(std::string_view bytes, Decoder::Parsing parsing) {
  Counter counter;
  Decoder(parsing).Feed(bytes, counter);
  return counter.seen;
}

Plan TenGroups(int rules) {
  Plan plan;
  plan.track_all = true;
  for (std::uint32_t i = 0; i < 10; ++i) {
    plan.groups.push_back("group-" + std::to_string(i));
    plan.metrics.push_back({.group = i});
  }
  for (int i = 0; i < rules; ++i) {
    Rule rule;
    rule.trigger = TriggerType::kMetric;
    rule.program =
        flux_ensemble::test::Comparing(static_cast<std::uint32_t>(i % 10), Op::kGreater, 1e9);
    plan.rules.push_back(std::move(rule));
  }
  return plan;
}

Seen SeenBy(const Engine& engine) {
  if (engine.totals().decode_errors != 0) std::abort();
  return {engine.totals().events, engine.totals().tracked_events};
}

Seen WholeEngine(std::string_view bytes, int rules) {
  Engine engine(TenGroups(rules));
  engine.Ingest(bytes);
  return SeenBy(engine);
}

// The engine with a log.
Seen LoggedEngine(std::string_view bytes, const std::string& folder) {
  std::filesystem::remove_all(folder);
  Plan plan = TenGroups(10);
  RunLog log(std::make_unique<Writer>(folder));
  log.Run(plan.ensemble, plan.groups);
  log.KeepContexts(false);
  Engine engine(std::move(plan));
  engine.Follow(&log);
  engine.Ingest(bytes);
  log.Commit();
  if (log.TakeFailure()) std::abort();
  return SeenBy(engine);
}

Seen Restored(const std::string& folder) {
  Engine engine(TenGroups(10));
  Restoration replay(engine, {}, false);
  if (ReadEntries(folder, replay).frames.error != 0) std::abort();
  return SeenBy(engine);
}

// Makes a checkpoint after the last full segment. Returns the number of the segment.
std::uint64_t MakeCheckpoint(const std::string& folder) {
  std::vector<std::uint64_t> segments;
  flux_ensemble::log::ListSegments(folder, &segments);
  if (segments.size() < 2) std::abort();
  const std::uint64_t last = segments.back() - 1;
  Compactor compactor({.folder = folder, .least = 0}, TenGroups(10));
  compactor.Closed(last, {});
  for (std::vector<std::uint64_t> made; made.empty();) {
    if (compactor.TakeProblem()) std::abort();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ListStateFiles(folder, StateFile::kCheckpoint, &made);
  }
  return last;
}

// The same events, most of them from the checkpoint.
Seen FromCheckpoint(const std::string& folder) {
  Engine engine(TenGroups(10));
  Restoration replay(engine, {}, false);
  const auto base = LoadCheckpoint(folder, replay);
  if (!base || base->number == 0) std::abort();
  if (ReadEntries(folder, replay, {.after = base->number}).frames.error != 0) std::abort();
  return SeenBy(engine);
}

// Rows of all jobs; counts the same events.
Seen Rows(const std::string& folder, std::uint64_t events) {
  JobRows rows;
  if (ReadJobs(folder, rows).has_loss()) std::abort();
  return {events, rows.Take().ids.size()};
}

// A job group's statistics with four separate estimators.
class TextbookSummary {
 public:
  void Observe(double x) {
    welford_.Observe(x);
    min_ = std::min(min_, x);
    max_ = std::max(max_, x);
    q25_.Observe(x);
    q50_.Observe(x);
    q75_.Observe(x);
    deviation_.Observe(std::abs(x - q50_.value()));
  }
  double iqr() const { return q75_.value() - q25_.value(); }

 private:
  flux_ensemble::stats::Welford welford_;
  double min_ = std::numeric_limits<double>::infinity();
  double max_ = -std::numeric_limits<double>::infinity();
  TextbookP2 q25_{0.25};
  TextbookP2 q50_{0.5};
  TextbookP2 q75_{0.75};
  TextbookP2 deviation_{0.5};
};

// Distributed like run times: most are similar, some much longer.
std::vector<double> RunTimes() {
  std::mt19937_64 random(1);
  std::lognormal_distribution<double> run_time(3, 0.8);
  std::vector<double> values(1'000'000);
  for (double& value : values) value = run_time(random);
  return values;
}

template <typename Summary, typename Iqr>
Seen Observe(Iqr iqr) {
  static const std::vector<double> values = RunTimes();
  Summary summary;
  for (const double x : values) summary.Observe(x);
  return {values.size(), static_cast<std::uint64_t>(iqr(summary))};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: journal_bench RECORDING [ROUNDS]\n");
    return 2;
  }
  std::ifstream file(argv[1], std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file || text.empty()) {
    std::fprintf(stderr, "%s can't be read\n", argv[1]);
    return 2;
  }
  const std::size_t size = text.size();
  text.append(flux_ensemble::journal::kPadding, '\0');
  const std::string_view bytes(text.data(), size);
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;

  const LogFolder folder;
  const std::uint64_t events = LoggedEngine(bytes, folder.path()).events;
  std::uint64_t log_bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    log_bytes += entry.file_size();
  }
  std::printf("{\"series\":\"bytes of the log an event\",\"value\":%.6g}\n",
              static_cast<double>(log_bytes) / static_cast<double>(events));

  const LogFolder checked;
  LoggedEngine(bytes, checked.path());
  MakeCheckpoint(checked.path());
  std::uint64_t kept = 0;
  for (const auto& entry : std::filesystem::directory_iterator(checked.path())) {
    if (entry.path().extension() == ".jobs") kept += entry.file_size();
  }
  std::printf("{\"series\":\"bytes of ended jobs, a job\",\"value\":%.6g}\n",
              static_cast<double>(kept) / static_cast<double>(Rows(checked.path(), 1).sum));

  using Parsing = Decoder::Parsing;
  const std::vector<std::pair<const char*, std::function<Seen()>>> series = {
      {"newlines", [&] { return Newlines(bytes); }},
      {"simdjson by line", [&] { return SimdjsonByLine(bytes); }},
      {"simdjson stream", [&] { return SimdjsonStream(bytes); }},
      {"decoder, general", [&] { return DecodeOnly(bytes, Parsing::kGeneralOnly); }},
      {"decoder", [&] { return DecodeOnly(bytes, Parsing::kFastFirst); }},
      {"engine, no rules", [&] { return WholeEngine(bytes, 0); }},
      {"engine, 10 rules", [&] { return WholeEngine(bytes, 10); }},
      {"engine, 10 rules, log", [&] { return LoggedEngine(bytes, folder.path()); }},
      {"restored from the log", [&] { return Restored(folder.path()); }},
      {"restored from a checkpoint", [&] { return FromCheckpoint(checked.path()); }},
      {"rows of the log", [&] { return Rows(folder.path(), events); }},
      {"rows with a checkpoint", [&] { return Rows(checked.path(), events); }},
      {"statistics",
       [&] { return Observe<Summary>([](const Summary& s) { return s.Get(Statistic::kIqr); }); }},
      {"statistics, textbook",
       [&] { return Observe<TextbookSummary>([](const TextbookSummary& s) { return s.iqr(); }); }},
  };
  const char* only = std::getenv("ONLY");
  // The first round warms up.
  for (int round = -1; round < rounds; ++round) {
    for (const auto& [name, run] : series) {
      if (only != nullptr && std::strcmp(only, name) != 0) continue;
      const auto begin = std::chrono::steady_clock::now();
      const Seen seen = run();
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
      if (seen.events == 0) std::abort();
      if (round < 0) continue;
      std::printf("{\"series\":\"%s\",\"value\":%.6g}\n", name,
                  static_cast<double>(seen.events) / took.count());
    }
  }
  return 0;
}
