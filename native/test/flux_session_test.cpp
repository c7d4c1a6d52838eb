// The session with Flux, with a broker that the test controls.
#include "flux/flux_session.h"

#include <doctest/doctest.h>

#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <variant>

#include "flux/flux_library.h"
#include "test/fake_broker.h"

namespace flux_ensemble::flux {

namespace {

using test::FakeBroker;
using test::NoTrial;
using test::Open;
using test::Order;
using test::ReceivedMessages;
using test::Window;

constexpr int kNoValidate = 8;

}  // namespace

TEST_CASE("the journal's request lists the wanted events") {
  FluxSessionOptions options;
  options.allow = {"submit", "we\"ird"};
  Open open(options);
  REQUIRE(open.broker.journals.size() == 1);
  CHECK(open.broker.journals[0] == R"({"full":false,"allow":{"submit":1,"we\"ird":1}})");
  CHECK(open.received.opens == 1);
  CHECK(open.received.streams == 1);
  CHECK(open.received.records.size() == 1);
}

TEST_CASE("the journal's request may ask for everything") {
  FluxSessionOptions all;
  all.inactive_jobs = 10;
  const Open open(all);
  CHECK(open.broker.journals.at(0) == R"({"full":true})");
}

TEST_CASE("inactive jobs are requested as long as they are few") {
  FluxSessionOptions few;
  few.inactive_jobs = 9;  // the broker has 10
  const Open too_many(few);
  CHECK(too_many.broker.journals.at(0) == R"({"full":false})");
  CHECK_FALSE(too_many.received.facts.full);
  CHECK(too_many.received.facts.inactive_jobs == 10);

  few.inactive_jobs = 10;
  Open open(few);
  CHECK(open.received.facts.full);
  open.session.ShowActiveOnly();
  open.broker.EndJournal(ENODATA);
  open.session.Pump(open.received);
  std::this_thread::sleep_until(*open.session.deadline());
  open.session.Pump(open.received);
  REQUIRE(open.broker.journals.size() == 2);
  CHECK(open.broker.journals[1] == R"({"full":false})");
}

TEST_CASE("another instance is recognized by its first broker") {
  FluxSessionOptions options;
  CHECK_FALSE(Open(options).received.facts.another);
  options.instance = "instance";
  CHECK_FALSE(Open(options).received.facts.another);
  options.instance = "earlier";
  const Open open(options);
  CHECK(open.received.facts.another);
  CHECK(open.received.facts.instance == "instance");
}

TEST_CASE("the stream of an instance that starts is requested when it runs") {
  FluxSessionOptions options;
  options.await_running = true;
  Open open(options);
  CHECK(open.received.opens == 1);
  CHECK(open.received.streams == 0);
  CHECK(open.broker.journals.empty());
  REQUIRE(open.broker.calls.size() == 1);
  CHECK(open.broker.calls[0].topic == "state-machine.wait");
  SUBCASE("it runs") {
    open.broker.Answer(open.broker.calls[0].request, 0, "{}");
    open.session.Pump(open.received);
    CHECK(open.received.streams == 1);
    CHECK(open.broker.journals.size() == 1);
    CHECK(open.received.failures.empty());
  }
  SUBCASE("it ends before") {
    open.broker.Answer(open.broker.calls[0].request, ENODATA, "exiting");
    open.session.Pump(open.received);
    REQUIRE(open.received.failures.size() == 1);
    CHECK(open.received.failures[0].code == "ENODATA");
    CHECK(open.received.streams == 0);
  }
}

TEST_CASE("a broker that can't be reached is a failure, and requests are dropped") {
  FakeBroker broker;
  broker.open_errno = ENOENT;
  FluxSessionOptions options;
  options.uri = "local:///nowhere";
  FluxSession session(ConnectAlone(broker.api()), options);
  ReceivedMessages received;
  session.Open(received);
  REQUIRE(received.failures.size() == 1);
  CHECK(received.failures[0].code == "ENOENT");
  CHECK(received.failures[0].message.find("local:///nowhere") != std::string::npos);
  CHECK(received.opens == 0);
  CHECK(session.fd() == -1);
  // Later requests are answered, too.
  session.Submit(Order(1, 3), received);
  session.Cancel(2, {7, 8}, "why", received);
  REQUIRE(received.submitted.size() == 1);
  CHECK(received.submitted[0].dropped == 3);
  REQUIRE(received.controlled.size() == 1);
  CHECK(received.controlled[0].failed == 2);
  CHECK(session.submitting() == 0);
}

TEST_CASE("jobs carry their origin, and the window bounds the jobs in flight") {
  Open open(Window(4));
  open.session.Submit(Order(1, 10), open.received);
  // The first goes alone.
  REQUIRE(open.broker.submits.size() == 1);
  CHECK(open.broker.submits[0].json == R"({"rule":2,"firing":5,"index":100})");
  CHECK(open.broker.submits[0].flags == 0);
  CHECK(open.session.submitting() == 10);
  std::size_t most = 0;
  while (open.received.submitted.empty()) {
    most = std::max(most, open.broker.submits.size() - open.broker.answered);
    open.broker.AcceptAll();
    open.session.Pump(open.received);
  }
  CHECK(most == 4);
  CHECK(open.broker.submits.size() == 10);
  CHECK(open.received.submitted[0].number == 1);
  CHECK(open.received.submitted[0].accepted == 10);
  CHECK(open.session.submitting() == 0);
  CHECK(open.session.accepted() == 10);
  std::set<std::string> origins;
  for (const test::Sent& sent : open.broker.submits) origins.insert(sent.json);
  CHECK(origins.size() == 10);
  CHECK(open.broker.submits[9].flags == kNoValidate);
}

TEST_CASE("only the first job of a jobspec passes the validator, where that is allowed") {
  SUBCASE("over several orders") {
    Open open;
    open.session.Submit(Order(1, 1), open.received);
    open.broker.AcceptAll();
    open.session.Pump(open.received);
    open.session.Submit(Order(2, 3), open.received);
    open.session.Submit(Order(3, 3, "{\"other\":1,"), open.received);
    REQUIRE(open.broker.submits.size() == 5);
    for (int i = 1; i <= 3; ++i) CHECK(open.broker.submits[i].flags == kNoValidate);
    CHECK(open.broker.submits[4].flags == 0);
  }
  SUBCASE("not in another user's instance, where only the others wait for the first") {
    Open open({}, false);
    open.session.Submit(Order(1, 5), open.received);
    CHECK(open.broker.submits.size() == 1);
    open.broker.AcceptAll();
    open.session.Pump(open.received);
    REQUIRE(open.broker.submits.size() == 5);
    for (const test::Sent& sent : open.broker.submits) CHECK(sent.flags == 0);
  }
  SUBCASE("not if all are to be validated") {
    FluxSessionOptions options;
    options.validate_once = false;
    Open open(options);
    open.session.Submit(Order(1, 5), open.received);
    REQUIRE(open.broker.submits.size() == 5);
    for (const test::Sent& sent : open.broker.submits) CHECK(sent.flags == 0);
  }
}

TEST_CASE("a refused first job refuses the others without sending them") {
  Open open;
  open.session.Submit(Order(1, 50), open.received);
  open.broker.Answer(open.broker.submits.at(0).request, EINVAL, "no such queue");
  open.session.Pump(open.received);
  REQUIRE(open.received.submitted.size() == 1);
  const runner::SubmitReport& report = open.received.submitted[0];
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
      open.session.Submit(Order(1, count), open.received);
      REQUIRE(open.received.submitted.size() == 1);
      const runner::SubmitReport& report = open.received.submitted[0];
      CHECK(report.refused == 1);
      CHECK(report.refused + report.dropped == count);
      CHECK(open.session.submitting() == 0);
      CHECK(open.received.failures.empty());
    }
  }
}

TEST_CASE("jobs with a transient refusal are sent again, after doubling delays") {
  Open open(NoTrial());
  open.session.Submit(Order(1, 2), open.received);
  // An acceptance resets the delays.
  open.broker.Answer(open.broker.submits.at(0).request, 0, R"({"id":1})");
  open.broker.Answer(open.broker.submits.at(1).request, EAGAIN, "later");
  open.session.Pump(open.received);
  CHECK(open.broker.submits.size() == 2);
  const auto first = open.session.deadline();
  REQUIRE(first.has_value());
  open.PumpAtDeadline();
  REQUIRE(open.broker.submits.size() == 3);
  CHECK(open.broker.submits[2].json == open.broker.submits[1].json);
  open.broker.Answer(open.broker.submits[2].request, ENOSYS, "later");
  open.session.Pump(open.received);
  const auto second = open.session.deadline();
  REQUIRE(second.has_value());
  CHECK(*second - *first > std::chrono::milliseconds(190));
  open.PumpAtDeadline();
  REQUIRE(open.broker.submits.size() == 4);
  open.broker.Answer(open.broker.submits[3].request, 0, R"({"id":2})");
  open.session.Pump(open.received);
  REQUIRE(open.received.submitted.size() == 1);
  CHECK(open.received.submitted[0].accepted == 2);
  CHECK(open.received.submitted[0].refused == 0);
}

TEST_CASE("StopSubmitting drops waiting jobs and reports sent jobs") {
  Open open(NoTrial(3));
  open.session.Submit(Order(1, 10), open.received);
  open.session.Submit(Order(2, 4), open.received);
  CHECK(open.session.submitting() == 14);
  open.session.StopSubmitting(open.received);
  REQUIRE(open.received.submitted.size() == 1);
  CHECK(open.received.submitted[0].number == 2);
  CHECK(open.received.submitted[0].dropped == 4);
  open.broker.AcceptAll();
  open.session.Pump(open.received);
  REQUIRE(open.received.submitted.size() == 2);
  CHECK(open.received.submitted[1].accepted == 3);
  CHECK(open.received.submitted[1].dropped == 7);
  CHECK(open.session.submitting() == 0);
  CHECK(open.broker.submits.size() == 3);
  open.session.Submit(Order(3, 2), open.received);
  CHECK(open.received.submitted.at(2).dropped == 2);
}

TEST_CASE("a cancel skips inactive jobs and reports failures") {
  Open open(Window(2));
  const journal::JobId large = (std::uint64_t{1} << 53) + 1;
  open.session.Cancel(9, {large, 2, 3, 4}, "a \"reason\"\n", open.received);
  CHECK(open.broker.calls.size() == 2);
  CHECK(open.broker.calls[0].topic == "job-manager.raise");
  CHECK(open.broker.calls[0].json ==
        R"({"id":9007199254740993,"type":"cancel","severity":0,"note":"a \"reason\"\u000a"})");
  open.broker.Answer(open.broker.calls[0].request, 0);
  open.broker.Answer(open.broker.calls[1].request, ENOENT, "unknown job");
  open.session.Pump(open.received);
  REQUIRE(open.broker.calls.size() == 4);
  open.broker.Answer(open.broker.calls[2].request, EINVAL, "inactive");
  open.broker.Answer(open.broker.calls[3].request, EPERM, "not yours");
  open.session.Pump(open.received);
  REQUIRE(open.received.controlled.size() == 1);
  CHECK(open.received.controlled[0].number == 9);
  CHECK(open.received.controlled[0].done == 1);
  CHECK(open.received.controlled[0].failed == 1);
  CHECK(open.received.controlled[0].reason == "not yours");
}

TEST_CASE("a cancel does not wait for a large order, and a cancel of no jobs is answered") {
  Open open(NoTrial(2));
  open.session.Submit(Order(1, 1000), open.received);
  open.session.Cancel(2, {7}, "", open.received);
  CHECK(open.broker.calls.empty());  // the window is full
  open.broker.AcceptAll();
  open.session.Pump(open.received);
  CHECK(open.broker.calls.size() == 1);
  open.session.SetUrgency(3, {}, 31, open.received);
  open.broker.AcceptAll();
  open.broker.Answer(open.broker.calls.at(0).request, 0);
  open.session.Pump(open.received);
  CHECK(open.received.controlled.size() == 2);
}

TEST_CASE("controls that can't be sent are reported") {
  Open open;
  open.broker.send_errno = ENOMEM;
  open.session.SetUrgency(3, {1, 2}, 31, open.received);
  REQUIRE(open.received.controlled.size() == 1);
  CHECK(open.received.controlled[0].failed == 2);
  CHECK_FALSE(open.received.controlled[0].reason.empty());
}

TEST_CASE("missing and invalid libraries are reported, each with its reason, and a remedy") {
  // libc has no functions of Flux.
  const std::string message =
      OpenFluxLibrary({"/nowhere/libflux-core.so.2", "/etc/passwd", "libc.so.6"}).error().message;
  for (const std::string part :
       {"/nowhere/libflux-core.so.2: cannot open", "/etc/passwd: ",
        "libc.so.6 has no flux_open_ex, so it is older than 0.42", "LD_LIBRARY_PATH"}) {
    CAPTURE(message);
    CHECK(message.find(part) != std::string::npos);
  }
}

}  // namespace flux_ensemble::flux
