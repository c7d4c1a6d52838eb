// The fast path for Flux's records, compared with the general parser: both give the same records
// for any bytes.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "journal/decoder.h"
#include "journal/fast_record_parser.h"
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
  return Decoded(bytes, Decoder::Parsing::kFastFirst) ==
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

// One change that a wrong guess would not notice.
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

TEST_CASE("the fast path decodes all records of a busy queue") {
  FastRecordParser shape;
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

TEST_CASE("the fast path and the general parser agree on real recordings") {
  std::string whole;
  for (const std::string& line : AllLines()) {
    REQUIRE_MESSAGE(BothSayTheSame(line + '\n'), line);
    whole += line + '\n';
  }
  CHECK(BothSayTheSame(whole));
  CHECK(Decoded(whole, Decoder::Parsing::kFastFirst).records.size() > 22'000);
}

TEST_CASE("the fast path and the general parser agree on broken records") {
  const std::vector<std::string> lines = AllLines();
  std::mt19937_64 random(8259);
  for (int i = 0; i < 60'000; ++i) {
    // Tails and jobspecs of the previous record are cached, so broken ones follow good ones.
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

TEST_CASE("both paths agree on ids of every size") {
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
    // Twice: the second time a head of this size is cached.
    CHECK_MESSAGE(BothSayTheSame(line + line), line);
  }
}

TEST_CASE("both paths agree on ids and times after others of the same size") {
  std::mt19937_64 random(3);
  const auto digits = [&](std::size_t count) {
    std::string text;
    while (text.size() < count) text.push_back(static_cast<char>('0' + random() % 10));
    return text;
  };
  for (std::size_t size = 1; size <= 20; ++size) {
    std::string text;
    for (int i = 0; i < 300; ++i) {
      text += "{\"id\":" + digits(size) +
              ",\"events\":[{\"timestamp\":" + digits(random() % 8 == 0 ? 9 + random() % 3 : 10) +
              "." + digits(random() % 11) + ",\"name\":\"start\"}]}\n";
    }
    CHECK(BothSayTheSame(text));
  }
}

TEST_CASE("both paths agree on resources of every shape") {
  const auto record = [](const std::string& R) {
    return "{\"id\":167772160000,\"events\":[{\"timestamp\":1795334102.0602305,\"name\":\"alloc\","
           "\"context\":{\"annotations\":{\"sched\":{\"resource_summary\":\"rank0/"
           "core0\"}}}}],\"R\":" +
           R + "}\n";
  };
  const std::string good =
      R"({"version":1,"execution":{"R_lite":[{"rank":"0","children":{"core":"0"}}],)"
      R"("starttime":1795334100.0551891,"expiration":0.0,"nslots":1,"nodelist":["node[0-3]"]}})";
  for (const char* change :
       {"", "x", "1", "12", "\"", "}", "]", "{", "\\", "\\\"", "\n", "\xc3\xa9", "\x01"}) {
    for (std::size_t at = 0; at < good.size(); ++at) {
      std::string over = good;
      over.replace(at, std::min(std::string_view(change).size(), good.size() - at), change);
      std::string into = good;
      into.insert(at, change);
      // After a good one, which is cached, and before another.
      const std::string text = record(good) + record(over) + record(into) + record(good);
      REQUIRE_MESSAGE(BothSayTheSame(text), text);
    }
  }
}

TEST_CASE("both paths agree on contexts of every shape after a cached one") {
  const auto record = [](const std::string& event, const std::string& rest) {
    return "{\"id\":167772160000,\"events\":[{\"timestamp\":1795334102.0602305," + event + "}]" +
           rest + "}\n";
  };
  const std::string submit =
      R"("name":"submit","context":{"userid":1000,"urgency":16,"flags":0,"version":1})";
  const std::string summary =
      R"("name":"annotations","context":{"annotations":{"sched":{"resource_summary":"rank18/core13"}}})";
  const std::string jobspec = R"(,"jobspec":{"attributes":{"user":{"group":"a"}}})";
  const std::vector<std::string> rests = {"",           jobspec,     R"(,"jobspec":null)",
                                          R"(,"R":{})", R"(,"x":1)", jobspec + jobspec};
  for (const std::string& good : {submit, summary}) {
    for (const std::string& rest : rests) {
      for (const char* change : {"", "x", "\"", "}", "]", "\\", "\n", "\x01"}) {
        for (std::size_t at = 0; at < good.size(); ++at) {
          std::string other = good;
          other.replace(at, std::min(std::string_view(change).size(), good.size() - at), change);
          const std::string text = record(good, rest) + record(other, rest) +
                                   record(good, rests[0]) + record(good, jobspec) +
                                   record(other, jobspec);
          REQUIRE_MESSAGE(BothSayTheSame(text), text);
        }
      }
    }
  }
  for (const char* text :
       {R"("name":"submit")", R"("name":"finish","context":{"status":256})",
        R"("name":"exception","context":{"type":"cancel","severity":0})",
        R"("name":"finish","context":{"annotations":{"sched":{"resource_summary":"r"}}})"}) {
    const std::string line = record(text, jobspec);
    CHECK_MESSAGE(BothSayTheSame(line + line), line);
  }
}

TEST_CASE("both paths agree on jobspecs of every shape") {
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
    // Twice: the second time it may be cached.
    CHECK_MESSAGE(BothSayTheSame(line + line), line);
  }
}

}  // namespace flux_ensemble::journal
