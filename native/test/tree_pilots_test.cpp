// Pilots: started while jobs wait, ended without jobs, and not used when their time is nearly over.
#include <doctest/doctest.h>

#include <chrono>
#include <set>

#include "journal/padding.h"
#include "test/fake_tree.h"
#include "tree/instance_id.h"
#include "tree/pilot_parent.h"
#include "tree/wall_time.h"

namespace flux_ensemble::tree {

namespace {

using namespace std::chrono_literals;
using test::Event;
using test::FakeSource;
using test::FakeTree;
using test::Record;

TreeOptions PilotsOf(std::uint32_t most) {
  TreeOptions options = test::TreeOf(most);
  options.pilots = PilotOptions{1h, 0ms, "Slurm", "look there"};
  return options;
}

// The order of a firing with the same number.
runner::SubmitOrder OrderOf(std::uint64_t number, std::uint64_t count,
                            const std::string& jobspec = "{") {
  runner::SubmitOrder order = test::Order(number, count, jobspec);
  order.firing = number;
  return order;
}

// A job of one core that takes at most this time.
std::string Takes(double seconds) {
  return R"({"resources":[{"type":"node","count":1,"with":[{"type":"slot","count":1,"with":)"
         R"([{"type":"core","count":1}]}]}],"tasks":[],"attributes":{"system":{"duration":)" +
         std::to_string(seconds) + R"(,"cwd":"/"},"user":{"origin":{)";
}

std::size_t Requested(FakeTree& fake) {
  return fake.parent().orders.size();
}

// The workload manager gives a pilot its nodes for some time.
void Allot(FakeTree& fake, std::uint32_t number, double seconds) {
  const std::string end = std::to_string(SecondsSinceEpoch() + seconds);
  fake.parent().Journal("{\"id\":" + std::to_string(FakeTree::JobOf(number)) + ",\"events\":[" +
                        Event("alloc") + R"(],"R":{"version":1,"execution":{"expiration":)" + end +
                        "}}}");
  fake.Pump();
}

}  // namespace

TEST_CASE("pilots are started while jobs wait that the present ones can't take soon") {
  FakeTree fake(PilotsOf(3), 8);
  fake.Begin();
  CHECK(Requested(fake) == 0);
  CHECK_FALSE(fake.tree().deadline().has_value());
  SUBCASE("one for few jobs") {
    fake.tree().Submit(OrderOf(1, 5), fake.received);
    CHECK(Requested(fake) == 1);
    fake.tree().Submit(OrderOf(2, 5), fake.received);
    CHECK(Requested(fake) == 1);
    fake.StartAll();
    CHECK(fake.Given(1) == 10);
    fake.tree().Submit(OrderOf(3, 4), fake.received);
    CHECK(Requested(fake) == 1);
    // The first one has as many jobs as it starts soon.
    fake.tree().Submit(OrderOf(4, 4), fake.received);
    CHECK(fake.Given(1) == 16);
    CHECK(Requested(fake) == 2);
  }
  SUBCASE("all for many jobs") {
    fake.tree().Submit(OrderOf(1, 1000), fake.received);
    CHECK(Requested(fake) == 3);
  }
  SUBCASE("by the cores that the jobs need") {
    const std::string need =
        R"({"resources":[{"type":"slot","count":1,"with":[{"type":"core","count":6}]}])";
    fake.tree().Submit(OrderOf(1, 5, need), fake.received);
    CHECK(Requested(fake) == 2);
  }
}

TEST_CASE("a pilot without jobs is ended after a while, and the next jobs start another one") {
  TreeOptions options = PilotsOf(2);
  options.pilots->idle = 1ms;
  FakeTree fake(options, 8);
  fake.Begin();
  fake.tree().Submit(OrderOf(1, 2), fake.received);
  fake.StartAll();
  const std::vector<std::uint64_t> ids = fake.Show(1);
  fake.PumpAtDeadline();
  CHECK(fake.At(1) != nullptr);
  fake.End(1, ids);
  for (int i = 0; i < 100 && fake.At(1) != nullptr; ++i) fake.PumpAtDeadline();
  CHECK(fake.Canceled() == std::set<journal::JobId>{FakeTree::JobOf(1)});
  fake.EndJob(1, Event("clean"));
  CHECK_FALSE(fake.tree().deadline().has_value());
  CHECK(Requested(fake) == 1);
  fake.tree().Submit(OrderOf(2, 1), fake.received);
  CHECK(Requested(fake) == 2);
  CHECK(fake.received.failures.empty());
}

TEST_CASE("a pilot that waits for its nodes is canceled when no jobs wait any more") {
  TreeOptions options = PilotsOf(2);
  options.pilots->idle = 1ms;
  FakeTree fake(options, 8);
  fake.Begin();
  fake.tree().Submit(OrderOf(1, 40), fake.received);
  REQUIRE(Requested(fake) == 2);
  fake.AcceptInstances();
  fake.Start(1);
  fake.End(1, fake.Show(1));
  for (int i = 0; i < 100 && fake.Given(1) < 40; ++i) fake.End(1, fake.Show(1));
  CHECK(fake.Given(1) == 40);
  fake.End(1, fake.Show(1));
  // The first one is idle, too.
  for (int i = 0; i < 100 && fake.Canceled().size() < 2; ++i) fake.PumpAtDeadline();
  CHECK(fake.Canceled().size() == 2);
  CHECK(fake.received.failures.empty());
}

TEST_CASE("a job that may not end in the rest of a pilot's time waits for the next one") {
  TreeOptions options = PilotsOf(2);
  options.pilots->margin = 10s;
  FakeTree fake(options, 4);
  fake.Begin();
  fake.tree().Submit(OrderOf(1, 1, Takes(5)), fake.received);
  fake.AcceptInstances();
  Allot(fake, 1, 100);
  fake.Start(1);
  CHECK(fake.Given(1) == 1);
  fake.tree().Submit(OrderOf(2, 1, Takes(80)), fake.received);
  CHECK(fake.Given(1) == 2);
  fake.tree().Submit(OrderOf(3, 1, Takes(95)), fake.received);
  CHECK(fake.Given(1) == 2);
  CHECK(Requested(fake) == 2);
  // Two more run at once, and a further one begins when one of these has ended.
  fake.tree().Submit(OrderOf(4, 4, Takes(50)), fake.received);
  CHECK(fake.Given(1) == 4);
  SUBCASE("a job without a duration may be short") {
    fake.tree().Submit(OrderOf(5, 1, R"({"attributes":{"system":{"duration":0,)"), fake.received);
    CHECK(fake.Given(1) == 5);
  }
  fake.AcceptInstances();
  Allot(fake, 2, 110);
  fake.Start(2);
  CHECK(fake.Given(2) == 3);
}

TEST_CASE("the next pilot is requested before the time of the last one is over") {
  TreeOptions options = PilotsOf(1);
  options.pilots->margin = 1s;
  FakeTree fake(options, 4);
  fake.Begin();
  fake.tree().Submit(OrderOf(1, 100), fake.received);
  fake.AcceptInstances();
  Allot(fake, 1, 1.1);
  fake.Start(1);
  CHECK(fake.Given(1) == 8);
  CHECK(Requested(fake) == 1);
  // Half of its time at the earliest.
  fake.PumpAtDeadline();
  CHECK(Requested(fake) == 2);
  // Its own jobs go on, and it gets no more.
  const std::vector<std::uint64_t> ids = fake.Show(1);
  for (int i = 0; i < 100 && fake.tree().deadline(); ++i) fake.PumpAtDeadline();
  fake.End(1, {ids[0], ids[1]});
  CHECK(fake.Given(1) == 8);
  CHECK(fake.Canceled().empty());
  SUBCASE("it ends when it has done its jobs") {
    fake.End(1, {ids.begin() + 2, ids.end()});
    CHECK(fake.At(1) == nullptr);
    CHECK(fake.Canceled() == std::set<journal::JobId>{FakeTree::JobOf(1)});
    CHECK(fake.Records("\"type\":\"lost\"").empty());
  }
  SUBCASE("its end takes the others with it") {
    fake.EndJob(1, Event("exception", R"({"type":"timeout","severity":0,"note":"too late"})") +
                       "," + Event("clean"));
    CHECK(fake.Records("\"type\":\"lost\"").size() == 6);
    CHECK(fake.Records("the pilot 1 that ran it is gone: its job in Slurm got the exception "
                       "timeout (too late)")
              .size() == 6);
  }
  fake.AcceptInstances();
  fake.Start(2);
  CHECK(fake.Given(2) == 8);
  CHECK(Requested(fake) == 2);
}

TEST_CASE("pilots that never have time for a job are not followed by others for ever") {
  TreeOptions options = PilotsOf(1);
  options.pilots->margin = 60s;
  options.max_failures = 2;
  FakeTree fake(options, 4);
  fake.Begin();
  fake.tree().Submit(OrderOf(1, 1), fake.received);
  for (std::uint32_t number = 1; number <= 2; ++number) {
    CHECK(fake.received.failures.empty());
    fake.AcceptInstances();
    Allot(fake, number, 50);
    fake.EndJob(number, Event("clean"));
  }
  REQUIRE(fake.received.failures.size() == 1);
  CAPTURE(fake.received.failures[0].message);
  CHECK(fake.received.failures[0].message.starts_with("2 pilots in a row"));
  CHECK(fake.received.failures[0].message.find("; look there") != std::string::npos);
}

TEST_CASE("a job that is larger than a pilot is refused") {
  FakeTree fake(PilotsOf(1), 4);
  fake.Begin();
  const std::string need =
      R"({"resources":[{"type":"node","count":1,"with":[{"type":"slot","count":1,"with":)"
      R"([{"type":"core","count":6}]}]}])";
  fake.tree().Submit(OrderOf(1, 3, need), fake.received);
  CHECK(fake.received.submitted.empty());
  fake.StartAll();
  REQUIRE(fake.received.submitted.size() == 1);
  CHECK(fake.received.submitted[0].refused == 1);
  CHECK(fake.received.submitted[0].dropped == 2);
  CHECK(fake.received.submitted[0].reason ==
        "a job needs 1 node with 6 cores, and a pilot has 1 node with 4 cores");
  CHECK(fake.tree().submitting() == 0);
  fake.tree().Submit(OrderOf(2, 1, need), fake.received);
  REQUIRE(fake.received.submitted.size() == 2);
  CHECK(fake.received.submitted[1].refused == 1);
  CHECK(Requested(fake) == 1);
}

TEST_CASE("the parent of pilots hands wishes out and records in") {
  test::ReceivedMessages received;
  PilotParent parent;
  const auto pump = [&] {
    while (parent.Pump(received)) {
    }
  };
  const auto ask = [&](std::uint64_t number, const std::string& topic, const std::string& json) {
    parent.Ask(number, {topic, json, std::nullopt}, received);
    pump();
  };
  using Answer = std::pair<std::uint64_t, std::string>;
  parent.Open(received);
  pump();
  CHECK(received.opens == 1);
  CHECK(received.streams == 1);
  CHECK_FALSE(parent.deadline().has_value());
  ask(1, "pilots.next", "{}");
  CHECK(received.asked.empty());
  runner::SubmitOrder order = OrderOf(70, 1);
  order.firing = 3;
  parent.Submit(std::move(order), received);
  CHECK(parent.submitting() == 1);
  pump();
  REQUIRE(received.asked.size() == 1);
  CHECK(received.asked[0] == Answer(1, R"({"start":[3],"cancel":[]})"));
  SUBCASE("a start") {
    ask(2, "pilots.started", R"({"pilot":3})");
    REQUIRE(received.submitted.size() == 1);
    CHECK(received.submitted[0].number == 70);
    CHECK(received.submitted[0].accepted == 1);
    CHECK(parent.submitting() == 0);
    CHECK(parent.accepted() == 1);
    // An unknown one changes nothing.
    ask(3, "pilots.started", R"({"pilot":3})");
    ask(4, "pilots.started", "[");
    CHECK(received.submitted.size() == 1);
    CHECK(received.asked.back() == Answer(4, "{}"));
  }
  SUBCASE("a refusal") {
    ask(2, "pilots.refused", R"({"pilot":3,"reason":"the disk is full"})");
    REQUIRE(received.submitted.size() == 1);
    CHECK(received.submitted[0].refused == 1);
    CHECK(received.submitted[0].reason == "the disk is full");
  }
  SUBCASE("cancels wait for the next question") {
    parent.Cancel(9, {5, 18446744073709551615U}, "it is \"idle\"", received);
    pump();
    REQUIRE(received.controlled.size() == 1);
    CHECK(received.controlled[0].done == 2);
    ask(2, "pilots.next", "{}");
    CHECK(received.asked.back() ==
          Answer(2, R"({"start":[],"cancel":[{"job":"5","note":"it is \"idle\""},)"
                    R"({"job":"18446744073709551615","note":"it is \"idle\""}]})"));
  }
  SUBCASE("records") {
    ask(2, "pilots.records", "{\"id\":1,\"events\":[]}\n\n{\"id\":-1,\"events\":[]}");
    CHECK(received.records ==
          std::vector<std::string>{"{\"id\":1,\"events\":[]}", "{\"id\":-1,\"events\":[]}"});
    CHECK(received.asked.back() == Answer(2, "{}"));
  }
  SUBCASE("requests that only Flux answers") {
    ask(2, "resource.status", "{}");
    CHECK(received.asked.back() == Answer(2, "ENOSYS"));
  }
  SUBCASE("its end answers everything") {
    parent.Ask(2, {"pilots.next", "{}", std::nullopt}, received);
    parent.Close(received);
    CHECK(received.asked.back() == Answer(2, "ECANCELED"));
    REQUIRE(received.submitted.size() == 1);
    CHECK(received.submitted[0].dropped == 1);
  }
}

}  // namespace flux_ensemble::tree
