// Sub-instances that end, are replaced, and are found again.
#include <doctest/doctest.h>

#include <set>

#include "test/fake_tree.h"
#include "tree/instance_id.h"

namespace flux_ensemble::tree {

namespace {

using test::Event;
using test::FakeSource;
using test::FakeTree;
using test::Order;
using test::Record;
using test::TreeOf;

// The sub-instances whose jobs were submitted.
std::size_t Submitted(FakeTree& fake) {
  return static_cast<std::size_t>(std::ranges::count_if(
      fake.parent().orders,
      [](const runner::SubmitOrder& order) { return (order.number >> 62 & 1) != 0; }));
}

void Ask(FakeTree& fake, std::uint64_t number, const std::string& topic,
         const std::string& json = "{}") {
  fake.tree().Ask(number, {topic, json, std::nullopt}, fake.received);
}

constexpr const char* kCancel = "{\"type\":\"cancel\",\"severity\":0,\"userid\":0}";

}  // namespace

TEST_CASE("jobs that a broker cancels because it shuts down are lost") {
  FakeTree fake(TreeOf(1));
  fake.Begin();
  fake.StartAll();
  fake.tree().Submit(Order(1, 3), fake.received);
  const std::vector<std::uint64_t> ids = fake.Show(1);
  REQUIRE(ids.size() == 3);
  const auto cancel = [&](std::uint64_t id) {
    fake.At(1)->Journal(
        Record(id, Event("exception", kCancel) + "," + Event("finish", "{\"status\":15}")));
    fake.At(1)->Journal(Record(id, Event("clean")));
    fake.Pump();
  };
  SUBCASE("it tells that it shuts down") {
    cancel(ids[0]);
    CHECK(fake.Records("\"type\":\"cancel\"").empty());
    REQUIRE(fake.At(1)->questions.size() == 1);
    CHECK(fake.At(1)->questions[0].topic == "state-machine.monitor");
    cancel(ids[1]);
    CHECK(fake.At(1)->questions.size() == 1);
    fake.At(1)->AnswerAll(R"({"state":7})");
    fake.Pump();
    CHECK(fake.Records("\"type\":\"cancel\"").empty());
    CHECK(fake.Records("\"type\":\"lost\"").size() == 3);
    CHECK(fake.Records("is gone: its broker shuts down").size() == 3);
  }
  SUBCASE("it ends without an answer") {
    cancel(ids[0]);
    fake.At(1)->Fail("gone");
    fake.Pump();
    CHECK(fake.Records("\"type\":\"cancel\"").empty());
    CHECK(fake.Records("\"type\":\"lost\"").size() == 3);
  }
  SUBCASE("it runs, because another user has canceled the job") {
    cancel(ids[0]);
    fake.End(1, {ids[1]});
    CHECK(fake.Records("\"name\":\"clean\"").empty());
    fake.At(1)->AnswerAll(R"({"state":6})");
    fake.Pump();
    CHECK(fake.Records("\"type\":\"cancel\"").size() == 1);
    CHECK(fake.Records("\"name\":\"clean\"").size() == 2);
    CHECK(fake.Records("\"type\":\"lost\"").empty());
  }
  SUBCASE("the run has canceled the job") {
    const std::uint64_t in_tree = InTree(ids[0], 1);
    fake.tree().Cancel(9, {in_tree}, "why", fake.received);
    cancel(ids[0]);
    CHECK(fake.Records("\"type\":\"cancel\"").size() == 1);
    CHECK(fake.At(1)->questions.empty());
  }
}

TEST_CASE("jobs of a dead sub-instance are lost, and unseen ones go to another one") {
  FakeTree fake(TreeOf(2));
  fake.Begin();
  fake.StartAll();
  fake.tree().Submit(Order(1, 20), fake.received);
  const std::vector<std::uint64_t> ids = fake.Show(1);
  REQUIRE(ids.size() == 10);
  fake.End(1, {ids[0]});
  fake.At(1)->Journal(Record(ids[1], Event("start")));
  fake.At(1)->Journal(
      Record(ids[2], Event("start") + "," + Event("finish", "{\"status\":0}", 4e9)));
  fake.tree().Submit(Order(2, 8), fake.received);  // 4 of them for each
  // Two of them are shown, and one of these is not answered.
  fake.Pump();
  fake.At(1)->Fail("gone");
  fake.Pump();
  CHECK(fake.At(1) == nullptr);
  CHECK(fake.Records("\"type\":\"lost\"").size() == 8);
  CHECK(fake.Records("the Flux instance 1 that ran it (job 5001) is gone: gone").size() == 8);
  const std::string finished = std::to_string(InTree(ids[2], 1));
  CHECK(fake.Records("{\"id\":" + finished +
                     ",\"events\":[{\"timestamp\":4000000000.000000,"
                     "\"name\":\"clean\"}]}")
            .size() == 1);
  // The unseen jobs of the second order.
  CHECK(fake.Given(2) == 10 + 8);
  fake.Show(2);
  REQUIRE(fake.received.submitted.size() == 2);
  CHECK(fake.received.submitted[0].accepted == 20);
  CHECK(fake.received.submitted[1].accepted == 8);
  CHECK(fake.tree().submitting() == 0);
  CHECK(fake.tree().accepted() == 28);
  // Its job is canceled when it does not end by itself.
  fake.PumpAtDeadline();
  CHECK(fake.Canceled() == std::set<journal::JobId>{FakeTree::JobOf(1)});
  CHECK(Submitted(fake) == 3);
  fake.EndJob(1, Event("clean"));
  CHECK(fake.received.failures.empty());
}

TEST_CASE("an accepted job that its instance never showed goes to another one") {
  FakeTree fake(TreeOf(2));
  fake.Begin();
  fake.StartAll();
  fake.tree().Submit(Order(1, 2), fake.received);
  fake.At(1)->Accept(fake.At(1)->orders[0]);
  fake.At(2)->Accept(fake.At(2)->orders[0]);
  fake.Pump();
  REQUIRE(fake.received.submitted.size() == 1);
  CHECK(fake.received.submitted[0].accepted == 2);
  fake.At(1)->Fail("gone");
  fake.Pump();
  CHECK(fake.Records("\"type\":\"lost\"").empty());
  CHECK(fake.Given(2) == 2);
  CHECK(fake.At(2)->orders[1].first_index == 100);
  CHECK(fake.tree().accepted() == 1);
  CHECK(fake.tree().submitting() == 1);
  fake.Show(2);
  CHECK(fake.tree().accepted() == 2);
  CHECK(fake.received.submitted.size() == 1);
}

TEST_CASE("a job that was shown but not answered is not submitted again") {
  FakeTree fake(TreeOf(2));
  fake.Begin();
  fake.StartAll();
  fake.tree().Submit(Order(1, 2), fake.received);
  fake.At(1)->ShowAll("run", false);
  fake.At(1)->Fail("gone");
  fake.Pump();
  CHECK(fake.Records("\"type\":\"lost\"").size() == 1);
  CHECK(fake.Given(2) == 1);
  fake.Show(2);
  REQUIRE(fake.received.submitted.size() == 1);
  CHECK(fake.received.submitted[0].accepted == 2);
  CHECK(fake.tree().accepted() == 2);
  CHECK(fake.tree().submitting() == 0);
}

TEST_CASE("the parent says that a sub-instance ends before its own handle does") {
  FakeTree fake(TreeOf(1));
  fake.Begin();
  fake.StartAll();
  fake.tree().Submit(Order(1, 3), fake.received);
  fake.Show(1);
  fake.EndJob(1, Event("exception", R"({"type":"timeout","severity":0,"note":"out of time"})"));
  CHECK(fake.At(1) == nullptr);
  CHECK(fake.Records("is gone: its job in the parent instance got the exception timeout (out of "
                     "time)")
            .size() == 3);
  // The later events of its job change nothing.
  fake.EndJob(1, Event("finish", "{\"status\":36608}") + "," + Event("clean"));
  CHECK(fake.Records("{\"id\":5001").empty());
  fake.PumpAtDeadline();
  CHECK(Submitted(fake) == 2);
}

TEST_CASE("a sub-instance that does not come up is replaced") {
  TreeOptions options = TreeOf(1);
  options.start_patience = std::chrono::milliseconds(1);
  FakeTree fake(options);
  fake.Begin();
  fake.AcceptInstances();
  // A job that has not started may wait for long.
  CHECK_FALSE(fake.tree().deadline().has_value());
  fake.EndJob(1, Event("start"));
  SUBCASE("without its URI") {}
  SUBCASE("without its stream") {
    fake.Memo(1);
    fake.Pump();
  }
  SUBCASE("after a memo without a URI") {
    for (const char* const odd : {"{}", "{\"uri\":7}", "{\"uri\":{\"uri\":\"x\"}}", "[]"}) {
      fake.EndJob(1, Event("memo", odd));
    }
  }
  fake.PumpAtDeadline();
  fake.PumpAtDeadline();
  CHECK(fake.At(1) == nullptr);
  CHECK(fake.Canceled().contains(FakeTree::JobOf(1)));
  CHECK(Submitted(fake) == 2);
}

TEST_CASE("after some sub-instances in a row that did nothing, the tree fails") {
  TreeOptions options = TreeOf(1);
  options.max_failures = 3;
  FakeTree fake(options);
  fake.Begin();
  fake.tree().Submit(Order(1, 3), fake.received);
  for (std::uint32_t number = 1; number <= 3; ++number) {
    CHECK(fake.received.failures.empty());
    fake.AcceptInstances();
    fake.EndJob(number, Event("exception", R"({"type":"alloc","severity":0,"note":"too large"})") +
                            "," + Event("clean"));
    if (number < 3) fake.PumpAtDeadline();
  }
  REQUIRE(fake.received.failures.size() == 1);
  CHECK(fake.received.failures[0].message.find("3 Flux instances in a row") == 0);
  CHECK(fake.received.failures[0].message.find("alloc (too large)") != std::string::npos);
  REQUIRE(fake.received.submitted.size() == 1);
  CHECK(fake.received.submitted[0].dropped == 3);
}

TEST_CASE("a sub-instance that the parent refuses counts as one that died") {
  TreeOptions options = TreeOf(1);
  options.max_failures = 1;
  FakeTree fake(options);
  fake.Begin();
  fake.parent().Report({fake.parent().orders[0].number, 0, 1, 0, "no such queue", false});
  fake.Pump();
  REQUIRE(fake.received.failures.size() == 1);
  CHECK(fake.received.failures[0].message.find("no such queue") != std::string::npos);
}

TEST_CASE("a sub-instance is replaced after its number of jobs, and drains") {
  TreeOptions options = TreeOf(1);
  options.recycle = 10;
  FakeTree fake(options);
  fake.Begin();
  fake.StartAll();
  fake.tree().Submit(Order(1, 25), fake.received);
  CHECK(fake.Given(1) == 10);
  // The next one is started while it drains.
  CHECK(Submitted(fake) == 2);
  fake.StartAll();
  CHECK(fake.Given(2) == 10);
  const std::vector<std::uint64_t> ids = fake.Show(1);
  fake.End(1, {ids.begin(), ids.begin() + 9});
  REQUIRE(fake.At(1) != nullptr);
  CHECK(fake.Given(1) == 10);
  CHECK(fake.Canceled().empty());
  fake.End(1, {ids[9]});
  CHECK(fake.At(1) == nullptr);
  CHECK(fake.Canceled() == std::set<journal::JobId>{FakeTree::JobOf(1)});
  CHECK(fake.Records("\"type\":\"lost\"").empty());
  fake.EndJob(1, Event("exception", R"({"type":"cancel","severity":0})") + "," + Event("clean"));
  CHECK(fake.received.failures.empty());
  SUBCASE("one that dies while it drains loses its jobs as any other") {
    fake.Show(2);
    fake.At(2)->Fail("gone");
    fake.Pump();
    CHECK(fake.Records("\"type\":\"lost\"").size() == 10);
  }
}

TEST_CASE("the number of sub-instances can be changed") {
  FakeTree fake(TreeOf(2));
  fake.Begin();
  fake.StartAll();
  using Answer = std::pair<std::uint64_t, std::string>;
  Ask(fake, 1, "tree.resize", "{\"instances\":3}");
  CHECK(fake.received.asked.back() == Answer(1, "{\"before\":2,\"after\":3}"));
  CHECK(Submitted(fake) == 3);
  fake.StartAll();
  fake.tree().Submit(Order(1, 3), fake.received);
  const std::vector<std::uint64_t> ids = fake.Show(1);
  fake.Show(2);
  fake.End(3, fake.Show(3));
  Ask(fake, 2, "tree.resize", "{\"instances\":1}");
  // The idle one at once, and another one when its jobs have ended.
  CHECK(fake.Canceled() == std::set<journal::JobId>{FakeTree::JobOf(3)});
  REQUIRE(fake.At(2) != nullptr);
  fake.End(2, {1});
  CHECK(fake.Canceled().contains(FakeTree::JobOf(2)));
  CHECK(fake.At(1) != nullptr);
  for (const char* const odd :
       {"{}", "{\"instances\":0}", "{\"instances\":\"2\"}", "{\"instances\":9000}", "x"}) {
    CAPTURE(odd);
    Ask(fake, 3, "tree.resize", odd);
    CHECK(fake.received.asked.back() == Answer(3, "EINVAL"));
  }
}

TEST_CASE("at the end, no job of a sub-instance is left in the parent") {
  FakeTree fake(TreeOf(3));
  fake.Begin();
  fake.AcceptInstances();
  fake.Start(1);
  fake.EndJob(2, Event("start"));
  fake.tree().Submit(Order(1, 4), fake.received);
  fake.Show(1);
  Ask(fake, 7, "tree.shutdown");
  CHECK(fake.Canceled() == std::set<journal::JobId>{5001, 5002, 5003});
  CHECK(fake.Records("\"type\":\"lost\"").empty());
  CHECK(fake.received.asked.empty());
  fake.EndJob(1, Event("clean"));
  fake.EndJob(2, Event("clean"));
  CHECK(fake.received.asked.empty());
  fake.EndJob(3, Event("clean"));
  REQUIRE(fake.received.asked.size() == 1);
  CHECK(fake.received.asked[0].first == 7);
  CHECK(Submitted(fake) == 3);
}

TEST_CASE("an end in a hurry waits until each job of a sub-instance is canceled") {
  FakeTree fake(TreeOf(1));
  fake.Begin();
  REQUIRE(Submitted(fake) == 1);
  Ask(fake, 7, "tree.shutdown");
  Ask(fake, 8, "tree.shutdown", R"({"wait":false})");
  // The id of the job is unknown.
  CHECK(fake.received.asked.empty());
  fake.AcceptInstances();
  CHECK(fake.Canceled() == std::set<journal::JobId>{5001});
  REQUIRE(fake.received.asked.size() == 1);
  CHECK(fake.received.asked[0].first == 8);
  fake.EndJob(1, Event("clean"));
  CHECK(fake.received.asked.size() == 2);
}

TEST_CASE("a run that goes on finds its sub-instances") {
  TreeOptions options = TreeOf(2);
  options.resumed = true;
  FakeTree fake(options);
  FakeSource& parent = fake.parent();
  // One has ended, one lives, and one has not started. That of another run is another's.
  parent.Journal(Record(FakeTree::JobOf(1),
                        Event("submit") + "," + Event("start") + "," +
                            Event("finish", "{\"status\":35072}") + "," + Event("clean"),
                        FakeTree::Mark(1)));
  parent.Journal(Record(FakeTree::JobOf(2),
                        Event("submit") + "," + Event("start") + "," +
                            Event("memo", "{\"uri\":\"local:///child-2\"}"),
                        FakeTree::Mark(2)));
  parent.Journal(Record(FakeTree::JobOf(3), Event("submit"), FakeTree::Mark(3)));
  parent.Journal(Record(60, Event("submit"), R"({"flux_ensemble_instance":"run2:2"})"));
  parent.Journal(test::kSentinel);
  fake.Pump();
  CHECK(fake.received.facts.another);
  REQUIRE(fake.At(2) != nullptr);
  CHECK(fake.At(1) == nullptr);
  // The backlog goes on until that of the sub-instance is over.
  REQUIRE(fake.received.records.size() == 1);
  CHECK(fake.received.records[0].starts_with("{\"id\":60,"));
  FakeSource& child = *fake.At(2);
  child.Stream();
  child.Journal(Record(4, Event("submit"), R"({"group":"g","ensemble":"run"})"));
  SUBCASE("one that lives goes on") {
    child.Journal(test::kSentinel);
    fake.Pump();
    child.AnswerAll(test::Resources(1, 4));
    fake.Pump();
    REQUIRE(fake.received.records.size() == 3);
    CHECK(fake.received.records[1].starts_with("{\"id\":" + std::to_string(InTree(4, 2)) + ","));
    CHECK(fake.received.records[2] == test::kSentinel);
    fake.Start(3);
    CHECK(fake.received.records.size() == 3);
    CHECK(Submitted(fake) == 0);
    fake.tree().Submit(Order(1, 4), fake.received);
    CHECK(fake.Given(2) + fake.Given(3) == 4);
    // A job of one that is gone is unknown, and the run decides.
    fake.tree().LookupEventlog(InTree(9, 1));
    CHECK(fake.tree().interrupted());
    fake.Pump();
    CHECK(fake.received.records.back() ==
          "{\"id\":" + std::to_string(InTree(9, 1)) + ",\"events\":[]}");
    CHECK_FALSE(fake.tree().interrupted());
    fake.tree().LookupEventlog(InTree(9, 2));
    CHECK(child.lookups == std::vector<journal::JobId>{9});
    fake.tree().LookupEventlog(61);
    CHECK(parent.lookups == std::vector<journal::JobId>{61});
  }
  SUBCASE("one that dies meanwhile does not hold up the run") {
    child.Fail("gone");
    fake.Pump();
    CHECK(fake.received.records.back() == test::kSentinel);
    CHECK(fake.Records("\"type\":\"lost\"").size() == 1);
    fake.PumpAtDeadline();
    // The next one has a number of its own.
    CHECK(Submitted(fake) == 1);
    CHECK(parent.orders[0].firing == 4);
  }
}

TEST_CASE("a stream of the parent that begins again shows the jobs of sub-instances") {
  FakeTree fake(TreeOf(1));
  fake.parent().Stream();
  fake.Begin();
  fake.StartAll();
  fake.tree().Submit(Order(1, 2), fake.received);
  fake.Show(1);
  CHECK(fake.received.streams == 1);
  const std::size_t before = fake.received.records.size();
  fake.parent().Stream();
  fake.Pump();
  CHECK(fake.received.streams == 2);
  CHECK(fake.received.records.size() == before + 2);
  CHECK(fake.Records("\"events\":[]}").size() == 3);  // with the first sentinel
  SUBCASE("its sub-instance is there") {
    fake.parent().Journal(
        Record(FakeTree::JobOf(1), Event("submit") + "," + Event("start"), FakeTree::Mark(1)));
    fake.parent().Journal(test::kSentinel);
    fake.Pump();
    CHECK(fake.received.records.back() == test::kSentinel);
    CHECK(fake.parent().lookups.empty());
    CHECK(fake.At(1) != nullptr);
  }
  SUBCASE("its sub-instance has ended meanwhile") {
    fake.parent().Journal(test::kSentinel);
    fake.Pump();
    CHECK(fake.parent().lookups == std::vector<journal::JobId>{FakeTree::JobOf(1)});
    fake.parent().Journal(Record(FakeTree::JobOf(1), ""));
    fake.Pump();
    CHECK(fake.At(1) == nullptr);
    CHECK(fake.Records("\"type\":\"lost\"").size() == 2);
  }
}

TEST_CASE("a stream of a sub-instance that ends is its end") {
  FakeTree fake(TreeOf(1));
  fake.Begin();
  fake.StartAll();
  fake.At(1)->Stream();
  fake.Pump();
  CHECK(fake.At(1) == nullptr);
  CHECK(fake.received.streams == 0);
}

}  // namespace flux_ensemble::tree
