// A tree of fake instances: where jobs go, and how answers add up.
#include "tree/tree_source.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
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

runner::SubmitOrder OrderOf(std::uint64_t number, std::uint64_t count, int urgency) {
  runner::SubmitOrder order = Order(number, count);
  order.portion.urgency = urgency;
  order.firing = number;
  return order;
}

}  // namespace

TEST_CASE("sub-instances are started after the backlog of the parent") {
  FakeTree fake(TreeOf(2));
  CHECK(fake.received.opens == 1);
  CHECK(fake.parent().orders.empty());
  fake.Begin();
  REQUIRE(fake.parent().orders.size() == 2);
  CHECK(fake.received.records == std::vector<std::string>{test::kSentinel});
  const engine::Jobspec& jobspec = *fake.parent().orders[0].portion.jobspec;
  CHECK(jobspec.head + "\"index\":0" + jobspec.tail ==
        R"({"resources":[{"type":"node","count":1,"exclusive":true,"with":[{"type":"slot",)"
        R"("count":1,"label":"task","with":[{"type":"core","count":1}]}]}],"attributes":{"user":{)"
        R"("flux_ensemble_instance":"run:1","origin":{"index":0}}}})");
  fake.StartAll();
  REQUIRE(fake.At(1) != nullptr);
  REQUIRE(fake.At(2) != nullptr);
  // Neither their jobs nor their sentinels are seen outside, nor do they count.
  CHECK(fake.received.records.size() == 1);
  CHECK(fake.tree().accepted() == 0);
  CHECK(fake.tree().submitting() == 0);
  CHECK(fake.received.streams == 0);  // the fake parent reports none
}

TEST_CASE("without a size, sub-instances share the parent's resources") {
  TreeOptions options = TreeOf(3);
  options.nodes = 0;
  FakeTree fake(options);
  fake.Begin();
  CHECK(fake.parent().orders.empty());
  const auto head = [&] { return fake.parent().orders.at(0).portion.jobspec->head; };
  SUBCASE("its nodes") {
    fake.parent().AnswerAll(test::Resources(7, 4));
    fake.Pump();
    CHECK(head().find(R"("type":"node","count":2,"exclusive":true)") != std::string::npos);
  }
  SUBCASE("its cores when it has few nodes") {
    fake.parent().AnswerAll(test::Resources(1, 8));
    fake.Pump();
    CHECK(head().find(R"("type":"node","count":1,"with")") != std::string::npos);
    CHECK(head().find(R"("type":"core","count":2)") != std::string::npos);
  }
}

TEST_CASE("an order is split, and its reports add up") {
  FakeTree fake(TreeOf(3));
  fake.Begin();
  fake.tree().Submit(Order(1, 99), fake.received);
  CHECK(fake.tree().submitting() == 99);
  fake.StartAll();
  // Those that come up first leave jobs for the others.
  std::set<std::uint64_t> indexes;
  for (const std::uint32_t number : {1, 2, 3}) {
    CHECK(fake.Given(number) == 33);
    for (const runner::SubmitOrder& order : fake.At(number)->orders) {
      for (std::uint64_t i = 0; i < order.portion.count; ++i) indexes.insert(order.first_index + i);
    }
  }
  CHECK(indexes.size() == 99);
  CHECK(*indexes.begin() == 100);
  CHECK(*indexes.rbegin() == 198);
  fake.Show(1);
  fake.Show(2);
  CHECK(fake.received.submitted.empty());
  CHECK(fake.tree().submitting() == 33);
  fake.Show(3);
  REQUIRE(fake.received.submitted.size() == 1);
  CHECK(fake.received.submitted[0].number == 1);
  CHECK(fake.received.submitted[0].accepted == 99);
  CHECK(fake.tree().accepted() == 99);
  // Ids of different sub-instances differ, although their own are the same.
  std::set<std::uint64_t> ids;
  for (const std::string& record : fake.received.records) ids.insert(std::stoull(record.substr(6)));
  CHECK(ids.size() == 1 + 99);
}

TEST_CASE("an order goes on where another one was refused, and the refusal ends its order") {
  FakeTree fake(TreeOf(1));
  fake.Begin();
  fake.StartAll();
  fake.tree().Submit(OrderOf(1, 300, 16), fake.received);
  fake.tree().Submit(OrderOf(2, 5, 16), fake.received);
  REQUIRE(fake.At(1)->orders.size() == 1);
  CHECK(fake.At(1)->orders[0].portion.count == 256);
  fake.At(1)->Report({fake.At(1)->orders[0].number, 0, 1, 255, "unsatisfiable", false});
  fake.Pump();
  REQUIRE(fake.received.submitted.size() == 1);
  CHECK(fake.received.submitted[0].number == 1);
  CHECK(fake.received.submitted[0].refused == 1);
  CHECK(fake.received.submitted[0].dropped == 299);
  CHECK(fake.received.submitted[0].reason == "unsatisfiable");
  REQUIRE(fake.At(1)->orders.size() == 2);
  CHECK(fake.At(1)->orders[1].firing == 2);
}

TEST_CASE("jobs of a canceled group no longer wait") {
  FakeTree fake(TreeOf(1));
  fake.Begin();
  fake.StartAll();
  runner::SubmitOrder order = OrderOf(1, 300, 16);
  order.portion.group = 1;
  fake.tree().Submit(std::move(order), fake.received);
  fake.tree().Submit(OrderOf(2, 20, 16), fake.received);
  CHECK(fake.tree().DropGroup(engine::GroupPart(1), fake.received) == 44);
  CHECK(fake.tree().DropGroup(engine::GroupPart(1), fake.received) == 0);
  CHECK(fake.received.submitted.empty());
  CHECK(fake.Show(1).size() == 256);
  fake.Pump();
  REQUIRE(fake.received.submitted.size() == 1);
  CHECK(fake.received.submitted[0].number == 1);
  CHECK(fake.received.submitted[0].accepted == 256);
  CHECK(fake.received.submitted[0].dropped == 44);
  CHECK(fake.received.submitted[0].canceled == 44);
}

TEST_CASE("the window bounds what a sub-instance has, and higher urgencies go first") {
  FakeTree fake(TreeOf(1));
  fake.Begin();
  fake.StartAll();
  fake.tree().Submit(OrderOf(1, 256, 16), fake.received);
  const std::vector<std::uint64_t> ids = fake.Show(1);
  CHECK(ids.size() == 256);
  fake.tree().Submit(OrderOf(2, 10, 16), fake.received);
  fake.tree().Submit(OrderOf(3, 10, 31), fake.received);
  CHECK(fake.At(1)->orders.size() == 1);
  fake.End(1, {ids.begin(), ids.begin() + 15});
  REQUIRE(fake.At(1)->orders.size() >= 3);
  std::uint64_t urgent = 0;
  for (const runner::SubmitOrder& order : fake.At(1)->orders) {
    if (order.firing == 3) urgent += order.portion.count;
  }
  CHECK(urgent == 10);
  CHECK(fake.Given(1) == 256 + 15);
}

TEST_CASE("the largest window is 1,024 jobs beyond those that can run") {
  FakeTree fake(TreeOf(1), 4096);
  fake.Begin();
  fake.StartAll();
  fake.tree().Submit(Order(1, 100'000), fake.received);
  CHECK(fake.Given(1) == 4096 + 1024);
}

TEST_CASE("the window grows with the pace of a sub-instance") {
  Child child;
  child.shape = Shape{1, 2, 2, 0};
  CHECK(child.window() == 2 + 4);
  const auto begin = Child::Clock::now();
  for (int i = 0; i < 50; ++i) child.CountEnd(begin);
  CHECK(child.window() == 2 + 100);
  child.CountEnd(begin + std::chrono::milliseconds(1500));
  CHECK(child.window() == 2 + 100);
  for (int i = 0; i < 500; ++i) child.CountEnd(begin + std::chrono::milliseconds(1600));
  CHECK(child.window() == 256);
  // After a pause, the pace before it is forgotten.
  child.CountEnd(begin + std::chrono::seconds(10));
  CHECK(child.window() == 2 + 4);
}

TEST_CASE("a job that is larger than a sub-instance goes to the parent") {
  FakeTree fake(TreeOf(2));
  fake.Begin();
  const std::string large =
      R"({"resources":[{"type":"node","count":2,"with":[{"type":"core","count":1}]}],)";
  // The size of a sub-instance is not known yet.
  fake.tree().Submit(Order(1, 3, large), fake.received);
  CHECK(fake.parent().orders.size() == 2);
  fake.StartAll();
  REQUIRE(fake.parent().orders.size() == 3);
  CHECK(fake.parent().orders[2].portion.count == 3);
  fake.tree().Submit(Order(2, 4, large), fake.received);
  REQUIRE(fake.parent().orders.size() == 4);
  fake.parent().Accept(fake.parent().orders[3]);
  fake.parent().Journal(Record(77, Event("submit"), R"({"ensemble":"run","group":"g"})"));
  fake.Pump();
  REQUIRE(fake.received.submitted.size() == 1);
  CHECK(fake.received.submitted[0].accepted == 4);
  CHECK(fake.Records("{\"id\":77,").size() == 1);
  CHECK(fake.tree().accepted() == 4);
}

TEST_CASE("idle sub-instances make room for a job that waits in the parent") {
  FakeTree fake(TreeOf(1));
  fake.Begin();
  fake.StartAll();
  fake.parent().Journal(Record(77, Event("submit"), R"({"ensemble":"run","group":"g"})"));
  fake.Pump();
  fake.Pump();
  REQUIRE(fake.parent().cancels.size() == 1);
  CHECK(fake.parent().cancels[0].ids == std::vector<journal::JobId>{FakeTree::JobOf(1)});
  fake.EndJob(1, Event("clean"));
  CHECK(fake.parent().orders.size() == 1);
  fake.parent().Journal(Record(77, Event("start")));
  fake.Pump();
  CHECK(fake.parent().orders.size() == 2);
}

TEST_CASE("cancels and urgencies go to the instance of each job") {
  FakeTree fake(TreeOf(2));
  fake.Begin();
  fake.StartAll();
  const std::vector<journal::JobId> ids = {InTree(4, 1), 9, InTree(5, 1), InTree(4, 2),
                                           InTree(1, 3)};
  fake.tree().Cancel(8, ids, "why", fake.received);
  CHECK(fake.At(1)->cancels.at(0).ids == std::vector<journal::JobId>{4, 5});
  CHECK(fake.At(1)->cancels.at(0).note == "why");
  CHECK(fake.At(2)->cancels.at(0).ids == std::vector<journal::JobId>{4});
  CHECK(fake.parent().cancels.at(0).ids == std::vector<journal::JobId>{9});
  REQUIRE(fake.received.controlled.size() == 1);
  CHECK(fake.received.controlled[0].number == 8);
  CHECK(fake.received.controlled[0].done == 4);
  fake.tree().SetUrgency(9, {InTree(4, 1), InTree(4, 2)}, 3, fake.received);
  REQUIRE(fake.received.controlled.size() == 2);
  CHECK(fake.received.controlled[1].failed == 2);
  CHECK(fake.received.controlled[1].reason == "it does not run");
}

TEST_CASE("questions go to the parent, to one sub-instance, or to the tree") {
  FakeTree fake(TreeOf(1));
  fake.Begin();
  fake.StartAll();
  fake.tree().Ask(1, {"kvs.lookup", "{}", std::nullopt}, fake.received);
  fake.tree().Ask(2, {"@1/kvs.lookup", "{\"a\":1}", std::nullopt}, fake.received);
  CHECK(fake.parent().questions.at(0).topic == "kvs.lookup");
  CHECK(fake.At(1)->questions.at(0).topic == "kvs.lookup");
  CHECK(fake.At(1)->questions.at(0).json == "{\"a\":1}");
  fake.At(1)->AnswerAll("{\"b\":2}");
  fake.Pump();
  using Answer = std::pair<std::uint64_t, std::string>;
  CHECK(fake.received.asked.back() == Answer(2, "{\"b\":2}"));
  for (const char* const gone : {"@7/kvs.lookup", "@/x", "@1", "@1x/y", "@99999999999/x"}) {
    CAPTURE(gone);
    fake.tree().Ask(3, {gone, "{}", std::nullopt}, fake.received);
    if (std::string_view(gone) == "@1x/y") continue;  // the digits decide
    CHECK(fake.received.asked.back() == Answer(3, "EHOSTUNREACH"));
  }
  fake.tree().Ask(4, {"tree.other", "{}", std::nullopt}, fake.received);
  CHECK(fake.received.asked.back() == Answer(4, "ENOSYS"));
  fake.tree().Ask(5, {"tree.status", "{}", std::nullopt}, fake.received);
  CHECK(fake.received.asked.back().second ==
        R"({"instances":[{"instance":1,"job":"5001","uri":"local:///child-1","state":"up",)"
        R"("adopted":false,"jobs":0}],"target":1})");
}

TEST_CASE("odd records go up as invalid, and those of other brokers do not") {
  FakeTree fake(TreeOf(1));
  fake.Begin();
  fake.StartAll();
  FakeSource& child = *fake.At(1);
  const std::size_t before = fake.received.records.size();
  for (const char* const odd :
       {R"({"id":"x"})", "", "null", R"({"id":1,"events":[]}{"id":2,"events":[]})",
        R"({"\u0069d":1,"events":[]})", R"({"id":1,"events":[{"name":7}]})"}) {
    child.Journal(odd);
  }
  fake.Pump();
  for (std::size_t i = before; i < fake.received.records.size(); ++i) {
    CAPTURE(fake.received.records[i]);
    // None of them has an id of the parent.
    CHECK(fake.received.records[i].find("\"events\":[]") == std::string::npos);
  }
  const std::size_t count = fake.received.records.size();
  child.Journal(Record(3 << kGeneratorShift | 1, Event("submit"), R"({"group":"g"})"));
  fake.Pump();
  CHECK(fake.received.records.size() == count);
  // A job's own context does not look like the mark of a sub-instance.
  fake.parent().Journal(Record(88, Event("memo", FakeTree::Mark(1))));
  fake.parent().Journal(Record(89, Event("submit", R"({"x":"\"flux_ensemble_instance\":\"run:1"})"),
                               R"({"group":"g"})"));
  fake.Pump();
  CHECK(fake.Records("{\"id\":88,").size() == 1);
  CHECK(fake.Records("{\"id\":89,").size() == 1);
}

TEST_CASE("an order to stop drops what waits") {
  FakeTree fake(TreeOf(1));
  fake.Begin();
  fake.tree().Submit(Order(1, 10), fake.received);
  fake.tree().StopSubmitting(fake.received);
  REQUIRE(fake.received.submitted.size() == 1);
  CHECK(fake.received.submitted[0].dropped == 10);
  CHECK(fake.tree().submitting() == 0);
  fake.tree().Submit(Order(2, 4), fake.received);
  REQUIRE(fake.received.submitted.size() == 2);
  CHECK(fake.received.submitted[1].dropped == 4);
}

TEST_CASE("a closed tree has answered everything") {
  FakeTree fake(TreeOf(2));
  fake.Begin();
  fake.StartAll();
  fake.tree().Submit(Order(1, 10), fake.received);
  fake.tree().Submit(Order(2, 1000), fake.received);
  fake.tree().Close(fake.received);
  REQUIRE(fake.received.submitted.size() == 2);
  CHECK(fake.received.submitted[0].dropped + fake.received.submitted[1].dropped == 1010);
  CHECK_FALSE(fake.tree().deadline().has_value());
}

}  // namespace flux_ensemble::tree
