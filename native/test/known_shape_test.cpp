// The short way through the records that Flux sends, against the general parser: whatever the
// bytes, both say the same.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "journal/decoder.h"
#include "journal/known_shape.h"
#include "test/support.h"

namespace flux_ensemble::journal {

namespace {

test::Recorder Decoded(std::string_view bytes, Decoder::Parsing parsing) {
  std::string padded(bytes);
  padded.append(kPadding, '"');
  test::Recorder recorder;
  Decoder decoder(parsing);
  decoder.Feed(std::string_view(padded).substr(0, bytes.size()), recorder);
  decoder.Finish(recorder);
  return recorder;
}

bool BothSayTheSame(std::string_view bytes) {
  return Decoded(bytes, Decoder::Parsing::kKnownShapeFirst) ==
         Decoded(bytes, Decoder::Parsing::kGeneralOnly);
}

std::vector<std::string> AllLines() {
  std::vector<std::string> lines;
  for (const char* name : {"a_hello", "b_failures", "c_backlog_full", "c_backlog_full_allow",
                           "c_backlog_active", "d_mock2000"}) {
    const std::string text = test::ReadFixture(std::string("journals/") + name + ".ndjson");
    for (const std::string_view line : test::Lines(text)) lines.emplace_back(line);
  }
  return lines;
}

// One change of the kind that a wrong guess would not notice.
void Mutate(std::string& line, std::mt19937_64& random) {
  static constexpr std::string_view kBytes = "\"\\{}[]:,.0123456789-+eE tfn\t\x01\x7f\xc3\xa9\xff";
  const std::size_t at = random() % (line.size() + 1);
  const std::size_t length = random() % std::min<std::size_t>(line.size() - at + 1, 12);
  switch (random() % 6) {
    case 0:
      line.insert(at, 1, kBytes[random() % kBytes.size()]);
      break;
    case 1:
      line.erase(at, length);
      break;
    case 2:
      line.insert(at, line.substr(random() % line.size(), length));
      break;
    case 3:
      line.resize(at);
      break;
    default:
      if (at < line.size()) line[at] = kBytes[random() % kBytes.size()];
      break;
  }
}

}  // namespace

TEST_CASE("the records of a busy queue are of the known shape") {
  KnownShape shape;
  std::size_t taken = 0;
  std::size_t all = 0;
  const std::string text = test::ReadFixture("journals/d_mock2000.ndjson");
  for (const std::string_view line : test::Lines(text)) {
    const std::string padded = std::string(line) + std::string(kPadding, '\0');
    ++all;
    if (shape.full()) shape.Clear();
    taken += shape.Decode(std::string_view(padded).substr(0, line.size())) == line.size();
  }
  // All but the sentinel.
  CHECK(taken == all - 1);
}

TEST_CASE("the known shape and the general parser say the same of real recordings") {
  std::string whole;
  for (const std::string& line : AllLines()) {
    REQUIRE_MESSAGE(BothSayTheSame(line + '\n'), line);
    whole += line + '\n';
  }
  CHECK(BothSayTheSame(whole));
  CHECK(Decoded(whole, Decoder::Parsing::kKnownShapeFirst).records.size() > 22'000);
}

TEST_CASE("the known shape and the general parser say the same of broken records") {
  const std::vector<std::string> lines = AllLines();
  std::mt19937_64 random(8259);
  for (int i = 0; i < 60'000; ++i) {
    // Tails and jobspecs of the record before are remembered, so broken ones come behind good ones.
    const std::string& good = lines[random() % lines.size()];
    if (good.size() > 4000) continue;
    std::string text = good + '\n';
    for (int copies = 0; copies < 3; ++copies) {
      std::string line = good;
      for (std::uint64_t changes = random() % 3; changes > 0 && !line.empty(); --changes) {
        Mutate(line, random);
      }
      text += line + '\n';
    }
    text.resize(text.size() - random() % 2);
    REQUIRE_MESSAGE(BothSayTheSame(text), text);
  }
}

TEST_CASE("timestamps are the nearest doubles, with any number of digits") {
  std::mt19937_64 random(754);
  for (int i = 0; i < 100'000; ++i) {
    const unsigned digits = random() % 12;
    std::string number = std::to_string(random() >> (20 + random() % 40));
    if (digits > 0) {
      number.push_back('.');
      for (unsigned d = 0; d < digits; ++d) {
        number.push_back(static_cast<char>('0' + (random() % 3 == 0 ? 5 : random() % 10)));
      }
    }
    const std::string line =
        "{\"id\":1,\"events\":[{\"timestamp\":" + number + ",\"name\":\"start\"}]}\n";
    REQUIRE_MESSAGE(BothSayTheSame(line), line);
  }
  // Half way between two doubles: to the even one.
  for (const char* number :
       {"1073741824.00000011920928955078125", "2097152.000000000", "4398046511104.5",
        "1099511627775.999999999", "1048575.9", "0.5", "1795334102.", "1795334102.1e1",
        "01795334102.1", "8388608.000000001"}) {
    const std::string line =
        std::string("{\"id\":1,\"events\":[{\"timestamp\":") + number + ",\"name\":\"start\"}]}\n";
    CHECK_MESSAGE(BothSayTheSame(line), line);
  }
}

TEST_CASE("ids of every size are the same") {
  for (const char* id : {"0",
                         "1",
                         "-0",
                         "-1",
                         "00",
                         "01",
                         "9999999",
                         "12345678",
                         "123456789",
                         "1234567890123456",
                         "12345678901234567",
                         "123456789012345678",
                         "1234567890123456789",
                         "12345678901234567890",
                         "18446744073709551615",
                         "18446744073709551616",
                         "99999999999999999999",
                         "1.0",
                         "1e3",
                         ""}) {
    const std::string line = std::string("{\"id\":") + id +
                             ",\"events\":[{\"timestamp\":1795334102.5,\"name\":\"start\"}]}\n";
    CHECK_MESSAGE(BothSayTheSame(line), line);
  }
}

TEST_CASE("jobspecs of every shape are the same") {
  for (const char* jobspec :
       {R"({})",
        R"(null)",
        R"([])",
        R"({"attributes":{}})",
        R"({"attributes":null})",
        R"({"attributes":{"user":{"group":"a"}}})",
        R"({"attributes":{"user":{"group":""}}})",
        R"({"attributes":{"user":{"group":"a","group":"b"}}})",
        R"({"attributes":{"user":{"group":"a"},"user":{}}})",
        R"({"attributes":{"user":{"group":"a"}},"attributes":{}})",
        R"({"attributes":{"user":{"group":"a"}},"attributes":5})",
        R"({"attributes":{"user":{"gr\u006fup":"a"}}})",
        R"({"attributes":{"user":{"group":"\"a"}}})",
        R"({"attributes":{"user":{"group":1,"ensemble":"e"}}})",
        R"({"attributes":{"user":{"ensemble":"e","group":"g"}}})",
        R"({"attributes":{"user":{"ensemble":null,"group":"g"}}})",
        R"({"attributes":{"user":{"ensemble":"","group":"g"}}})",
        R"({"tasks":[{"command":["}"]}],"attributes":{"user":{"group":"g"}}})",
        R"({"tasks":[}],"attributes":{"user":{"group":"g"}}})",
        R"({"n":1,"t":true,"f":false,"z":null,"s":"x","attributes":{"user":{"group":"g"}}})",
        R"({"n":1e5,"x":-1.5E3,"attributes":{"user":{"group":"g"}}})",
        R"({"n":tru,"attributes":{"user":{"group":"g"}}})",
        R"({"n":1 2,"attributes":{"user":{"group":"g"}}})"}) {
    const std::string line = std::string("{\"id\":7,\"events\":[{\"timestamp\":1795334102.5,") +
                             R"("name":"submit","context":{"urgency":16}}],"jobspec":)" + jobspec +
                             "}\n";
    // Twice: the second time it may be one of those remembered.
    CHECK_MESSAGE(BothSayTheSame(line + line), line);
  }
}

}  // namespace flux_ensemble::journal
