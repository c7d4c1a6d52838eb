// Reasons of failures, with counts and first jobs.
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "test/journals.h"

namespace flux_ensemble::engine {

namespace {

using test::Event;
using test::Finish;
using test::Submit;
using test::TestEngine;

std::string Fatal(journal::JobId id, double time, const std::string& type,
                  const std::string& note) {
  return Event(id, time, "exception",
               R"({"type":")" + type + R"(","severity":0,"note":")" + note + R"("})");
}

std::string Ended(journal::JobId id, const std::string& end, const std::string& user = "") {
  return Submit(id, 1, "g", user) + Event(id, 2, "start") + end + Event(id, 5, "clean");
}

std::string NotFound(journal::JobId id, const std::string& command) {
  return Ended(id, Fatal(id, 3, "exec", "task 0 (host a): start failed: " + command + ": gone") +
                       Finish(id, 4, 127 << 8));
}

Plan GroupG(std::uint32_t retries = 0) {
  Plan plan;
  plan.groups = {"g"};
  RetryPolicy policy;
  policy.times = retries;
  policy.failed = true;
  if (retries > 0) plan.remembered = {{0, policy}};
  return plan;
}

std::string Try(int attempt, int index = 5) {
  return R"("origin":{"entry":0,"rule":-1,"firing":4,"index":)" + std::to_string(index) +
         R"(,"attempt":)" + std::to_string(attempt) + "}";
}

// The reasons of the only group; empty when no job failed.
std::vector<FailureReason> ReasonsOf(const TestEngine& test) {
  const std::vector<GroupFailures> failures = test.engine.GetFailures();
  return failures.empty() ? std::vector<FailureReason>() : failures[0].reasons;
}

std::vector<FailureReport> Reports(TestEngine& test) {
  return std::exchange(test.engine.failure_reports(), {});
}

}  // namespace

TEST_CASE("notes of one reason have a key in common") {
  CHECK(KeyOfNote("task 12 (host node7): start failed: /a/b1: No such file") ==
        KeyOfNote("task 3 (host alpha): start failed: /c: No such file"));
  CHECK(KeyOfNote("dependency after-success=\xC6\x92"
                  "Abc can never be satisfied") == KeyOfNote("dependency after-success=\xC6\x92"
                                                             "2Xyz can never be satisfied"));
  CHECK(KeyOfNote("lost contact with job shell on broker alpha (rank 3)") ==
        KeyOfNote("lost contact with job shell on broker beta (rank 4)"));
  CHECK(KeyOfNote("start failed: solver: No such file") !=
        KeyOfNote("start failed: mesher: No such file"));
  CHECK(KeyOfNote("") == "");
}

TEST_CASE("jobs that failed for one reason are counted together") {
  TestEngine test(GroupG());
  for (journal::JobId id = 1; id <= 5; ++id) test.Feed(NotFound(id, "nosuch"));
  test.Feed(NotFound(6, "/somewhere/else"));
  test.Feed(Ended(7, Finish(7, 4, 3 << 8)) + Ended(8, Finish(8, 4, 3 << 8)));
  test.Feed(Ended(9, Finish(9, 4, 9)));
  test.Feed(Ended(10, Finish(10, 4, 0)));
  test.Feed(Ended(11, Fatal(11, 3, "cancel", "by a rule") + Finish(11, 4, 15)));
  const std::vector<FailureReason> reasons = ReasonsOf(test);
  REQUIRE(reasons.size() == 4);
  CHECK(reasons[0].kind == FailureKind::kException);
  CHECK(reasons[0].type == "exec");
  CHECK(reasons[0].note == "task 0 (host a): start failed: nosuch: gone");
  CHECK_FALSE(reasons[0].varies);
  CHECK(reasons[0].status == 127 << 8);
  CHECK(reasons[0].count == 5);
  CHECK(reasons[0].jobs == std::vector<journal::JobId>{1, 2, 3});
  CHECK(reasons[1].count == 1);
  CHECK(reasons[2].kind == FailureKind::kStatus);
  CHECK(reasons[2].status == 3 << 8);
  CHECK(reasons[2].count == 2);
  CHECK(reasons[3].status == 9);
  CHECK(test.count(0, Count::kFailed) == 9);
}

TEST_CASE("notes that differ in paths and numbers are one reason") {
  TestEngine test(GroupG());
  for (journal::JobId id = 1; id <= 200; ++id) {
    test.Feed(NotFound(id, "/runs/" + std::to_string(id) + "/go"));
  }
  const std::vector<FailureReason> reasons = ReasonsOf(test);
  REQUIRE(reasons.size() == 1);
  CHECK(reasons[0].count == 200);
  CHECK(reasons[0].varies);
  CHECK(reasons[0].note == "task 0 (host a): start failed: /runs/1/go: gone");
}

TEST_CASE(
    "the first fatal exception or exit status is the reason, and one is found for every job") {
  TestEngine test(GroupG());
  // An exception that is not fatal, and one after the job has failed by itself.
  test.Feed(Ended(1, Event(1, 3, "exception", R"({"type":"warn","severity":2,"note":"n"})") +
                         Finish(1, 4, 256) + Fatal(1, 4.5, "epilog", "late")));
  test.Feed(Ended(2, Fatal(2, 3, "timeout", "out of time") + Fatal(2, 3.5, "exec", "then") +
                         Finish(2, 4, 142 << 8)));
  test.Feed(Ended(3, Event(3, 3, "exception", R"({"type":"odd","severity":0})")));
  test.Feed(Ended(4, ""));
  const std::vector<FailureReason> reasons = ReasonsOf(test);
  REQUIRE(reasons.size() == 4);
  CHECK(reasons[0].status == 256);
  CHECK(reasons[1].type == "timeout");
  CHECK(reasons[1].note == "out of time");
  CHECK(reasons[2].type == "odd");
  CHECK(reasons[2].note.empty());
  CHECK(reasons[3].kind == FailureKind::kUnknown);
  for (const FailureReason& reason : reasons) CHECK(reason.count == 1);
}

TEST_CASE("a cancel that is not the run's own is a reason, where others may cancel") {
  const auto canceled = [](journal::JobId id, const std::string& note) {
    return Ended(id,
                 Event(id, 3, "exception",
                       R"({"type":"cancel","severity":0,"userid":7,"note":")" + note + R"("})") +
                     Finish(id, 4, 15));
  };
  TestEngine test(GroupG());
  test.Feed(canceled(1, "by us"));
  CHECK(ReasonsOf(test).empty());
  test.engine.LookForCancels();
  test.engine.ExpectCancel("by us");
  test.Feed(canceled(2, "by us") + canceled(3, "node 5 is drained") +
            canceled(4, "node 6 is drained"));
  // The job has failed, and is canceled while it is cleaned up.
  test.Feed(Submit(5, 1, "g") + Event(5, 2, "start") + Finish(5, 4, 256) +
            Event(5, 5, "exception", R"({"type":"cancel","severity":0,"note":"late"})") +
            Event(5, 6, "clean"));
  std::vector<FailureReason> reasons = ReasonsOf(test);
  std::erase_if(reasons, [](const FailureReason& reason) { return reason.count == 0; });
  REQUIRE(reasons.size() == 2);
  CHECK(reasons[0].kind == FailureKind::kCanceled);
  CHECK(reasons[0].type == "7");
  CHECK(reasons[0].note == "node 5 is drained");
  CHECK(reasons[0].varies);
  CHECK(reasons[0].jobs == std::vector<journal::JobId>{3, 4});
  CHECK(reasons[1].note == "late");
  CHECK(test.count(0, Count::kFailed) == 0);
  CHECK(test.count(0, Count::kCanceled) == 5);
}

TEST_CASE("own cancels with very many notes are not taken for those of others") {
  TestEngine test(GroupG());
  test.engine.LookForCancels();
  for (int i = 0; i < 5000; ++i) test.engine.ExpectCancel("rule " + std::to_string(i));
  test.Feed(Ended(1, Event(1, 3, "exception",
                           R"({"type":"cancel","severity":0,"userid":7,"note":"rule 4999"})") +
                         Finish(1, 4, 15)));
  CHECK(ReasonsOf(test).empty());
}

TEST_CASE("the reasons of a group are bounded, and so are their notes; all jobs are counted") {
  TestEngine test(GroupG());
  journal::JobId id = 0;
  for (char a = 'a'; a <= 'z'; ++a) {
    for (char b = 'a'; b <= 'z'; ++b) test.Feed(NotFound(++id, std::string{a, b}));
  }
  ++id;
  test.Feed(Ended(id, Fatal(id, 3, "exec", std::string(5000, 'x') + "\xC6\x92")));
  const std::vector<FailureReason> reasons = ReasonsOf(test);
  REQUIRE(reasons.size() == FailureDigest::kMaxReasons + 1);
  CHECK(reasons.back().kind == FailureKind::kMore);
  std::uint64_t jobs = 0;
  for (const FailureReason& reason : reasons) jobs += reason.count;
  CHECK(jobs == 26 * 26 + 1);
  CHECK(jobs == id);
  FailureDigest digest;
  digest.OfException("exec", std::string(FailureDigest::kMaxNote - 1, 'x') + "\xC6\x92");
  CHECK(digest.reasons()[0].note == std::string(FailureDigest::kMaxNote - 1, 'x'));
}

TEST_CASE("few of many jobs are reported, the first of each reason among them") {
  TestEngine test(GroupG());
  for (journal::JobId id = 1; id <= 1000; ++id) test.Feed(Ended(id, Finish(id, 4, 256)));
  test.Feed(NotFound(1001, "nosuch"));
  std::vector<journal::JobId> jobs;
  for (const FailureReport& report : Reports(test)) {
    CHECK(report.group == 0);
    CHECK(report.reason == (report.job == 1001 ? 1 : 0));
    CHECK_FALSE(report.again);
    jobs.push_back(report.job);
  }
  CHECK(jobs == std::vector<journal::JobId>{1, 2, 3, 4, 8, 16, 32, 64, 128, 256, 512, 1001});
}

TEST_CASE("a job that is submitted again has not failed, unless the run ends before that") {
  TestEngine test(GroupG(2));
  test.Feed(Ended(1, Finish(1, 4, 256), Try(0)));
  CHECK(Reports(test).at(0).again);
  std::vector<FailureReason> reasons = ReasonsOf(test);
  REQUIRE(reasons.size() == 1);
  CHECK(reasons[0].count == 0);
  CHECK(reasons[0].waiting == 1);
  CHECK(reasons[0].jobs == std::vector<journal::JobId>{1});
  SUBCASE("the second try goes well") {
    test.Feed(Ended(2, Finish(2, 4, 0), Try(1)));
    CHECK(ReasonsOf(test).empty());
  }
  SUBCASE("the second try is active") {
    test.Feed(Submit(2, 6, "g", Try(1)));
    CHECK(ReasonsOf(test).empty());
  }
  SUBCASE("the second try is refused") {
    test.Feed(Submit(2, 6, "g", Try(1)) + Event(2, 6, "invalidate"));
    CHECK(ReasonsOf(test).at(0).waiting == 1);
    CHECK(ReasonsOf(test).at(0).jobs == std::vector<journal::JobId>{1});
  }
  SUBCASE("the second try is refused after it has counted") {
    test.Feed(Submit(2, 6, "g", Try(1)));
    test.engine.Settle();
    test.Feed(Event(2, 6, "invalidate"));
    CHECK(ReasonsOf(test).at(0).waiting == 1);
  }
  SUBCASE("the second try is canceled") {
    test.Feed(Ended(2, Fatal(2, 3, "cancel", "by a rule") + Finish(2, 4, 15), Try(1)));
    CHECK(ReasonsOf(test).empty());
  }
  SUBCASE("the last try fails") {
    test.Feed(Ended(2, Finish(2, 4, 256), Try(1)) + Ended(3, Finish(3, 4, 512), Try(2)));
    reasons = ReasonsOf(test);
    REQUIRE(reasons.size() == 2);
    CHECK(reasons[0].count + reasons[0].waiting == 0);
    CHECK(reasons[1].count == 1);
    CHECK(reasons[1].jobs == std::vector<journal::JobId>{3});
    CHECK_FALSE(Reports(test).back().again);
  }
  SUBCASE("the run ends") {
    test.engine.End();
    CHECK(ReasonsOf(test).at(0).waiting == 1);
    // Jobs that fail from now on are not submitted again.
    test.Feed(Ended(4, Finish(4, 4, 256), Try(0, 6)));
    reasons = ReasonsOf(test);
    CHECK(reasons.at(0).count == 1);
    CHECK(reasons.at(0).waiting == 1);
    CHECK(reasons.at(0).jobs == std::vector<journal::JobId>{4, 1});
  }
  SUBCASE("another job is submitted again") {
    test.Feed(Submit(2, 6, "g", Try(1, 6)));
    CHECK(ReasonsOf(test).at(0).waiting == 1);
  }
}

}  // namespace flux_ensemble::engine
