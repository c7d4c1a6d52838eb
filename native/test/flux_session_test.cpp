// The session with Flux, against a broker that does what the test says.
#include "flux/flux_session.h"

#include <doctest/doctest.h>

#include <chrono>
#include <set>
#include <string>
#include <variant>

#include "flux/flux_loader.h"
#include "test/fake_broker.h"

namespace flux_ensemble::flux {

namespace {

using test::FakeBroker;
using test::Open;
using test::Order;
using test::Told;
using test::Window;

constexpr int kNoValidate = 8;

}  // namespace

TEST_CASE("the journal is asked for what is wanted") {
  FluxSessionOptions options;
  options.allow = {"submit", "we\"ird"};
  Open open(options);
  REQUIRE(open.broker.journals.size() == 1);
  CHECK(open.broker.journals[0] == R"({"full":false,"allow":{"submit":1,"we\"ird":1}})");
  CHECK(open.told.opens == 1);
  CHECK(open.told.streams == 1);
  CHECK(open.told.records.size() == 1);
}

TEST_CASE("the journal may be asked for everything") {
  FluxSessionOptions all;
  all.full = true;
  const Open open(all);
  CHECK(open.broker.journals.at(0) == R"({"full":true})");
}

TEST_CASE("a broker that can't be reached") {
  FakeBroker broker;
  broker.open_errno = ENOENT;
  FluxSessionOptions options;
  options.uri = "local:///nowhere";
  FluxSession session(broker.api(), options);
  Told told;
  session.Open(told);
  REQUIRE(told.failures.size() == 1);
  CHECK(told.failures[0].code == "ENOENT");
  CHECK(told.failures[0].message.find("local:///nowhere") != std::string::npos);
  CHECK(told.opens == 0);
  CHECK(session.fd() == -1);
  // What is asked for now is answered all the same.
  session.Submit(Order(1, 3), told);
  session.Cancel(2, {7, 8}, "why", told);
  REQUIRE(told.submitted.size() == 1);
  CHECK(told.submitted[0].dropped == 3);
  REQUIRE(told.controlled.size() == 1);
  CHECK(told.controlled[0].failed == 2);
  CHECK(session.submitting() == 0);
}

TEST_CASE("jobs carry their origin, and the window bounds how many are under way") {
  Open open(Window(4));
  open.session.Submit(Order(1, 10), open.told);
  // The first goes alone.
  REQUIRE(open.broker.submits.size() == 1);
  CHECK(open.broker.submits[0].json == R"({"rule":2,"firing":5,"index":100})");
  CHECK(open.broker.submits[0].flags == 0);
  CHECK(open.session.submitting() == 10);
  std::size_t most = 0;
  while (open.told.submitted.empty()) {
    most = std::max(most, open.broker.submits.size() - open.broker.answered);
    open.broker.AcceptAll();
    open.session.Pump(open.told);
  }
  CHECK(most == 4);
  CHECK(open.broker.submits.size() == 10);
  CHECK(open.told.submitted[0].number == 1);
  CHECK(open.told.submitted[0].accepted == 10);
  CHECK(open.session.submitting() == 0);
  CHECK(open.session.accepted() == 10);
  std::set<std::string> origins;
  for (const test::Sent& sent : open.broker.submits) origins.insert(sent.json);
  CHECK(origins.size() == 10);
  CHECK(open.broker.submits[9].flags == kNoValidate);
}

TEST_CASE("only the first job of a jobspec passes the validator, where that is allowed") {
  SUBCASE("also over several orders") {
    Open open;
    open.session.Submit(Order(1, 1), open.told);
    open.broker.AcceptAll();
    open.session.Pump(open.told);
    open.session.Submit(Order(2, 3), open.told);
    open.session.Submit(Order(3, 3, "{\"other\":1,"), open.told);
    REQUIRE(open.broker.submits.size() == 5);
    for (int i = 1; i <= 3; ++i) CHECK(open.broker.submits[i].flags == kNoValidate);
    CHECK(open.broker.submits[4].flags == 0);
  }
  SUBCASE("not in somebody else's instance") {
    Open open({}, false);
    open.session.Submit(Order(1, 5), open.told);
    REQUIRE(open.broker.submits.size() == 5);
    for (const test::Sent& sent : open.broker.submits) CHECK(sent.flags == 0);
  }
  SUBCASE("not if all are to be validated") {
    FluxSessionOptions options;
    options.validate_once = false;
    Open open(options);
    open.session.Submit(Order(1, 5), open.told);
    REQUIRE(open.broker.submits.size() == 5);
    for (const test::Sent& sent : open.broker.submits) CHECK(sent.flags == 0);
  }
}

TEST_CASE("a refused first job spares the others the way") {
  Open open;
  open.session.Submit(Order(1, 50), open.told);
  open.broker.Answer(open.broker.submits.at(0).request, EINVAL, "no such queue");
  open.session.Pump(open.told);
  REQUIRE(open.told.submitted.size() == 1);
  const runner::SubmitReport& report = open.told.submitted[0];
  CHECK(report.accepted == 0);
  CHECK(report.refused == 1);
  CHECK(report.dropped == 49);
  CHECK(report.reason == "no such queue");
  CHECK(open.broker.submits.size() == 1);
  CHECK(open.session.submitting() == 0);
}

TEST_CASE("jobs that can't even be sent are refused, and the order ends") {
  for (const std::uint64_t count : {1, 5}) {
    for (const bool owner : {true, false}) {
      CAPTURE(count);
      CAPTURE(owner);
      Open open({}, owner);
      open.broker.send_errno = EINVAL;
      open.session.Submit(Order(1, count), open.told);
      REQUIRE(open.told.submitted.size() == 1);
      const runner::SubmitReport& report = open.told.submitted[0];
      CHECK(report.refused == (owner ? 1 : count));
      CHECK(report.refused + report.dropped == count);
      CHECK(open.session.submitting() == 0);
      CHECK(open.told.failures.empty());
    }
  }
}

TEST_CASE("what is refused for now is sent again, after longer and longer waits") {
  Open open({}, false);
  open.session.Submit(Order(1, 2), open.told);
  // An acceptance begins the waits anew.
  open.broker.Answer(open.broker.submits.at(0).request, 0, R"({"id":1})");
  open.broker.Answer(open.broker.submits.at(1).request, EAGAIN, "later");
  open.session.Pump(open.told);
  CHECK(open.broker.submits.size() == 2);
  const auto first = open.session.deadline();
  REQUIRE(first.has_value());
  open.PumpAtDeadline();
  REQUIRE(open.broker.submits.size() == 3);
  CHECK(open.broker.submits[2].json == open.broker.submits[1].json);
  open.broker.Answer(open.broker.submits[2].request, ENOSYS, "later");
  open.session.Pump(open.told);
  const auto second = open.session.deadline();
  REQUIRE(second.has_value());
  CHECK(*second - *first > std::chrono::milliseconds(190));
  open.PumpAtDeadline();
  REQUIRE(open.broker.submits.size() == 4);
  open.broker.Answer(open.broker.submits[3].request, 0, R"({"id":2})");
  open.session.Pump(open.told);
  REQUIRE(open.told.submitted.size() == 1);
  CHECK(open.told.submitted[0].accepted == 2);
  CHECK(open.told.submitted[0].refused == 0);
}

TEST_CASE("StopSubmitting drops what waits and lets come what was sent") {
  Open open(Window(3), false);
  open.session.Submit(Order(1, 10), open.told);
  open.session.Submit(Order(2, 4), open.told);
  CHECK(open.session.submitting() == 14);
  open.session.StopSubmitting(open.told);
  REQUIRE(open.told.submitted.size() == 1);
  CHECK(open.told.submitted[0].number == 2);
  CHECK(open.told.submitted[0].dropped == 4);
  open.broker.AcceptAll();
  open.session.Pump(open.told);
  REQUIRE(open.told.submitted.size() == 2);
  CHECK(open.told.submitted[1].accepted == 3);
  CHECK(open.told.submitted[1].dropped == 7);
  CHECK(open.session.submitting() == 0);
  CHECK(open.broker.submits.size() == 3);
  open.session.Submit(Order(3, 2), open.told);
  CHECK(open.told.submitted.at(2).dropped == 2);
}

TEST_CASE("cancel passes over jobs that are inactive, and reports what failed") {
  Open open(Window(2));
  const journal::JobId large = (std::uint64_t{1} << 53) + 1;
  open.session.Cancel(9, {large, 2, 3, 4}, "a \"reason\"\n", open.told);
  CHECK(open.broker.calls.size() == 2);
  CHECK(open.broker.calls[0].topic == "job-manager.raise");
  CHECK(open.broker.calls[0].json ==
        R"({"id":9007199254740993,"type":"cancel","severity":0,"note":"a \"reason\"\u000a"})");
  open.broker.Answer(open.broker.calls[0].request, 0);
  open.broker.Answer(open.broker.calls[1].request, ENOENT, "unknown job");
  open.session.Pump(open.told);
  REQUIRE(open.broker.calls.size() == 4);
  open.broker.Answer(open.broker.calls[2].request, EINVAL, "inactive");
  open.broker.Answer(open.broker.calls[3].request, EPERM, "not yours");
  open.session.Pump(open.told);
  REQUIRE(open.told.controlled.size() == 1);
  CHECK(open.told.controlled[0].number == 9);
  CHECK(open.told.controlled[0].done == 1);
  CHECK(open.told.controlled[0].failed == 1);
  CHECK(open.told.controlled[0].reason == "not yours");
}

TEST_CASE("a cancel does not wait for a large order, and one of nothing is answered") {
  Open open(Window(2), false);
  open.session.Submit(Order(1, 1000), open.told);
  open.session.Cancel(2, {7}, "", open.told);
  CHECK(open.broker.calls.empty());  // the window is full
  open.broker.AcceptAll();
  open.session.Pump(open.told);
  CHECK(open.broker.calls.size() == 1);
  open.session.SetUrgency(3, {}, 31, open.told);
  open.broker.AcceptAll();
  open.broker.Answer(open.broker.calls.at(0).request, 0);
  open.session.Pump(open.told);
  CHECK(open.told.controlled.size() == 2);
}

TEST_CASE("controls that can't be sent are reported") {
  Open open;
  open.broker.send_errno = ENOMEM;
  open.session.SetUrgency(3, {1, 2}, 31, open.told);
  REQUIRE(open.told.controlled.size() == 1);
  CHECK(open.told.controlled[0].failed == 2);
  CHECK_FALSE(open.told.controlled[0].reason.empty());
}

TEST_CASE("a library that is not there, or is none") {
  const auto message = [](const std::string& path) {
    return std::get<std::string>(LoadFluxSource(path));
  };
  CHECK(message("/nowhere/flux_source.so").find("/nowhere/flux_source.so") != std::string::npos);
  CHECK(message("/nowhere/flux_source.so").find("pkg-config") != std::string::npos);
  CHECK(message("/etc/passwd").find("LD_LIBRARY_PATH") != std::string::npos);
}

}  // namespace flux_ensemble::flux
