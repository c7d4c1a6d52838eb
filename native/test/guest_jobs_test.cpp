// Lists of a guest's jobs and their eventlogs, as records of the journal.
#include "flux/guest_jobs.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "test/journals.h"

namespace flux_ensemble::flux {

namespace {

using journal::JobId;
using Clock = GuestJobs::Clock;
using Records = GuestJobs::Records;
using namespace std::chrono_literals;

// A large id, which a double can't hold.
constexpr JobId kId = 9007199254740993;
const std::string kIdText = "9007199254740993";

runner::SubmitOrder Order() {
  const auto jobspec = std::make_shared<const engine::Jobspec>(
      engine::Jobspec{R"({"attributes":{"user":{"group":"g","origin":{)", "}}}}"});
  return {1, {jobspec, 3, 16}, 2, 5, 0, 100};
}

const std::string kJobspec =
    R"({"attributes":{"user":{"group":"g","origin":{"rule":2,"firing":5,"index":101}}}})";

// One job of a list.
std::string Entry(JobId id, int state, const std::string& more = "") {
  return "{\"id\":" + std::to_string(id) + ",\"state\":" + std::to_string(state) +
         ",\"t_submit\":100.5" + more + "}";
}
std::string List(const std::string& jobs) {
  return "{\"jobs\":[" + jobs + "]}";
}

const std::string kRun = ",\"t_run\":101.25";
const std::string kEnd = kRun + R"(,"t_cleanup":102.5,"t_inactive":103.75,"waitstatus":256)";

std::string Line(double time, const std::string& name, const std::string& context = "") {
  return "{\\\"timestamp\\\":" + std::to_string(time) + ",\\\"name\\\":\\\"" + name + "\\\"" +
         (context.empty() ? "" : ",\\\"context\\\":" + context) + "}\\n";
}
std::string Plain(double time, const std::string& name, const std::string& context = "") {
  return "{\"timestamp\":" + std::to_string(time) + ",\"name\":\"" + name + "\"" +
         (context.empty() ? "" : ",\"context\":" + context) + "}";
}
std::string Answer(const std::string& eventlog, const std::string& more = "") {
  return "{\"id\":1,\"eventlog\":\"" + eventlog + "\"" + more + "}";
}

// The lines of a job that ends with status 256.
const std::string kBegin = Line(100.5, "submit") + Line(100.6, "validate") + Line(101.25, "alloc");
const std::string kStart = Line(101.5, "start");
const std::string kFinish =
    Line(102.5, "finish", R"({\"status\":256})") + Line(102.6, "release") + Line(103.75, "clean");

struct Guest {
  explicit Guest(GuestJobsOptions options = {42,
                                             {"submit", "start", "finish", "clean", "exception"}})
      : jobs(std::move(options)) {}

  bool TakeList(const std::string& list) {
    request = jobs.ListRequest(now);
    records.clear();
    return jobs.TakeList(list, now, records);
  }
  // The look-ups that are due.
  std::vector<JobId> Due() {
    std::vector<JobId> ids;
    while (const auto lookup = jobs.NextLookup(now)) {
      ids.push_back(lookup->id);
      jobspec = lookup->jobspec;
    }
    return ids;
  }
  void TakeLookup(JobId id, const std::string& answer, int errnum = 0) {
    records.clear();
    jobs.TakeLookup(id, errnum, answer, now, records);
  }
  // Answers as often as the job is looked up.
  void AnswerAlways(JobId id, const std::string& answer, int errnum = 0) {
    records.clear();
    for (int i = 0; i < 20 && records.empty(); ++i) {
      now += 10s;
      for (const JobId due : Due()) {
        CHECK(due == id);
        jobs.TakeLookup(id, errnum, answer, now, records);
      }
    }
  }

  Clock::time_point now = Clock::now();
  GuestJobs jobs;
  std::string request;
  bool jobspec = false;  // the last look-up needs it
  Records records;
};

// A guest whose job was accepted after the first list.
struct WithJob : Guest {
  WithJob() {
    TakeList(List(""));
    jobs.Accepted(kId, Order(), 1);
  }
};

}  // namespace

TEST_CASE("a guest's list has the jobs of the guest only") {
  Guest guest;
  CHECK(guest.jobs.LastEndedRequest() ==
        R"({"max_entries":1,"since":0,"attrs":["state","t_inactive"],)"
        R"("constraint":{"and":[{"userid":[42]},{"states":["inactive"]}]}})");
  CHECK(guest.jobs.TakeLastEnded(R"({"jobs":[{"id":1,"state":64,"t_inactive":50.5}]})"));
  CHECK(guest.TakeList(List("")));
  CHECK(guest.request.ends_with(
      R"("constraint":{"and":[{"userid":[42]},{"states":["pending","running"]}]}})"));
  CHECK(guest.TakeList(List("")));
  // The next lists have what has ended since.
  CHECK(guest.request.starts_with(R"({"max_entries":0,"since":50.5,)"));
  CHECK(guest.request.ends_with(R"({"states":["pending","running","inactive"]}]}})"));
}

TEST_CASE("a run that goes on also lists the jobs that ended since it began") {
  Guest guest({42, {}, true, 5000});
  guest.TakeList(List(""));
  CHECK(guest.request.find(R"("since":0,)") != std::string::npos);
  CHECK(guest.request.find(R"({"and":[{"states":["inactive"]},{"t_submit":[">=1399.999)") !=
        std::string::npos);
}

TEST_CASE("a job that waits is submitted, and its eventlog is not looked up") {
  WithJob guest;
  guest.TakeList(List(Entry(kId, 8)));
  REQUIRE(guest.records.size() == 1);
  CHECK(guest.records[0] == "{\"id\":" + kIdText + ",\"jobspec\":" + kJobspec +
                                R"(,"events":[{"timestamp":100.5,"name":"submit"}]})");
  CHECK(guest.Due().empty());
  guest.TakeList(List(Entry(kId, 8)));
  CHECK(guest.records.empty());
}

TEST_CASE("the events of a job come once, from its eventlog") {
  WithJob guest;
  guest.TakeList(List(Entry(kId, 8)));
  guest.TakeList(List(Entry(kId, 16, kRun)));
  CHECK(guest.records.empty());
  REQUIRE(guest.Due() == std::vector{kId});
  CHECK_FALSE(guest.jobspec);
  guest.TakeLookup(kId, Answer(kBegin + kStart));
  REQUIRE(guest.records.size() == 1);
  CHECK(guest.records[0] == "{\"id\":" + kIdText + ",\"events\":[" + Plain(101.5, "start") + "]}");
  CHECK(guest.jobs.settled());
  CHECK(guest.jobs.active() == 1);

  guest.TakeList(List(Entry(kId, 64, kEnd)));
  REQUIRE(guest.Due() == std::vector{kId});
  CHECK_FALSE(guest.jobs.settled());
  guest.TakeLookup(kId, Answer(kBegin + kStart + kFinish));
  REQUIRE(guest.records.size() == 1);
  CHECK(guest.records[0] == "{\"id\":" + kIdText + ",\"events\":[" +
                                Plain(102.5, "finish", R"({"status":256})") + "," +
                                Plain(103.75, "clean") + "]}");
  CHECK(guest.jobs.active() == 0);
  CHECK(guest.jobs.settled());
  // Lists overlap.
  guest.TakeList(List(Entry(kId, 64, kEnd)));
  CHECK(guest.records.empty());
  CHECK(guest.Due().empty());
}

TEST_CASE("a job that was never listed before its end comes in one record") {
  WithJob guest;
  guest.TakeList(List(Entry(kId, 64, kEnd)));
  REQUIRE(guest.Due() == std::vector{kId});
  guest.TakeLookup(kId, Answer(kBegin + kStart + kFinish));
  REQUIRE(guest.records.size() == 1);
  CHECK(guest.records[0].starts_with("{\"id\":" + kIdText + ",\"jobspec\":" + kJobspec));
  for (const char* name : {"submit", "start", "finish", "clean"}) {
    const std::string text = std::string("\"name\":\"") + name + '"';
    CAPTURE(name);
    CHECK(guest.records[0].find(text) != std::string::npos);
    CHECK(guest.records[0].find(text) == guest.records[0].rfind(text));
  }
  // Other events were not requested.
  CHECK(guest.records[0].find("alloc") == std::string::npos);
}

TEST_CASE("the jobspec of another job of the guest is looked up once") {
  Guest guest;
  guest.TakeList(List(Entry(7, 8)));
  REQUIRE(guest.Due() == std::vector<JobId>{7});
  CHECK(guest.jobspec);
  guest.TakeLookup(7, Answer(Line(100.5, "submit"), R"(,"jobspec":"{\"attributes\":{}}")"));
  REQUIRE(guest.records.size() == 1);
  CHECK(guest.records[0] ==
        R"({"id":7,"jobspec":{"attributes":{}},"events":[)" + Plain(100.5, "submit") + "]}");
  guest.TakeList(List(Entry(7, 16, kRun)));
  REQUIRE(guest.Due() == std::vector<JobId>{7});
  CHECK_FALSE(guest.jobspec);
}

TEST_CASE("the start of a job is looked up until its eventlog has it") {
  WithJob guest;
  guest.TakeList(List(Entry(kId, 16, kRun)));
  REQUIRE(guest.Due() == std::vector{kId});
  guest.TakeLookup(kId, Answer(kBegin));
  CHECK(guest.records.size() == 1);
  CHECK(guest.jobs.settled());
  CHECK(guest.Due().empty());
  REQUIRE(guest.jobs.next_lookup().has_value());
  guest.AnswerAlways(kId, Answer(kBegin + kStart));
  REQUIRE(guest.records.size() == 1);
  CHECK(guest.records[0].find("start") != std::string::npos);
  CHECK_FALSE(guest.jobs.next_lookup().has_value());
}

TEST_CASE("the memos of a running job are looked up where they are requested") {
  Guest guest({42, {"submit", "start", "memo"}});
  guest.TakeList(List(Entry(7, 16, kRun)));
  REQUIRE(guest.Due().size() == 1);
  guest.TakeLookup(7, Answer(kBegin + kStart));
  for (const char* loss : {"1", "2"}) {
    guest.records.clear();
    const std::string memo = Line(102, "memo", std::string("{\\\"loss\\\":") + loss + "}");
    guest.AnswerAlways(7, Answer(kBegin + kStart + (*loss == '1' ? memo : memo + memo)));
    REQUIRE(guest.records.size() == 1);
    CHECK(guest.records[0].find("memo") == guest.records[0].rfind("memo"));
    CHECK(guest.records[0].find(loss) != std::string::npos);
  }
}

TEST_CASE("the list replaces an eventlog that is not available") {
  WithJob guest;
  guest.TakeList(List(Entry(kId, 64, kEnd)));
  guest.AnswerAlways(kId, "gone", ENOENT);
  REQUIRE(guest.records.size() == 1);
  CHECK(guest.records[0] ==
        "{\"id\":" + kIdText + ",\"jobspec\":" + kJobspec +
            R"(,"events":[{"timestamp":100.5,"name":"submit"},{"timestamp":101.25,"name":"start"},)"
            R"({"timestamp":102.5,"name":"finish","context":{"status":256}},)"
            R"({"timestamp":103.75,"name":"clean"}]})");
  CHECK(guest.jobs.active() == 0);
}

TEST_CASE("the list completes an eventlog that lacks the end") {
  WithJob guest;
  guest.TakeList(List(Entry(kId, 16, kRun)));
  REQUIRE(guest.Due() == std::vector{kId});
  guest.TakeLookup(kId, Answer(kBegin + kStart));
  guest.TakeList(List(Entry(
      kId, 64,
      kEnd + R"(,"exception_type":"we\"ird","exception_severity":0,"exception_note":"a\nb")")));
  guest.AnswerAlways(kId, Answer(kBegin + kStart));
  REQUIRE(guest.records.size() == 1);
  CHECK(guest.records[0] == "{\"id\":" + kIdText +
                                R"(,"events":[{"timestamp":102.5,"name":"exception","context":)"
                                R"({"type":"we\"ird","severity":0,"note":"a\u000ab"}},)"
                                R"({"timestamp":102.5,"name":"finish","context":{"status":256}},)"
                                R"({"timestamp":103.75,"name":"clean"}]})");
}

TEST_CASE("a canceled job that never started ends without a start and a finish") {
  WithJob guest;
  guest.TakeList(List(Entry(kId, 64,
                            R"(,"t_cleanup":102.5,"t_inactive":103.75,"exception_type":"cancel",)"
                            R"("exception_severity":0,"exception_note":"")")));
  guest.AnswerAlways(kId, "gone", ENOENT);
  REQUIRE(guest.records.size() == 1);
  CHECK(guest.records[0].find("start") == std::string::npos);
  CHECK(guest.records[0].find("finish") == std::string::npos);
  CHECK(guest.records[0].find(R"("type":"cancel")") != std::string::npos);
}

TEST_CASE("a job that no list shows has ended, or is lost") {
  WithJob ended;
  // The request for the first list is older than the job.
  ended.TakeList(List(""));
  REQUIRE(ended.Due() == std::vector{kId});
  ended.TakeLookup(kId, Answer(kBegin + kStart + kFinish));
  CHECK(ended.records.size() == 1);
  CHECK(ended.jobs.active() == 0);
  ended.TakeList(List(Entry(kId, 64, kEnd)));
  CHECK(ended.Due().empty());

  WithJob late;
  late.TakeList(List(""));
  REQUIRE(late.Due() == std::vector{kId});
  late.TakeLookup(kId, Answer(Line(100.5, "submit")));
  late.TakeList(List(Entry(kId, 8)));
  CHECK(late.jobs.active() == 1);

  WithJob lost;
  lost.TakeList(List(""));
  lost.AnswerAlways(kId, "unknown", ENOENT);
  REQUIRE(lost.records.size() == 1);
  CHECK(lost.records[0].find(R"("type":"lost","severity":0)") != std::string::npos);
  CHECK(lost.jobs.active() == 0);
}

TEST_CASE("the clock of Flux may be set back") {
  WithJob guest;
  guest.TakeList(List(Entry(8, 64, R"(,"t_cleanup":900,"t_inactive":900)") + "," + Entry(kId, 8)));
  guest.AnswerAlways(8, "gone", ENOENT);
  // The end of the job lies before one that was listed, so no list has it.
  guest.TakeList(List(""));
  guest.AnswerAlways(kId, Answer(kBegin + kStart + kFinish));
  CHECK(guest.records.size() == 1);
  CHECK(guest.jobs.active() == 0);
}

TEST_CASE("lists of many jobs have only those with progress") {
  Guest guest;
  std::string all;
  for (JobId id = 1; id <= 101; ++id) all += (id > 1 ? "," : "") + Entry(id, 8);
  guest.TakeList(List(all));
  guest.TakeList(List(""));
  CHECK(guest.request.find(R"({"or":[{"states":["inactive"]},{"t_submit":[">=100.49)") !=
        std::string::npos);
  // A job that is not in it goes on.
  for (const JobId id : guest.Due()) guest.TakeLookup(id, "", ENOENT);
  CHECK(guest.jobs.active() == 101);
  guest.now += 10s;
  guest.TakeList(List(""));
  CHECK(guest.request.find(R"({"states":["pending","running","inactive"]})") != std::string::npos);
}

TEST_CASE("an answer that is not a list is refused") {
  for (const char* text : {"", "[]", "{", "null", R"({"jobs":{}})", R"({"jobs":[)", "{\"jobs\":7}",
                           "\xff\xfe", R"({"job":[]})", R"({"jobs":[{"id":1,"state":8}})"}) {
    CAPTURE(text);
    Guest guest;
    CHECK_FALSE(guest.TakeList(text));
    CHECK_FALSE(guest.jobs.TakeLastEnded(text));
    CHECK(guest.records.empty());
  }
}

TEST_CASE("entries without an id or a state are skipped and counted") {
  Guest guest;
  CHECK(guest.TakeList(List(R"(7,null,"a",[],{},{"id":1},{"id":-1,"state":8},{"id":"1","state":8},)"
                            R"({"id":1.5,"state":8},{"id":18446744073709551616,"state":8},)"
                            R"({"id":1,"state":3},{"id":1,"state":"8"},{"id":1,"state":1e99})")));
  CHECK(guest.jobs.invalid() == 13);
  CHECK(guest.jobs.active() == 0);
  CHECK(guest.records.empty());
}

TEST_CASE("values of a wrong type in a list are absent, and the job ends all the same") {
  for (const char* more :
       {R"(,"t_run":"x","t_cleanup":[],"t_inactive":{},"waitstatus":"1")",
        R"(,"t_run":-5,"t_cleanup":true,"t_inactive":null,"waitstatus":-1)",
        R"(,"t_run":0,"waitstatus":99999999999,"exception_type":7,"exception_severity":0)",
        R"(,"exception_type":"a","exception_severity":9,"exception_note":[1])"}) {
    CAPTURE(more);
    WithJob guest;
    REQUIRE(guest.TakeList(List(Entry(kId, 64, more))));
    guest.AnswerAlways(kId, "{}", 0);
    REQUIRE(guest.records.size() == 1);
    CHECK(guest.records[0].ends_with(R"("events":[{"timestamp":100.5,"name":"submit"},)"
                                     R"({"timestamp":100.5,"name":"clean"}]})"));
    CHECK(guest.jobs.active() == 0);
  }
}

TEST_CASE("invalid lines of an eventlog are skipped, and the record can be read") {
  const std::string bad =
      "x\\n{}\\n[]\\n\\n{\\\"timestamp\\\":1}\\n{\\\"name\\\":\\\"start\\\"}\\n" +
      Line(-1, "start") + Line(102, "finish") + Line(102, "finish", R"({\"status\":\"0\"})") +
      Line(102, "exception", R"({\"severity\":0})") +
      "{\\\"timestamp\\\":1,\\\"name\\\":\\\"a\\\"\\n" + Line(101, "start").substr(0, 12) + "\\n" +
      "]},{\\\"id\\\":5,\\\"events\\\":[\\n";
  WithJob guest;
  guest.TakeList(List(Entry(kId, 64, kEnd)));
  REQUIRE(guest.Due() == std::vector{kId});
  guest.TakeLookup(kId, Answer(bad + kBegin + bad + kStart + kFinish + bad));
  REQUIRE(guest.records.size() == 1);
  CHECK(guest.jobs.invalid() == 36);
  engine::Plan plan;
  plan.groups = {"g"};
  test::TestEngine engine(std::move(plan), guest.records[0] + "\n");
  CHECK(engine.engine.totals().decode_errors == 0);
  CHECK(engine.count(0, engine::Count::kFailed) == 1);
}

TEST_CASE("an invalid jobspec is left out") {
  for (const char* jobspec : {"", "{", "7", "null", "{}]", "[]"}) {
    CAPTURE(jobspec);
    Guest guest;
    guest.TakeList(List(Entry(7, 8)));
    REQUIRE(guest.Due().size() == 1);
    guest.TakeLookup(
        7, Answer(Line(100.5, "submit"), std::string(R"(,"jobspec":")") + jobspec + "\""));
    REQUIRE(guest.records.size() == 1);
    CHECK(guest.records[0] == R"({"id":7,"events":[)" + Plain(100.5, "submit") + "]}");
  }
}

TEST_CASE("answers without a request are ignored") {
  WithJob guest;
  guest.TakeLookup(kId, Answer(kBegin));
  guest.TakeLookup(12, Answer(kBegin));
  CHECK(guest.records.empty());
  CHECK(guest.jobs.settled());
}

}  // namespace flux_ensemble::flux
