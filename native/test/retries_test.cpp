// Jobs that end badly and are submitted again, with their times and attempts.
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "flux/flux_session.h"
#include "test/fake_broker.h"
#include "test/journals.h"
#include "test/runner_owner.h"

namespace flux_ensemble::engine {

namespace {

using test::Event;
using test::Exception;
using test::Finish;
using test::Submit;
using test::TestEngine;

constexpr double kAlways = 1e9;

RetryPolicy OnFailure(std::uint32_t times) {
  RetryPolicy policy;
  policy.times = times;
  policy.failed = true;
  policy.longest = kAlways;
  return policy;
}

Plan GroupWith(RetryPolicy policy, bool virtual_time = true) {
  Plan plan;
  plan.groups = {"g", "h"};
  plan.virtual_time = virtual_time;
  plan.remembered = {{0, std::move(policy)}};
  return plan;
}

std::string Origin(int entry, int attempt, const std::string& more = "") {
  return R"("parameters":{"t":300},"origin":{"entry":)" + std::to_string(entry) + more +
         R"(,"rule":3,"firing":4,"index":5,"attempt":)" + std::to_string(attempt) + "}";
}

std::string Failing(journal::JobId id, double time, const std::string& user,
                    const std::string& group = "g") {
  return Submit(id, time, group, user) + Event(id, time + 1, "start") + Finish(id, time + 2, 256) +
         Event(id, time + 3, "clean");
}

std::vector<Retry> Due(TestEngine& test) {
  return std::exchange(test.engine.retries_due(), {});
}

}  // namespace

TEST_CASE("a job that failed is submitted again, up to the limit of its policy") {
  RetryPolicy policy = OnFailure(2);
  policy.initial = 10;
  policy.factor = 3;
  TestEngine test(GroupWith(policy));
  test.Feed(Failing(1, 100, Origin(2, 0)));
  CHECK(test.count(0, Count::kRetried) == 1);
  CHECK(test.engine.GetStatus().retrying == 1);
  CHECK(Due(test).empty());
  // It ended at 102 and is due ten seconds later.
  CHECK(test.engine.next() == 112);
  test.Feed(Failing(2, 111, Origin(2, 1)));
  const std::vector<Retry> first = Due(test);
  REQUIRE(first.size() == 1);
  CHECK(first[0].job == 1);
  CHECK(first[0].due == 112);
  CHECK(first[0].details.entry == 2);
  CHECK(first[0].details.attempt == 1);
  CHECK(first[0].details.rule == 3);
  CHECK(first[0].details.firing == 4);
  CHECK(first[0].details.index == 5);
  CHECK_FALSE(first[0].details.filled_in);
  CHECK(first[0].details.parameters->json == R"({"t":300})");
  // The second delay is three times as long, and there is no third attempt.
  CHECK(test.engine.next() == 113 + 30);
  test.Feed(Failing(3, 200, Origin(2, 2)));
  CHECK(Due(test).size() == 1);
  CHECK(test.count(0, Count::kRetried) == 2);
  CHECK(test.engine.GetStatus().retrying == 0);
}

TEST_CASE("a job that is canceled while it is cleaned up is not submitted again") {
  RetryPolicy policy = OnFailure(2);
  policy.initial = 10;
  const std::string failed =
      Submit(1, 100, "g", Origin(0, 0)) + Event(1, 101, "start") + Finish(1, 102, 256);
  TestEngine canceled(GroupWith(policy), failed);
  CHECK(canceled.engine.GetStatus().retrying == 0);
  canceled.Feed(Exception(1, 103, "cancel") + Event(1, 110, "clean"));
  CHECK(canceled.count(0, Count::kRetried) == 0);
  CHECK(canceled.count(0, Count::kCanceled) == 1);
  // Its end is its finish, after a cleanup of any length.
  TestEngine slow(GroupWith(policy), failed + Event(1, 150, "clean"));
  CHECK(slow.engine.next() == 112);
  CHECK(slow.count(0, Count::kRetried) == 1);
}

TEST_CASE("jobs without an entry are not submitted again") {
  TestEngine test(GroupWith(OnFailure(5)));
  test.Feed(Failing(1, 1, ""));
  test.Feed(Failing(2, 10, R"("origin":{"rule":0})"));
  test.Feed(Failing(3, 20, R"("origin":{"entry":-1},"parameters":7)"));
  test.Feed(Failing(4, 30, R"("origin":{"entry":1.5})"));
  test.Feed(Failing(5, 40, Origin(0, 0), "h"));
  CHECK(test.count(0, Count::kRetried) == 0);
  CHECK(test.count(1, Count::kRetried) == 0);
  CHECK(test.engine.GetStatus().retrying == 0);
}

TEST_CASE("the policy decides which results lead to another attempt") {
  RetryPolicy policy;
  policy.times = 5;
  policy.longest = kAlways;
  const std::string bad = Submit(1, 1, "g", Origin(0, 0)) + Event(1, 2, "start");
  const auto retried = [&](const std::string& end) {
    TestEngine test(GroupWith(policy), bad + end + Event(1, 5, "clean"));
    return test.count(0, Count::kRetried) == 1;
  };
  const std::string failed = Finish(1, 3, 256);
  const std::string timeout = Exception(1, 3, "timeout") + Finish(1, 4, 15);
  const std::string canceled = Exception(1, 3, "cancel") + Finish(1, 4, 15);
  const std::string crashed = Exception(1, 3, "exec");
  SUBCASE("none") {}
  SUBCASE("failed") {
    policy.failed = true;
  }
  SUBCASE("timeout") {
    policy.timeout = true;
  }
  SUBCASE("canceled") {
    policy.canceled = true;
  }
  SUBCASE("exception") {
    policy.exceptions = {"exec"};
  }
  CHECK_FALSE(retried(Finish(1, 3, 0)));
  CHECK(retried(failed) == policy.failed);
  CHECK(retried(timeout) == policy.timeout);
  CHECK(retried(canceled) == policy.canceled);
  CHECK(retried(crashed) == (policy.failed || !policy.exceptions.empty()));
}

TEST_CASE("the end of the ensemble ends its retries") {
  RetryPolicy policy = OnFailure(5);
  policy.initial = 10;
  Plan plan = GroupWith(policy);
  SUBCASE("by command") {
    TestEngine test(plan);
    test.Feed(Failing(1, 1, Origin(0, 0)));
    test.engine.End();
    CHECK(test.engine.GetStatus().retrying == 0);
    test.Feed(Failing(2, 100, Origin(0, 0)));
    CHECK(Due(test).empty());
    CHECK(test.count(0, Count::kRetried) == 1);
  }
  SUBCASE("by a rule") {
    Rule rule;
    rule.trigger = TriggerType::kJob;
    rule.change = Change::kFail;
    rule.terminal = true;
    plan.rules = {rule};
    TestEngine test(plan);
    test.Feed(Failing(1, 1, Origin(0, 0)));
    CHECK(test.engine.GetStatus().ended);
    CHECK(test.engine.GetStatus().retrying == 0);
  }
}

TEST_CASE("jobs of the backlog, and those that ended unseen, are submitted again too") {
  TestEngine test(GroupWith(OnFailure(1), false));
  test.Feed(Submit(1, 1, "g", Origin(0, 0)) + Submit(2, 1, "g", Origin(1, 0)));
  test.Feed("{\"id\":-1,\"events\":[]}\n");
  test.Feed(Finish(1, 3, 256) + Event(1, 4, "clean"));
  CHECK(test.count(0, Count::kRetried) == 1);
  test.engine.ResumeStream(~std::uint64_t{0});
  test.Feed("{\"id\":-1,\"events\":[]}\n");
  CHECK(test.engine.missing_jobs() == std::vector<journal::JobId>{2});
  // Its eventlog, after a look-up.
  test.Feed(
      R"({"id":2,"events":[{"timestamp":1.0,"name":"submit"},{"timestamp":3.0,"name":"finish",)"
      R"("context":{"status":256}},{"timestamp":3.5,"name":"clean"}]})"
      "\n");
  CHECK(test.count(0, Count::kRetried) == 2);
  test.engine.PassTo(1e9);
  const std::vector<Retry> due = Due(test);
  REQUIRE(due.size() == 2);
  CHECK(due[1].job == 2);
  CHECK(due[1].details.entry == 1);
}

TEST_CASE("virtual time stops where a job is to be submitted again") {
  RetryPolicy policy = OnFailure(5);
  policy.initial = 25;
  Plan plan = GroupWith(policy);
  SUBCASE("between heartbeats") {
    plan.heartbeat = 10;
  }
  SUBCASE("without") {}
  TestEngine test(plan);
  test.engine.Start(0);
  test.Feed(Failing(1, 1, Origin(0, 0)));
  CHECK(test.engine.Advance(20) == 20);
  CHECK(Due(test).empty());
  CHECK(test.engine.Advance(100) == 28);
  CHECK(Due(test).size() == 1);
  CHECK(test.engine.Advance(100) == 100);
  CHECK(Due(test).empty());
}

TEST_CASE("details of jobs are removed with them, and equal parameters are shared") {
  JobDetailsTable table;
  journal::Membership membership;
  membership.parameters = R"({"t":300,"name":"a\"b","on":true,"more":{"x":1}})";
  const std::shared_ptr<const JobParameters> one = table.Add(1, membership).parameters;
  CHECK(table.Add(2, membership).parameters == one);
  CHECK(std::get<double>(one->Find("t")->value) == 300);
  CHECK(std::get<std::string>(one->Find("name")->value) == "a\"b");
  CHECK(std::get<bool>(one->Find("on")->value));
  CHECK(std::holds_alternative<std::monostate>(one->Find("more")->value));
  CHECK(one->Find("x") == nullptr);
  table.Erase(1);
  CHECK(table.Find(1) == nullptr);
  CHECK(table.size() == 1);
  // Drawn rows never end, so rows without jobs must be removed.
  for (journal::JobId id = 10; id < 5000; ++id) {
    const std::string json = R"({"t":)" + std::to_string(id) + "}";
    membership.parameters = json;
    CHECK(std::get<double>(table.Add(id, membership).parameters->Find("t")->value) ==
          static_cast<double>(id));
    table.Erase(id);
  }
  CHECK(table.size() == 1);
}

TEST_CASE(
    "a runner's source submits what is as the file has it, and leaves the rest to its owner") {
  test::FakeBroker broker;
  broker.Sentinel();
  const auto journal = [&](std::string lines) {
    for (std::size_t end = 0; (end = lines.find('\n')) != std::string::npos;
         lines.erase(0, end + 1)) {
      broker.Journal(lines.substr(0, end));
    }
  };
  journal(Failing(1, 1, Origin(1, 0)));
  journal(Failing(2, 1, Origin(1, 0, R"(,"values":{})")));
  journal(Failing(3, 1, Origin(7, 0)));
  RetryPolicy policy = OnFailure(1);
  for (const char* head : {"{\"e\":0,", "{\"e\":1,"}) {
    policy.entries.push_back({std::make_shared<const Jobspec>(Jobspec{head, "}"}), 1, 16});
  }
  runner::Owner owner(GroupWith(policy, false));
  REQUIRE(owner.runner.Start() == 0);
  std::vector<Retry> received;
  owner.Post(runner::OpenSourceCommand{
      std::make_unique<flux::FluxSession>(flux::ConnectAlone(broker.api()), test::Window(3)),
      ~std::uint64_t{0}, false});
  while (received.size() < 3) {
    for (Retry& retry : owner.Take().retries) received.push_back(std::move(retry));
  }
  CHECK(received[0].submitting);
  CHECK_FALSE(received[1].submitting);
  CHECK_FALSE(received[2].submitting);
  owner.runner.Stop();
  REQUIRE(broker.submits.size() == 1);
  CHECK(broker.submits[0].json == R"({"e":1,"rule":3,"firing":4,"index":5,"attempt":1})");
}

}  // namespace flux_ensemble::engine
