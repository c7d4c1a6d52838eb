// The session with Flux when the stream, the connection or an answer is lost.
#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <variant>

#include "flux/flux_session.h"
#include "journal/eventlog_record.h"
#include "log/writer.h"
#include "test/fake_broker.h"
#include "test/journals.h"
#include "test/log_folder.h"
#include "test/runner_owner.h"
#include "test/support.h"

namespace flux_ensemble::flux {

using test::FakeBroker;
using test::NoTrial;
using test::Open;
using test::Order;
using test::Window;

TEST_CASE("a stream that ends is requested again, and jobs wait for it") {
  for (const int errnum : {ENODATA, ENOSYS}) {
    Open open;
    open.broker.EndJournal(errnum);
    open.session.Pump(open.received);
    CHECK(open.received.failures.empty());
    open.session.Submit(Order(1, 2), open.received);
    CHECK(open.broker.submits.empty());
    CHECK(open.session.submitting() == 2);
    CHECK(open.broker.journals.size() == 1);
    open.PumpAtDeadline();
    CHECK(open.broker.journals.size() == 2);
    CHECK(open.received.streams == 2);
    CHECK_FALSE(open.session.deadline().has_value());
    // The job manager is still missing.
    open.broker.EndJournal(ENOSYS);
    open.session.Pump(open.received);
    open.PumpAtDeadline();
    CHECK(open.broker.journals.size() == 3);
    open.broker.Sentinel();
    open.session.Pump(open.received);
    CHECK(open.broker.submits.size() == 1);
    CHECK(open.received.failures.empty());
  }
}

TEST_CASE("a stream is widened without a gap") {
  FluxSessionOptions options;
  options.allow = {"submit"};
  Open open(options);
  CHECK(open.session.Widen({"submit", "alloc"}, open.received));
  REQUIRE(open.broker.journals.size() == 2);
  CHECK(open.broker.journals[1] == R"({"full":false,"allow":{"submit":1,"alloc":1}})");
  CHECK(open.received.streams == 1);
  CHECK(open.broker.closed_streams.empty());
  // The first stream is followed up to the first record of the second one.
  open.broker.Journal(R"({"id":1,"events":[]})", 0);
  open.broker.Journal(R"({"id":2,"events":[]})", 1);
  open.broker.Journal(R"({"id":3,"events":[]})", 0);
  open.broker.Journal(R"({"id":4,"events":[]})", 1);
  open.broker.EndJournal(ENODATA, "", 0);
  open.session.Pump(open.received);
  CHECK(open.received.streams == 2);
  REQUIRE(open.received.records.size() == 4);
  CHECK(open.received.records[1].starts_with(R"({"id":1)"));
  CHECK(open.received.records[2].starts_with(R"({"id":2)"));
  CHECK(open.received.records[3].starts_with(R"({"id":4)"));
  CHECK(open.broker.closed_streams == std::vector<std::uint64_t>{open.broker.streams[0]});
  CHECK_FALSE(open.session.interrupted());
  CHECK_FALSE(open.session.deadline().has_value());
}

TEST_CASE("a stream that ends while it is widened comes back with all events") {
  FluxSessionOptions options;
  options.allow = {"submit"};
  Open open(options);
  open.session.Widen({"submit", "alloc"}, open.received);
  open.broker.EndJournal(ENODATA, "", 0);
  open.broker.EndJournal(ENODATA, "", 1);
  open.session.Pump(open.received);
  CHECK(open.session.interrupted());
  open.PumpAtDeadline();
  REQUIRE(open.broker.journals.size() == 3);
  CHECK(open.broker.journals[2] == R"({"full":false,"allow":{"submit":1,"alloc":1}})");
  open.broker.Sentinel();
  open.session.Pump(open.received);
  CHECK_FALSE(open.session.interrupted());
  CHECK(open.received.failures.empty());
}

TEST_CASE("a stream that stays away is a failure") {
  Open open;
  const auto begun = std::chrono::steady_clock::now();
  open.broker.EndJournal(ENODATA);
  open.session.Pump(open.received);
  while (open.received.failures.empty()) {
    open.PumpAtDeadline();
    open.broker.EndJournal(ENOSYS);
    open.session.Pump(open.received);
  }
  const auto seconds = std::chrono::steady_clock::now() - begun;
  CHECK(seconds > std::chrono::seconds(10));
  CHECK(seconds < std::chrono::seconds(20));
  CHECK(open.received.failures[0].code == "ENOSYS");
  CHECK_FALSE(open.session.Pump(open.received));
  CHECK(open.received.failures.size() == 1);
}

TEST_CASE("guests get a message with a remedy") {
  Open open;
  open.broker.EndJournal(EPERM, "Request requires owner credentials");
  open.session.Pump(open.received);
  REQUIRE(open.received.failures.size() == 1);
  CHECK(open.received.failures[0].code == "EPERM");
  CHECK(open.received.failures[0].message.find("Request requires owner credentials") !=
        std::string::npos);
  CHECK(open.received.failures[0].message.find("flux alloc") != std::string::npos);
}

TEST_CASE("a lost connection reports every request once") {
  Open open(NoTrial(3));
  open.session.Submit(Order(1, 5), open.received);
  open.session.Submit(Order(2, 5), open.received);
  open.session.Cancel(3, {1, 2, 3}, "", open.received);
  SUBCASE("noticed while receiving") {
    open.broker.Answer(open.broker.submits.at(0).request, 0, R"({"id":1})");
    open.broker.lost_errno = ECONNRESET;
    CHECK_FALSE(open.session.Pump(open.received));
  }
  SUBCASE("noticed while sending") {
    open.broker.Answer(open.broker.submits.at(0).request, 0, R"({"id":1})");
    open.broker.send_errno = EPIPE;
    CHECK_FALSE(open.session.Pump(open.received));
  }
  REQUIRE(open.received.failures.size() == 1);
  REQUIRE(open.received.submitted.size() == 2);
  CHECK(open.received.submitted[0].accepted == 1);
  CHECK(open.received.submitted[0].dropped == 4);
  CHECK(open.received.submitted[1].dropped == 5);
  REQUIRE(open.received.controlled.size() == 1);
  CHECK(open.received.controlled[0].failed == 3);
  CHECK(open.session.submitting() == 0);
  CHECK(open.session.fd() == -1);
  CHECK_FALSE(open.session.deadline().has_value());
  // Late answers change nothing.
  open.broker.Answer(open.broker.submits.at(1).request, 0, R"({"id":2})");
  CHECK_FALSE(open.session.Pump(open.received));
  open.session.Close(open.received);
  CHECK(open.received.submitted.size() == 2);
  CHECK(open.received.failures.size() == 1);
}

TEST_CASE("a connection lost in the middle of an order reports every job") {
  Open open;
  open.session.Submit(Order(1, 5), open.received);
  open.broker.AcceptAll();
  open.broker.send_errno = EPIPE;
  open.session.Pump(open.received);
  REQUIRE(open.received.submitted.size() == 1);
  CHECK(open.received.submitted[0].accepted == 1);
  CHECK(open.received.submitted[0].dropped == 4);
  CHECK(open.session.submitting() == 0);
}

TEST_CASE("Close answers everything without a failure") {
  Open open(NoTrial(3));
  open.session.Submit(Order(1, 5), open.received);
  open.session.Cancel(3, {1, 2, 3}, "", open.received);
  open.session.Close(open.received);
  CHECK(open.received.submitted.size() == 1);
  CHECK(open.received.controlled.size() == 1);
  CHECK(open.received.failures.empty());
}

TEST_CASE("requests are given up when none is answered for a while") {
  FluxSessionOptions options = NoTrial();
  options.patience = std::chrono::milliseconds(50);
  Open open(options);
  open.session.Submit(Order(1, 4), open.received);
  open.session.Cancel(2, {1}, "", open.received);
  open.broker.Answer(open.broker.submits.at(3).request, 0, R"({"id":1})");
  std::this_thread::sleep_for(std::chrono::milliseconds(60));
  open.session.Pump(open.received);
  CHECK(open.received.submitted.empty());
  open.PumpAtDeadline();
  REQUIRE(open.received.submitted.size() == 1);
  CHECK(open.received.submitted[0].accepted == 1);
  CHECK(open.received.submitted[0].refused == 3);
  CHECK(open.received.submitted[0].reason.find("did not answer") != std::string::npos);
  REQUIRE(open.received.controlled.size() == 1);
  CHECK(open.received.controlled[0].failed == 1);
  CHECK(open.session.submitting() == 0);
  CHECK_FALSE(open.session.deadline().has_value());
  // A late answer gives no second report.
  open.broker.Answer(open.broker.submits[0].request, 0, R"({"id":2})");
  open.session.Pump(open.received);
  CHECK(open.received.submitted.size() == 1);
  CHECK(open.received.failures.empty());
}

TEST_CASE("a question is answered with JSON, with Flux's error, or with the end of the session") {
  Open open;
  for (std::uint64_t number = 1; number <= 3; ++number) {
    open.session.Ask(number, {"kvs.lookup", R"({"key":"a"})", {}}, open.received);
  }
  REQUIRE(open.broker.calls.size() == 3);
  CHECK(open.broker.calls[0].topic == "kvs.lookup");
  CHECK(open.broker.calls[0].json == R"({"key":"a"})");
  open.broker.Answer(open.broker.calls[0].request, 0, R"({"val":1})");
  open.broker.Answer(open.broker.calls[1].request, ENOENT, "no such key");
  open.session.Pump(open.received);
  open.session.Close(open.received);
  open.session.Ask(4, {"kvs.lookup", "{}", {}}, open.received);
  CHECK(open.received.asked == std::vector<std::pair<std::uint64_t, std::string>>{
                                   {1, R"({"val":1})"}, {2, "ENOENT"}, {3, "E125"}, {4, "E107"}});
}

TEST_CASE("a question may be for the broker of a rank") {
  Open open;
  open.session.Ask(1, {"job-ingest.stats-get", "{}", 3}, open.received);
  open.session.Ask(2, {"job-ingest.stats-get", "{}", {}}, open.received);
  REQUIRE(open.broker.calls.size() == 2);
  CHECK(open.broker.calls[0].rank == 3);
  CHECK(open.broker.calls[1].rank == FLUX_SOURCE_ANY_RANK);
}

TEST_CASE("an eventlog is looked up until Flux answers") {
  Open open;
  open.session.LookupEventlog(5);
  CHECK(open.session.interrupted());
  open.broker.Answer(open.broker.calls[0].request, ENOSYS, "no job-info");
  open.session.Pump(open.received);
  CHECK(open.received.records.size() == 1);
  CHECK(open.session.interrupted());
  REQUIRE(open.session.deadline().has_value());
  std::this_thread::sleep_until(*open.session.deadline());
  open.session.Pump(open.received);
  REQUIRE(open.broker.calls.size() == 2);
  open.broker.Answer(open.broker.calls[1].request, ENOENT, "unknown");
  open.session.Pump(open.received);
  CHECK(open.received.records.at(1) == R"({"id":5,"events":[]})");
  CHECK_FALSE(open.session.interrupted());
}

TEST_CASE("a job's eventlog is looked up as a record") {
  Open open;
  const journal::JobId large = (std::uint64_t{1} << 60) + 1;
  open.session.LookupEventlog(large);
  open.session.LookupEventlog(2);
  REQUIRE(open.broker.calls.size() == 2);
  CHECK(open.broker.calls[0].topic == "job-info.lookup");
  CHECK(open.broker.calls[0].json == R"({"id":1152921504606846977,"keys":["eventlog"],"flags":0})");
  open.broker.Answer(open.broker.calls[0].request, 0,
                     R"({"id":1152921504606846977,"eventlog":)"
                     R"("{\"timestamp\":1.5,\"name\":\"submit\",\"context\":{\"a\":\"\\\"\"}}\n)"
                     R"({\"timestamp\":2,\"name\":\"clean\"}\n"})");
  open.broker.Answer(open.broker.calls[1].request, ENOENT, "gone");
  open.session.Pump(open.received);
  REQUIRE(open.received.records.size() == 3);
  const test::OwnedRecord record = test::DecodeOne(open.received.records[1]);
  CHECK(record.id == large);
  REQUIRE(record.events.size() == 2);
  CHECK(record.events[0].name == "submit");
  CHECK(record.events[1].kind == journal::EventKind::kClean);
  CHECK(open.received.records[2] == R"({"id":2,"events":[]})");
}

TEST_CASE("an invalid answer to job-info.lookup gives a record without events") {
  for (const char* const answer :
       {"", "rubbish", "{}", R"({"eventlog":5})", R"({"eventlog":""})"}) {
    CHECK(journal::RecordOfLookup(7, answer) == R"({"id":7,"events":[]})");
  }
}

TEST_CASE("a runner resumes the stream and looks up the jobs that it missed") {
  FakeBroker broker;
  broker.Sentinel();
  const std::string submit = test::Submit(7, 1, "g");
  broker.Journal(submit.substr(0, submit.size() - 1));
  broker.EndJournal(ENODATA);
  broker.on_reopen = [](FakeBroker& reopened) { reopened.Sentinel(); };
  broker.on_call = [](FakeBroker& called, std::uint64_t request) {
    called.Answer(request, ENOENT, "purged");
  };
  runner::Owner owner(runner::GroupG());
  REQUIRE(owner.runner.Start() == 0);
  owner.Ask(runner::OpenSourceCommand{
      std::make_unique<FluxSession>(ConnectAlone(broker.api()), Window(3)), ~std::uint64_t{0},
      false});
  CHECK(runner::Eventually([&] { return owner.AskStatus().totals.lost_jobs == 1; }));
  CHECK(owner.AskStatus().active_jobs == 0);
  owner.runner.Stop();
  CHECK(broker.journals.size() == 2);
  CHECK(broker.closed);
}

TEST_CASE("a runner that is paused leaves submissions to its owner") {
  FakeBroker broker;
  broker.Sentinel();
  engine::Plan plan = runner::GroupG();
  engine::Rule rule;
  rule.trigger = engine::TriggerType::kStart;
  rule.repetitions = 2;
  rule.submit = {Order(0, 2).portion};
  plan.rules = {rule};
  runner::Owner owner(plan);
  REQUIRE(owner.runner.Start() == 0);
  owner.Ask(runner::OpenSourceCommand{
      std::make_unique<FluxSession>(ConnectAlone(broker.api()), Window(3)), ~std::uint64_t{0},
      false});
  owner.Ask(runner::PauseCommand{true});
  owner.Ask(runner::StartCommand{1});
  owner.Ask(runner::PauseCommand{false});
  owner.Ask(runner::StartCommand{2});
  REQUIRE(owner.firings.size() == 2);
  CHECK_FALSE(owner.firings[0].submitting);
  CHECK(owner.firings[1].submitting);
  owner.runner.Stop();
}

TEST_CASE("a runner submits nothing without a log that has to survive the host") {
  for (const bool survives_host : {false, true}) {
    const test::LogFolder folder;
    FakeBroker broker;
    broker.Sentinel();
    engine::Plan plan = runner::GroupG();
    engine::Rule rule;
    rule.trigger = engine::TriggerType::kStart;
    rule.submit = {Order(0, 2).portion};
    plan.rules = {rule};
    // Its folder can't be made.
    auto log = std::make_unique<log::Writer>(folder.path() + "/missing/log",
                                             log::WriterOptions{.survives_host = survives_host});
    runner::Owner owner(plan, std::move(log));
    REQUIRE(owner.runner.Start() == 0);
    owner.Ask(runner::OpenSourceCommand{
        std::make_unique<FluxSession>(ConnectAlone(broker.api()), Window(3)), ~std::uint64_t{0},
        false});
    owner.Ask(runner::StartCommand{1});
    REQUIRE(owner.firings.size() == 1);
    CHECK(owner.firings[0].submitting == !survives_host);
    owner.runner.Stop();
    CHECK(broker.submits.empty() == survives_host);
  }
}

TEST_CASE("a runner that closes its source answers every command") {
  FakeBroker broker;
  runner::Owner owner(runner::GroupG());
  REQUIRE(owner.runner.Start() == 0);
  owner.Ask(runner::OpenSourceCommand{
      std::make_unique<FluxSession>(ConnectAlone(broker.api()), Window(3)), ~std::uint64_t{0},
      false});
  owner.Post(runner::SubmitCommand{Order(0, 5)});
  owner.Post(runner::CancelCommand{{1, 2, 3}, ""});
  // Checks that both of them were answered before.
  owner.Ask(runner::CloseSourceCommand{});
  CHECK(owner.AskStatus().submitting == 0);
  const auto refused = owner.Ask(runner::CancelCommand{{1}, ""});
  CHECK(std::get<runner::SourceFailure>(refused).code == "ENOTCONN");
}

}  // namespace flux_ensemble::flux
