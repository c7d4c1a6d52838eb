// The framing of records in a stream: chunks, lines, sizes.
#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "journal/decoder.h"
#include "test/support.h"

namespace flux_ensemble::journal {

namespace {

using test::Decode;
using test::Recorder;

void CheckSame(const Recorder& a, const Recorder& b) {
  REQUIRE(a.records.size() == b.records.size());
  CHECK(a.records == b.records);
  REQUIRE(a.errors.size() == b.errors.size());
  for (std::size_t i = 0; i < a.errors.size(); ++i) {
    CHECK(a.errors[i].offset == b.errors[i].offset);
    CHECK(a.errors[i].line == b.errors[i].line);
    CHECK(a.errors[i].reason == b.errors[i].reason);
  }
}

// A recording with unusual lines added.
std::string RoughStream() {
  std::string bytes = test::ReadFixture("journals/b_failures.ndjson");
  bytes.insert(bytes.find('\n') + 1, "\r\n\n  \t\n{\"id\":1,\"events\":[\n{\"id\":\"\xff\"}\n}\n");
  bytes += "{\"id\":3,\"events\":[]} {\"id\":4,\"events\":[]}{\"id\":5,\"events\":[]}\r\n";
  bytes += "{\"id\":6,\"events\":[]}";
  return bytes;
}

}  // namespace

TEST_CASE("chunks of every size give the same records and errors") {
  const std::string bytes = RoughStream();
  const Recorder whole = Decode(bytes);
  CHECK(whole.records.size() == 472 + 4);
  CHECK(whole.errors.size() == 3);
  for (std::size_t size = 1; size <= 200; ++size) {
    CAPTURE(size);
    CheckSame(Decode(bytes, std::array{size}), whole);
  }
  std::mt19937_64 random(1);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::size_t> sizes(97);
    for (std::size_t& size : sizes) size = 1 + random() % (1u << (random() % 14));
    CheckSame(Decode(bytes, sizes), whole);
  }
}

TEST_CASE("blank lines, CRLF and indentation give neither records nor errors") {
  const Recorder recorder =
      Decode("\n\r\n \t \n{\"id\":1,\"events\":[]}\r\n\r\n  {\"id\":2,\"events\":[]}  \n\n");
  CHECK(recorder.errors.empty());
  REQUIRE(recorder.records.size() == 2);
  CHECK(recorder.records[1].id == 2);
  CHECK(Decode("").records.empty());
  CHECK(Decode(" ").errors.empty());
}

TEST_CASE("lines are counted from 1, blank ones too, and offsets from the stream's beginning") {
  const Recorder recorder = Decode("\n{\"id\":1,\"events\":[]}\n\n   bad\nbad");
  REQUIRE(recorder.errors.size() == 2);
  CHECK(recorder.errors[0].line == 4);
  CHECK(recorder.errors[0].offset == 1 + 21 + 1 + 3);
  CHECK(recorder.errors[1].line == 5);
  CHECK(recorder.errors[1].offset == 1 + 21 + 1 + 7);
}

TEST_CASE("several records on one line are decoded in order") {
  const Recorder recorder = Decode(
      R"({"id":1,"events":[]}{"id":2,"events":[],"x":"}{\"\\"} {"id":3,"events":[]}	{"id":4,"events":[{"timestamp":1,"name":"start","context":{"a":{}}}]})"
      "\n");
  CHECK(recorder.errors.empty());
  REQUIRE(recorder.records.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) CHECK(recorder.records[i].id == i + 1);
  CHECK(recorder.records[3].events[0].context == R"({"a":{}})");
}

TEST_CASE("the time for a line grows in proportion to its records") {
  std::string line;
  const std::size_t count = 200'000;
  for (std::size_t i = 0; i < count; ++i) line += R"({"id":1,"events":[]})";
  const auto begin = std::chrono::steady_clock::now();
  const Recorder recorder = Decode(line);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  CHECK(recorder.records.size() == count);
  CHECK(recorder.errors.empty());
  // Quadratic cost would take minutes.
  CHECK(seconds.count() < 20);
}

TEST_CASE("a last line needs no newline, and is decoded once") {
  Recorder recorder;
  Decoder decoder;
  const std::array sizes = {std::size_t{3}};
  test::InPieces(R"({"id":1,"events":[]})", sizes,
                 [&](std::string_view piece) { decoder.Feed(piece, recorder); });
  CHECK(recorder.records.empty());
  decoder.Finish(recorder);
  CHECK(recorder.records.size() == 1);
  decoder.Finish(recorder);
  CHECK(recorder.records.size() == 1);
  CHECK(recorder.errors.empty());
}

TEST_CASE("a byte order mark before the first record is ignored") {
  const Recorder recorder =
      Decode("\xef\xbb\xbf{\"id\":1,\"events\":[]}\n{\"id\":2,\"events\":[]}\n");
  CHECK(recorder.errors.empty());
  CHECK(recorder.records.size() == 2);
}

TEST_CASE("a record longer than the limit is one error, in chunks of any size") {
  const std::string after = "\n{\"id\":2,\"events\":[]}\n";
  for (const std::size_t extra : {0, 1}) {
    // Exactly the limit is allowed.
    std::string line = R"({"id":1,"events":[],"x":")";
    line.append(kMaxRecordBytes - line.size() - 2 + extra, 'x');
    line += "\"}" + after;
    for (const std::size_t chunk : {line.size(), std::size_t{1} << 20}) {
      CAPTURE(chunk);
      const Recorder recorder = Decode(line, std::array{chunk});
      CHECK(recorder.records.size() == 2 - extra);
      REQUIRE(recorder.errors.size() == extra);
      CHECK(recorder.records.back().id == 2);
      if (extra == 0) continue;
      CHECK(recorder.errors[0].line == 1);
      CHECK(recorder.errors[0].offset == 0);
      CHECK(recorder.errors[0].reason.find("64 MiB") != std::string::npos);
    }
  }
  const Recorder unended = Decode(std::string(kMaxRecordBytes + 1, ' '));
  CHECK(unended.errors.size() == 1);
}

TEST_CASE("small records are decoded after a large one") {
  std::string bytes;
  for (const std::size_t size : {5u << 20, 10u, 9u << 20, 10u}) {
    bytes += R"({"x":")" + std::string(size, 'y') + R"(","id":1,"events":[]})" + "\n";
  }
  const Recorder recorder = Decode(bytes, std::array{std::size_t{65536}});
  CHECK(recorder.records.size() == 4);
  CHECK(recorder.errors.empty());
}

}  // namespace flux_ensemble::journal
