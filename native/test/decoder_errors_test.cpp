// Malformed input gives an error with its place and reason, and the next record is decoded.
#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "journal/decoder.h"
#include "test/support.h"

namespace flux_ensemble::journal {

namespace {

struct Malformed {
  std::string line;
  // A part of the reason.
  std::string reason;
  // The text that contains the error's place, or ends there; the whole line when empty.
  std::string_view near = {};
};

constexpr std::string_view kBefore = R"({"id":7,"events":[]})";
constexpr std::string_view kAfter = R"({"id":8,"events":[{"timestamp":1,"name":"start"}]})";

std::vector<Malformed> MalformedLines() {
  return {
      // Not a JSON object.
      {"x", "must be a JSON object"},
      {"null", "must be a JSON object"},
      {"5", "must be a JSON object"},
      {"\"record\"", "must be a JSON object"},
      {"[]", "must be a JSON object"},
      {R"([{"id":1,"events":[]}])", "must be a JSON object"},
      {"}", "must be a JSON object"},
      {std::string("\0\0", 2), "must be a JSON object"},
      {"\xef\xbb", "UTF-8"},
      // Broken JSON.
      {"{", "JSON document"},
      {R"({"id":1,"events":[])", "JSON document"},
      {R"({"id":1,"events":[{"timestamp":1,"name":"start"}})", ""},
      {R"({"id":1,"events":[{"timestamp":1,"name":"sta)", "string"},
      {R"({"id":1 "events":[]})", ""},
      {R"({"id":1,,"events":[]})", ""},
      {R"({"id" 1,"events":[]})", ""},
      {R"({id:1,"events":[]})", ""},
      {R"({"id":,"events":[]})", "id must be", "events"},
      {R"({"id":1,"events":})", "events must be an array"},
      {R"({"id":1,"events":[}})", "an event must be an object"},
      {"{\"id\":1,\"events\":[],\"x\":\"\x01\"}", ""},
      {"{\"id\":1,\"events\":[],\"x\":\"\xff\"}", "UTF-8"},
      {"{\"id\":1,\"events\":[],\"x\":\"\xed\xa0\x80\"}", "UTF-8"},
      {R"({"id":1,"events":[],"jobspec":{"attributes":{"user":{"group":"\ud800"}}}})", ""},
      {R"({"id":1,"events":[],"jobspec":{"attributes":{"user":{"group":"\x"}}}})", ""},
      {R"({"id":1,"events":[],"\uZZZZ":1})", ""},
      {R"({"id":1,"events":[{"timestamp":1,"name":"a\qb"}]})", "name must be a string"},
      // Ids.
      {R"({"events":[]})", "no id"},
      {R"({"id":-2,"events":[]})", "id must be"},
      {R"({"id":-0,"events":[]})", "id must be"},
      {R"({"id":-1.0,"events":[]})", "id must be"},
      {R"({"id":18446744073709551616,"events":[]})", "id must be"},
      {R"({"id":1e3,"events":[]})", "id must be"},
      {R"({"id":1.5,"events":[]})", "id must be"},
      {R"({"id":"1","events":[]})", "id must be"},
      {R"({"id":null,"events":[]})", "id must be"},
      {R"({"id":007,"events":[]})", "id must be"},
      {R"({"id":12x,"events":[]})", "id must be"},
      // Events.
      {"{}", "no id"},
      {R"({"id":1})", "no events"},
      {R"({"id":1,"events":null})", "events must be an array"},
      {R"({"id":1,"events":{}})", "events must be an array"},
      {R"({"id":1,"events":[1]})", "an event must be an object"},
      {R"({"id":1,"events":[[]]})", "an event must be an object"},
      {R"({"id":1,"events":[{}]})", "no name"},
      {R"({"id":1,"events":[{"name":"start"}]})", "no timestamp"},
      {R"({"id":1,"events":[{"timestamp":1}]})", "no name"},
      {R"({"id":1,"events":[{"timestamp":0,"name":"start"}]})", "timestamp must be"},
      {R"({"id":1,"events":[{"timestamp":-5,"name":"start"}]})", "timestamp must be"},
      {R"({"id":1,"events":[{"timestamp":"1","name":"start"}]})", "timestamp must be"},
      {R"({"id":1,"events":[{"timestamp":1e999,"name":"start"}]})", "timestamp must be"},
      {R"({"id":1,"events":[{"timestamp":NaN,"name":"start"}]})", "timestamp must be"},
      {R"({"id":1,"events":[{"timestamp":1,"name":5}]})", "name must be"},
      {R"({"id":1,"events":[{"timestamp":1,"name":""}]})", "name must be"},
      {R"({"id":1,"events":[{"timestamp":1,"name":"start","context":[]}]})", "context must be"},
      {R"({"id":1,"events":[{"timestamp":1,"name":"start","context":"x"}]})", "context must be"},
      {R"({"id":1,"events":[{"timestamp":1,"name":"start"},{"timestamp":1}]})", "no name"},
      {R"({"id":1,"events":[{"timestamp":1,"name":"finish"}]})", "status"},
      {R"({"id":1,"events":[{"timestamp":1,"name":"finish","context":{}}]})", "status"},
      {R"({"id":1,"events":[{"timestamp":1,"name":"finish","context":{"status":"0"}}]})", "status"},
      {R"({"id":1,"events":[{"timestamp":1,"name":"finish","context":{"status":0.5}}]})", "status"},
      {R"({"id":1,"events":[{"timestamp":1,"name":"finish","context":{"status":4294967296}}]})",
       "status"},
      {R"({"id":1,"events":[{"timestamp":1,"name":"finish","context":{"status":1,"status":null}}]})",
       "status"},
      {R"({"id":1,"events":[{"timestamp":1,"name":"exception","context":{"type":"x"}}]})",
       "severity"},
      {R"({"id":1,"events":[{"timestamp":1,"name":"exception","context":{"type":"x","severity":8}}]})",
       "severity"},
      {R"({"id":1,"events":[{"timestamp":1,"name":"exception","context":{"type":"x","severity":-1}}]})",
       "severity"},
      {R"({"id":1,"events":[{"timestamp":1,"name":"exception","context":{"severity":0}}]})",
       "type"},
      {R"({"id":1,"events":[{"timestamp":1,"name":"exception","context":{"severity":0,"type":5}}]})",
       "type"},
      // Jobspec, and text after a record.
      {R"({"id":1,"events":[],"jobspec":[]})", "jobspec must be"},
      {R"({"id":1,"events":[],"jobspec":"x"})", "jobspec must be"},
      {R"({"id":1,"events":[],"jobspec":{"attributes" {}}})", ""},
  };
}

}  // namespace

TEST_CASE("every malformed line is one error, and other lines are decoded") {
  const std::vector<Malformed> lines = MalformedLines();
  CHECK(lines.size() >= 40);
  for (const Malformed& malformed : lines) {
    CAPTURE(malformed.line);
    const std::string text =
        std::string(kBefore) + "\n" + malformed.line + "\n" + std::string(kAfter) + "\n";
    const test::Recorder recorder = test::Decode(text);
    REQUIRE(recorder.records.size() == 2);
    CHECK(recorder.records[0].id == 7);
    CHECK(recorder.records[1].id == 8);
    CHECK(recorder.records[1].events.size() == 1);
    REQUIRE(recorder.errors.size() == 1);
    const DecodeError& error = recorder.errors[0];
    CAPTURE(error.reason);
    CAPTURE(error.offset);
    CHECK(error.line == 2);
    CHECK(error.offset >= kBefore.size() + 1);
    CHECK(error.offset <= kBefore.size() + 1 + malformed.line.size());
    CHECK_FALSE(error.reason.empty());
    CHECK(error.reason.find(malformed.reason) != std::string::npos);
  }
}

TEST_CASE("a malformed line is the same error alone, first, and as a last line without its end") {
  for (const Malformed& malformed : MalformedLines()) {
    CAPTURE(malformed.line);
    const test::Recorder alone = test::Decode(malformed.line);
    CHECK(alone.records.empty());
    REQUIRE(alone.errors.size() == 1);
    const test::Recorder first = test::Decode(malformed.line + "\n" + std::string(kAfter));
    CHECK(first.records.size() == 1);
    REQUIRE(first.errors.size() == 1);
    CHECK(first.errors[0].reason == alone.errors[0].reason);
    CHECK(first.errors[0].offset == alone.errors[0].offset);
    CHECK(first.errors[0].line == 1);
  }
}

TEST_CASE("the place of an error is the first wrong value of the record") {
  const auto place_of = [](const std::string& line) {
    const test::Recorder recorder = test::Decode(line);
    REQUIRE(recorder.errors.size() == 1);
    CAPTURE(line);
    REQUIRE(recorder.errors[0].offset <= line.size());
    return line.substr(0, recorder.errors[0].offset);
  };
  // Up to the wrong value, or just after it.
  const std::string id = place_of(R"({"id":"x","events":[]})");
  CHECK(id.size() >= 6);
  CHECK(id.size() <= 9);
  const std::string timestamp =
      place_of(R"({"id":1,"events":[{"timestamp":1,"name":"a"},{"timestamp":0,"name":"b"}]})");
  CHECK(timestamp.ends_with("\"timestamp\":0") + timestamp.ends_with("\"timestamp\":") +
            timestamp.ends_with("\"timestamp\":0,") >
        0);
  CHECK(timestamp.size() > 45);
}

TEST_CASE("an error on a line of several records ends that line only") {
  const std::string good(kBefore);
  const test::Recorder recorder =
      test::Decode(good + " " + good + R"( {"id":"x","events":[]} )" + good + "\n" + good + "\n");
  // Earlier records of the line are decoded, the rest of the line is lost, and the next line is
  // decoded.
  CHECK(recorder.records.size() == 3);
  REQUIRE(recorder.errors.size() == 1);
  CHECK(recorder.errors[0].line == 1);
  CHECK(recorder.errors[0].offset >= 2 * (good.size() + 1));
  CHECK(recorder.errors[0].offset < 3 * (good.size() + 1));
}

TEST_CASE("each line of rubbish is one error") {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "{\"id\":" + std::string(i % 7, '{') + "\n";
  const test::Recorder recorder = test::Decode(text);
  CHECK(recorder.records.empty());
  REQUIRE(recorder.errors.size() == 1000);
  for (std::size_t i = 0; i < recorder.errors.size(); ++i) CHECK(recorder.errors[i].line == i + 1);
}

TEST_CASE("every record cut short at any byte is an error, and other lines are decoded") {
  const std::string whole =
      R"({"id":5,"events":[{"timestamp":2.5,"name":"exception","context":{"type":"cancel",)"
      R"("severity":0,"note":"a \"b\" \u00fc"}}],"jobspec":{"attributes":{"user":{"group":"g"}}}})";
  for (std::size_t length = 1; length < whole.size(); ++length) {
    CAPTURE(length);
    const test::Recorder recorder =
        test::Decode(whole.substr(0, length) + "\n" + std::string(kAfter) + "\n");
    CHECK(recorder.errors.size() == 1);
    REQUIRE(recorder.records.size() == 1);
    CHECK(recorder.records[0].id == 8);
  }
}

TEST_CASE("every record with one byte changed leaves the next one alone") {
  const std::string whole =
      R"({"id":5,"events":[{"timestamp":2.5,"name":"finish","context":{"status":0}}],)"
      R"("jobspec":{"attributes":{"user":{"group":"g"}}}})";
  for (std::size_t place = 0; place < whole.size(); ++place) {
    for (const char byte : std::string("\0{}[]\",:\\x1- \xff\x80", 16)) {
      std::string changed = whole;
      changed[place] = byte;
      const test::Recorder recorder = test::Decode(changed + "\n" + std::string(kAfter) + "\n");
      CAPTURE(changed);
      REQUIRE(!recorder.records.empty());
      REQUIRE(recorder.records.back().id == 8);
      // A brace in the right place makes a record of the first half and an error of the second.
      REQUIRE(recorder.records.size() + recorder.errors.size() >= 2);
      REQUIRE(recorder.errors.size() <= 1);
    }
  }
}

}  // namespace flux_ensemble::journal
