// The content of records: keys, ids, events, membership. Errors and streams have their own files.
#include "journal/decoder.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "test/json_value.h"
#include "test/support.h"

namespace flux_ensemble::journal {

namespace {

using test::DecodeOne;
using test::OwnedRecord;

// A record with one event.
OwnedRecord WithEvent(const std::string& event) {
  OwnedRecord record = DecodeOne(R"({"id":1,"events":[)" + event + "]}");
  REQUIRE(record.events.size() == 1);
  return record;
}

OwnedRecord WithJobspec(const std::string& jobspec) {
  return DecodeOne(R"({"id":1,"events":[],"jobspec":)" + jobspec + "}");
}

OwnedRecord WithUser(const std::string& user) {
  return WithJobspec(R"({"version":1,"attributes":{"system":{"duration":0},"user":)" + user + "}}");
}

}  // namespace

TEST_CASE("a record of one event gives its id, time, name and context") {
  const OwnedRecord record =
      DecodeOne(R"({"id":38319161344,"events":[{"timestamp":1795333883.5188053,"name":"submit",)"
                R"("context":{"userid":0,"urgency":16}}]})");
  CHECK(record.id == 38319161344);
  CHECK_FALSE(record.sentinel);
  CHECK_FALSE(record.has_membership);
  REQUIRE(record.events.size() == 1);
  CHECK(record.events[0].kind == EventKind::kSubmit);
  CHECK(record.events[0].name == "submit");
  CHECK(record.events[0].timestamp == 1795333883.5188053);
  CHECK(record.events[0].context == R"({"userid":0,"urgency":16})");
}

TEST_CASE("keys come in any order, and unknown keys are skipped") {
  const std::vector<std::string> members = {
      R"("id":9)",
      R"("events":[{"timestamp":5,"name":"finish","context":{"status":256}}])",
      R"("jobspec":{"attributes":{"user":{"group":"g"}}})",
      R"("R":{"execution":{"R_lite":[{"rank":"0"}]},"x":[{},[],"}{"]})",
      R"("later":null)",
  };
  std::array<std::size_t, 5> order = {0, 1, 2, 3, 4};
  do {
    std::string text;
    for (const std::size_t i : order) text += (text.empty() ? "{" : ",") + members[i];
    const OwnedRecord record = DecodeOne(text + "}");
    CHECK(record.id == 9);
    CHECK(record.group == "g");
    REQUIRE(record.events.size() == 1);
    CHECK(record.events[0].status == 256);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("an event's keys come in any order, also the context before the name") {
  const std::vector<std::string> members = {
      R"("timestamp":1.5e9)",
      R"("name":"exception")",
      R"("context":{"note":"","type":"cancel","severity":0})",
      R"("extra":{"name":"finish","context":[]})",
  };
  std::array<std::size_t, 4> order = {0, 1, 2, 3};
  do {
    std::string text;
    for (const std::size_t i : order) text += (text.empty() ? "{" : ",") + members[i];
    const OwnedRecord record = WithEvent(text + "}");
    CHECK(record.events[0].kind == EventKind::kException);
    CHECK(record.events[0].timestamp == 1.5e9);
    CHECK(record.events[0].severity == 0);
    CHECK(record.events[0].exception_type == ExceptionType::kCancel);
    CHECK(record.events[0].context == R"({"note":"","type":"cancel","severity":0})");
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("ids have 64 bits") {
  const auto id_of = [](const std::string& id) {
    return DecodeOne(R"({"id":)" + id + R"(,"events":[]})");
  };
  CHECK(id_of("0").id == 0);
  CHECK(id_of("9007199254740993").id == (std::uint64_t{1} << 53) + 1);
  CHECK(id_of("9223372036854775807").id == (std::uint64_t{1} << 63) - 1);
  CHECK(id_of("9223372036854775808").id == std::uint64_t{1} << 63);
  CHECK(id_of("18446744073709551615").id == ~std::uint64_t{0});
  CHECK_FALSE(id_of("18446744073709551615").sentinel);
}

TEST_CASE("the sentinel ends the backlog") {
  const OwnedRecord record = DecodeOne(R"({"id":-1,"events":[]})");
  CHECK(record.sentinel);
  CHECK(record.events.empty());
}

TEST_CASE("a record may hold a whole eventlog, or nothing") {
  const OwnedRecord record = DecodeOne(
      R"({"id":1,"events":[{"timestamp":1,"name":"submit"},{"timestamp":2,"name":"alloc"},)"
      R"({"timestamp":1.5,"name":"my-own"},{"timestamp":3,"name":"debug.x","context":{}}]})");
  REQUIRE(record.events.size() == 4);
  CHECK(record.events[0].kind == EventKind::kSubmit);
  CHECK(record.events[0].context.empty());
  CHECK(record.events[1].kind == EventKind::kAlloc);
  CHECK(record.events[2].kind == EventKind::kOther);
  CHECK(record.events[2].name == "my-own");
  CHECK(record.events[2].timestamp == 1.5);
  CHECK(record.events[3].kind == EventKind::kDebug);
  CHECK(record.events[3].name == "debug.x");
  CHECK(record.events[3].context == "{}");
  CHECK(DecodeOne(R"({"id":1,"events":[]})").events.empty());
}

TEST_CASE("a context gives status, severity and type only to the events that use them") {
  const auto finish = [](const std::string& context) {
    return WithEvent(R"({"timestamp":1,"name":"finish","context":)" + context + "}").events[0];
  };
  CHECK(finish(R"({"status":0})").status == 0);
  CHECK(finish(R"({"status":-2147483648})").status == INT32_MIN);
  CHECK(finish(R"({"a":{"status":1},"status":9,"b":[1]})").status == 9);
  CHECK(finish(R"({"status":1,"severity":"x","type":0})").severity == 0);

  const auto exception = [](const std::string& type, int severity) {
    return WithEvent(R"({"timestamp":1,"name":"exception","context":{"type":")" + type +
                     R"(","severity":)" + std::to_string(severity) + "}}")
        .events[0];
  };
  CHECK(exception("cancel", 0).exception_type == ExceptionType::kCancel);
  CHECK(exception("timeout", 0).exception_type == ExceptionType::kTimeout);
  CHECK(exception("exec", 0).exception_type == ExceptionType::kOther);
  CHECK(exception("", 7).severity == 7);
  CHECK(exception("c\\u0061ncel", 0).exception_type == ExceptionType::kCancel);

  // Other events may use the same keys for anything.
  const test::OwnedEvent other =
      WithEvent(
          R"({"timestamp":1,"context":{"status":"no","severity":99,"type":{}},"name":"memo"})")
          .events[0];
  CHECK(other.kind == EventKind::kMemo);
  CHECK(other.status == 0);
  CHECK(WithEvent(R"({"timestamp":1,"name":"clean","context":null})").events[0].context.empty());
}

TEST_CASE("the last of duplicate keys counts") {
  CHECK(DecodeOne(R"({"id":1,"id":2,"events":[]})").id == 2);
  CHECK_FALSE(DecodeOne(R"({"id":-1,"id":2,"events":[]})").sentinel);
  CHECK(DecodeOne(R"({"id":2,"id":-1,"events":[]})").sentinel);
  CHECK(DecodeOne(R"({"events":[{"timestamp":1,"name":"start"}],"id":1,"events":[]})")
            .events.empty());
  const test::OwnedEvent event =
      WithEvent(R"({"timestamp":1,"name":"start","name":"finish","timestamp":2,)"
                R"("context":{"status":1},"context":{"status":5,"status":6}})")
          .events[0];
  CHECK(event.kind == EventKind::kFinish);
  CHECK(event.timestamp == 2);
  CHECK(event.status == 6);
  CHECK(event.context == R"({"status":5,"status":6})");
  CHECK(WithUser(R"({"group":"a","group":"b"})").group == "b");
  CHECK_FALSE(WithUser(R"({"group":"a","group":1})").group);
  CHECK_FALSE(WithUser(R"({"group":"a"},"user":{})").group);
  CHECK_FALSE(WithUser(R"({"group":"a"},"user":0)").group);
  CHECK_FALSE(WithJobspec(R"({"attributes":{"user":{"group":"a"}},"attributes":{}})").group);
  CHECK_FALSE(DecodeOne(R"({"jobspec":{"attributes":{"user":{"group":"a"}}},"id":1,"events":[],)"
                        R"("jobspec":null})")
                  .has_membership);
}

TEST_CASE("the group is a string that is not empty") {
  CHECK(WithUser(R"({"group":"sleep"})").group == "sleep");
  CHECK(WithUser(R"({"a":{"group":"no"},"group":"sleep","b":["group"]})").group == "sleep");
  for (const char* user : {R"({"group":""})", R"({"group":5})", R"({"group":null})",
                           R"({"group":{"name":"x"}})", R"({"group":["x"]})", R"({"group":true})",
                           R"({})", R"("group")", R"(null)", R"(["group"])", R"(12)"}) {
    CAPTURE(user);
    const OwnedRecord record = WithUser(user);
    CHECK(record.has_membership);
    CHECK_FALSE(record.group);
  }
  for (const char* jobspec :
       {R"({})", R"({"attributes":null})", R"({"attributes":[]})", R"({"user":{"group":"x"}})",
        R"({"attributes":{"system":{"user":{"group":"x"}}}})"}) {
    CAPTURE(jobspec);
    const OwnedRecord record = WithJobspec(jobspec);
    CHECK(record.has_membership);
    CHECK_FALSE(record.group);
  }
  CHECK_FALSE(WithJobspec("null").has_membership);
}

TEST_CASE("an ensemble differs from a missing one and from a value that is not a string") {
  CHECK_FALSE(WithUser(R"({"group":"g"})").ensemble);
  CHECK(WithUser(R"({"group":"g","ensemble":"run-1"})").ensemble == "run-1");
  CHECK(WithUser(R"({"ensemble":"run-1","group":"g"})").group == "g");
  CHECK(WithUser(R"({"group":"g","ensemble":17})").ensemble == "");
  CHECK(WithUser(R"({"group":"g","ensemble":null})").ensemble == "");
}

TEST_CASE("unicode and escapes in group names and keys are decoded") {
  CHECK(WithUser("{\"group\":\"\u00fcn\u00efc\u00f8de-\u65e5\u672c\"}").group ==
        "\u00fcn\u00efc\u00f8de-\u65e5\u672c");
  CHECK(WithUser(R"({"group":"\u00fc\ud83d\ude00"})").group == "\u00fc\U0001f600");
  CHECK(WithUser(R"({"group":"a\"b\\c\/d\b\f\n\r\t"})").group == "a\"b\\c/d\b\f\n\r\t");
  CHECK(WithUser(R"({"group":"\u0001\u0000x"})").group == std::string("\1\0x", 3));
  CHECK(WithUser("{\"group\":\"a\u2028b\u2029\"}").group == "a\u2028b\u2029");
  CHECK(WithUser(R"({"gr\u006fup":"x"})").group == "x");
  const OwnedRecord record = DecodeOne(
      R"({"\u0069d":4,"\u0065vents":[{"t\u0069mestamp":1,"\u006eame":"\u0066inish",)"
      R"("c\u006fntext":{"\u0073tatus":3}}],"j\u006fbspec":{"\u0061ttributes":{"\u0075ser":)"
      R"({"\u0067roup":"g"}}}})");
  CHECK(record.id == 4);
  CHECK(record.events[0].kind == EventKind::kFinish);
  CHECK(record.events[0].status == 3);
  CHECK(record.group == "g");
}

TEST_CASE("a jobspec of a megabyte is decoded") {
  const std::string text =
      R"({"id":1,"events":[{"timestamp":1,"name":"submit"}],"jobspec":{"tasks":[{"command":["sh","-c",")" +
      std::string(1 << 20, 'x') + R"("]}],"attributes":{"user":{"group":"big"}}}})" + "\n" +
      R"({"id":2,"events":[]})" + "\n";
  const test::Recorder recorder = test::Decode(text);
  CHECK(recorder.errors.empty());
  REQUIRE(recorder.records.size() == 2);
  CHECK(recorder.records[0].group == "big");
  CHECK(recorder.records[1].id == 2);
}

TEST_CASE("deep nesting in skipped values is accepted") {
  const std::size_t depth = 100'000;
  const std::string deep = std::string(depth, '[') + std::string(depth, ']');
  const OwnedRecord record = DecodeOne(R"({"x":)" + deep + R"(,"id":1,"events":[{"timestamp":1,)" +
                                       R"("name":"memo","context":{"deep":)" + deep + "}}]}");
  CHECK(record.id == 1);
  CHECK(record.events[0].context.size() == 2 * depth + 9);
}

TEST_CASE("recordings read as a plain JSON reader reads them") {
  for (const char* name :
       {"a_hello", "b_failures", "c_backlog_active", "c_backlog_false_empty", "c_backlog_full",
        "c_backlog_full_allow", "d_mock2000", "d_mock2000_backlog"}) {
    CAPTURE(name);
    const std::string bytes = test::ReadFixture(std::string("journals/") + name + ".ndjson");
    const std::vector<std::string_view> lines = test::Lines(bytes);
    const test::Recorder recorder = test::Decode(bytes);
    REQUIRE(recorder.errors.empty());
    REQUIRE(recorder.records.size() == lines.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const test::JsonValue json = test::JsonValue::Parse(lines[i]);
      const OwnedRecord& record = recorder.records[i];
      REQUIRE(record.sentinel == (json["id"].text() == "-1"));
      REQUIRE((record.sentinel || record.id == json["id"].Unsigned()));
      REQUIRE(record.events.size() == json["events"].items().size());
      for (std::size_t e = 0; e < record.events.size(); ++e) {
        const test::JsonValue& event = json["events"].items()[e];
        REQUIRE(record.events[e].name == event["name"].text());
        REQUIRE(record.events[e].kind == KindOf(event["name"].text()));
        REQUIRE(record.events[e].timestamp == event["timestamp"].Double());
        REQUIRE(record.events[e].context.empty() == event["context"].IsNull());
        if (record.events[e].kind == EventKind::kFinish) {
          REQUIRE(std::to_string(record.events[e].status) == event["context"]["status"].text());
        }
      }
      REQUIRE(record.resources.empty() == !json["R"].IsObject());
      if (!record.resources.empty()) {
        const test::JsonValue R = test::JsonValue::Parse(record.resources);
        REQUIRE(R["execution"]["nodelist"].items().size() ==
                json["R"]["execution"]["nodelist"].items().size());
      }
      const test::JsonValue& group = json["jobspec"]["attributes"]["user"]["group"];
      REQUIRE(record.has_membership == json["jobspec"].IsObject());
      REQUIRE(record.group.has_value() == (group.IsString() && !group.text().empty()));
      REQUIRE(record.group.value_or("") == (record.group ? group.text() : ""));
    }
  }
}

}  // namespace flux_ensemble::journal
