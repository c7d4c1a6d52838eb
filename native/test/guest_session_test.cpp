// The session of a guest, with a broker that the test controls.
#include <doctest/doctest.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "flux/flux_session.h"
#include "test/fake_broker.h"

namespace flux_ensemble::flux {

namespace {

using test::Order;
using test::Sent;

std::string Entry(journal::JobId id, int state, const std::string& more = "") {
  return "{\"id\":" + std::to_string(id) + ",\"state\":" + std::to_string(state) +
         ",\"t_submit\":100" + more + "}";
}
std::string List(const std::string& jobs = "") {
  return "{\"jobs\":[" + jobs + "]}";
}

const std::string kEnd = R"(,"t_run":101,"t_cleanup":102,"t_inactive":103,"waitstatus":0)";
const std::string kEventlog =
    R"({"id":1,"eventlog":"{\"timestamp\":100,\"name\":\"submit\"}\n)"
    R"({\"timestamp\":101,\"name\":\"start\"}\n)"
    R"({\"timestamp\":102,\"name\":\"finish\",\"context\":{\"status\":0}}\n)"
    R"({\"timestamp\":103,\"name\":\"clean\"}\n"})";
const std::string kSentinel = R"({"id":-1,"events":[]})";

// The guest's session, before its first request.
struct Guest : test::Open {
  explicit Guest(FluxSessionOptions options = {}) : Open(std::move(options), false) {}

  // The last request that was sent, with its topic checked.
  const Sent& Last(const std::string& topic) {
    REQUIRE_FALSE(broker.calls.empty());
    CHECK(broker.calls.back().topic == topic);
    return broker.calls.back();
  }
  void Answer(const std::string& topic, const std::string& text, int errnum = 0) {
    broker.Answer(Last(topic).request, errnum, text);
    session.Pump(received);
  }
  // Past the list of the job that ended last and the first list.
  void Begin(const std::string& first = List()) {
    Answer("job-list.list", List());
    Answer("job-list.list", first);
  }
  void NextList(const std::string& list) {
    PumpAtDeadline();
    Answer("job-list.list", list);
  }
};

}  // namespace

TEST_CASE("a guest follows lists in place of the journal") {
  Guest guest;
  CHECK(guest.broker.journals.empty());
  CHECK(guest.received.opens == 0);
  guest.Begin();
  CHECK(guest.received.opens == 1);
  CHECK(guest.received.facts.guest);
  CHECK_FALSE(guest.received.facts.full);
  CHECK(guest.received.streams == 1);
  CHECK(guest.received.records == std::vector{kSentinel});
  // A list at a time, and not at once.
  const std::size_t calls = guest.broker.calls.size();
  guest.session.Pump(guest.received);
  CHECK(guest.broker.calls.size() == calls);
  REQUIRE(guest.session.deadline().has_value());
}

TEST_CASE("the stream of a guest begins with the eventlogs of the listed jobs") {
  Guest guest;
  guest.Begin(List(Entry(1, 16)));
  CHECK(guest.received.records.empty());
  CHECK(guest.Last("job-info.lookup").json ==
        R"({"id":1,"keys":["eventlog","jobspec"],"flags":0})");
  guest.Answer("job-info.lookup", kEventlog);
  REQUIRE(guest.received.records.size() == 2);
  CHECK(guest.received.records[0].find("\"id\":1,") != std::string::npos);
  CHECK(guest.received.records[1] == kSentinel);
}

TEST_CASE("the jobs of a guest are submitted by libflux-core and followed to their end") {
  Guest guest;
  guest.Begin();
  guest.session.Submit(Order(7, 2), guest.received);
  CHECK(guest.broker.submits.size() == 1);
  guest.broker.AcceptAll();
  guest.session.Pump(guest.received);
  REQUIRE(guest.broker.submits.size() == 2);
  CHECK(guest.broker.submits[0].json == R"({"rule":2,"firing":5,"index":100})");
  CHECK(guest.broker.submits[1].json == R"({"rule":2,"firing":5,"index":101})");
  CHECK(guest.session.submitting() == 1);
  guest.broker.AcceptAll();
  guest.session.Pump(guest.received);
  CHECK(guest.session.accepted() == 2);
  REQUIRE(guest.received.submitted.size() == 1);
  CHECK(guest.received.submitted[0].accepted == 2);

  guest.received.records.clear();
  guest.NextList(List(Entry(1, 8) + "," + Entry(2, 64, kEnd)));
  REQUIRE(guest.received.records.size() == 1);
  CHECK(guest.received.records[0] == R"({"id":1,"jobspec":{"rule":2,"firing":5,"index":100},)"
                                     R"("events":[{"timestamp":100,"name":"submit"}]})");
  CHECK(guest.Last("job-info.lookup").json == R"({"id":2,"keys":["eventlog"],"flags":0})");
  guest.Answer("job-info.lookup", kEventlog);
  REQUIRE(guest.received.records.size() == 2);
  CHECK(guest.received.records[1].starts_with(
      R"({"id":2,"jobspec":{"rule":2,"firing":5,"index":101},"events":[)"));
  CHECK_FALSE(guest.session.interrupted());
}

TEST_CASE("a guest whose jobs can't be signed gets the reason and a remedy") {
  Guest guest;
  guest.Begin();
  guest.session.Submit(Order(7, 1000), guest.received);
  guest.broker.Answer(guest.broker.submits.at(0).request, EPERM, "only instance owner can use it");
  guest.session.Pump(guest.received);
  REQUIRE(guest.received.submitted.size() == 1);
  const runner::SubmitReport& report = guest.received.submitted[0];
  CHECK(report.refused == 1);
  CHECK(report.dropped == 999);
  CHECK(report.reason.starts_with("only instance owner can use it; jobs of a guest are signed"));
  CHECK(report.reason.find("flux alloc") != std::string::npos);
}

TEST_CASE("a guest cancels jobs, and sets urgencies up to 16") {
  Guest guest;
  guest.Begin();
  guest.session.Cancel(1, {5}, "why", guest.received);
  CHECK(guest.Last("job-manager.raise").json ==
        R"({"id":5,"type":"cancel","severity":0,"note":"why"})");
  guest.Answer("job-manager.raise", "{}");
  guest.session.SetUrgency(2, {5}, 16, guest.received);
  CHECK(guest.Last("job-manager.urgency").json == R"({"id":5,"urgency":16})");
  guest.Answer("job-manager.urgency", "{}");
  const std::size_t calls = guest.broker.calls.size();
  guest.session.SetUrgency(3, {5, 6}, 17, guest.received);
  CHECK(guest.broker.calls.size() == calls);
  REQUIRE(guest.received.controlled.size() == 3);
  CHECK(guest.received.controlled[0].done == 1);
  CHECK(guest.received.controlled[1].done == 1);
  CHECK(guest.received.controlled[2].failed == 2);
  CHECK(guest.received.controlled[2].reason ==
        "a guest of a Flux instance may set an urgency of 16 at most, not 17");
}

TEST_CASE("a list that fails for a moment is requested again") {
  Guest guest;
  guest.Begin();
  for (const int errnum : {ENOSYS, EAGAIN, EHOSTUNREACH}) {
    guest.PumpAtDeadline();
    guest.Answer("job-list.list", "no", errnum);
    CHECK(guest.session.interrupted());
    CHECK(guest.received.failures.empty());
  }
  guest.NextList(List());
  CHECK_FALSE(guest.session.interrupted());
  CHECK(guest.received.streams == 1);
}

TEST_CASE("a list that is refused, is not one, or stays away fails the run") {
  Guest refused;
  refused.Answer("job-list.list", "you may not", EPERM);
  REQUIRE(refused.received.failures.size() == 1);
  CHECK(refused.received.failures[0].code == "EPERM");
  CHECK(refused.received.failures[0].message ==
        "Flux does not list the jobs of this user: you may not");

  Guest rubbish;
  rubbish.Begin("rubbish");
  REQUIRE(rubbish.received.failures.size() == 1);
  CHECK(rubbish.received.failures[0].code == "EPROTO");

  FluxSessionOptions options;
  options.patience = std::chrono::milliseconds(1);
  Guest away(options);
  away.Answer("job-list.list", "no", ENOSYS);
  CHECK(away.received.failures.empty());
  away.PumpAtDeadline();
  away.Answer("job-list.list", "no", ENOSYS);
  REQUIRE(away.received.failures.size() == 1);
  CHECK(away.received.failures[0].message.ends_with("its module job-list is not loaded"));
}

TEST_CASE("a question for a list is answered after a later list and its eventlogs") {
  Guest guest;
  guest.Begin();
  guest.PumpAtDeadline();
  const std::uint64_t earlier = guest.Last("job-list.list").request;
  guest.session.Ask(9, {std::string(kGuestListTopic), "{}", {}}, guest.received);
  guest.broker.Answer(earlier, 0, List());
  guest.session.Pump(guest.received);
  CHECK(guest.received.asked.empty());
  // The next list is requested at once.
  CHECK(guest.Last("job-list.list").request != earlier);
  guest.Answer("job-list.list", List(Entry(3, 64, kEnd)));
  CHECK(guest.received.asked.empty());
  guest.Answer("job-info.lookup", kEventlog);
  REQUIRE(guest.received.asked.size() == 1);
  CHECK(guest.received.asked[0] == std::pair{std::uint64_t{9}, std::string("{}")});

  guest.session.Ask(10, {std::string(kGuestListTopic), "{}", {}}, guest.received);
  guest.session.Close(guest.received);
  REQUIRE(guest.received.asked.size() == 2);
  CHECK(guest.received.asked[1].first == 10);
}

}  // namespace flux_ensemble::flux
