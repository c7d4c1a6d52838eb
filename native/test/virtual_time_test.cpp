// Virtual time: heartbeats come as time passes, and time stops when a rule fires.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "engine/engine.h"
#include "test/journals.h"

namespace flux_ensemble::engine {

namespace {

using test::Submit;
using test::TestEngine;
using Indexes = std::vector<std::uint32_t>;

// Heartbeat rules with these backoffs, in virtual time with a heartbeat every ten seconds.
TestEngine Beating(const std::vector<std::uint64_t>& backoffs) {
  Plan plan;
  plan.groups = {"g"};
  plan.heartbeat = 10;
  plan.virtual_time = true;
  for (const std::uint64_t backoff : backoffs) {
    Rule rule;
    rule.trigger = TriggerType::kHeartbeat;
    rule.repetitions = 1'000'000;
    rule.backoff = backoff;
    plan.rules.push_back(rule);
  }
  return TestEngine(plan);
}

}  // namespace

TEST_CASE("advancing time stops at the first firing") {
  TestEngine engine = Beating({2, 5});
  CHECK(engine.engine.Advance(1000) == 1000);
  CHECK(engine.Fired().empty());
  engine.engine.Start(100);
  CHECK(engine.engine.Advance(105) == 105);
  CHECK(engine.Fired().empty());
  CHECK(engine.engine.Advance(1000) == 110);
  CHECK(engine.Fired() == Indexes{0, 1});
  CHECK(engine.engine.Advance(1000) == 140);
  CHECK(engine.Fired() == Indexes{0});
  CHECK(engine.engine.Advance(170) == 170);
  CHECK(engine.Fired() == Indexes{0, 1});
  CHECK(engine.engine.Advance(170) == 170);
  CHECK(engine.Fired().empty());
}

TEST_CASE("a beat comes once, by advancing time or by a later event") {
  TestEngine engine = Beating({0});
  engine.engine.Start(100);
  CHECK(engine.engine.Advance(110) == 110);
  engine.Feed(Submit(1, 115, "g"));
  CHECK(engine.Fired() == Indexes{0});
  engine.Feed(Submit(2, 131, "g"));
  CHECK(engine.Fired() == Indexes{0, 0});
  CHECK(engine.engine.Advance(139) == 139);
  CHECK(engine.engine.Advance(145) == 140);
  CHECK(engine.Fired() == Indexes{0});
}

TEST_CASE("a run that was started does not begin again with its first event") {
  Plan plan;
  plan.groups = {"g"};
  plan.virtual_time = true;
  Rule rule;
  rule.repetitions = 5;
  plan.rules = {rule};
  TestEngine engine(plan);
  engine.engine.Start(100);
  engine.Feed(Submit(1, 101, "g"));
  CHECK(engine.Fired() == Indexes{0});
}

}  // namespace flux_ensemble::engine
