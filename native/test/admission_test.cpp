// Submissions that wait for active jobs to end.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "runner/admission.h"

namespace flux_ensemble::runner {

namespace {

// Takes all that may leave: the group and the number of jobs of each grant. They become active.
class Queue final : public Present {
 public:
  explicit Queue(AdmissionLimits limits) : admission(std::move(limits)) {}

  double now() const override { return time; }
  std::uint64_t active() const override { return total_; }
  std::uint64_t active_in(std::uint32_t group) const override {
    const auto found = running.find(group);
    return found == running.end() ? 0 : found->second;
  }
  std::uint64_t jobs_left(std::uint32_t /*group*/, std::uint64_t on_way,
                          std::uint64_t /*on_way_in_group*/) const override {
    return budget - std::min(budget, on_way + total_);
  }

  std::vector<std::string> Leave() {
    std::vector<std::string> left;
    while (const auto grant = admission.Next(*this)) {
      left.push_back(std::to_string(grant->group) + " x" + std::to_string(grant->count));
      running[grant->group] += grant->count;
      total_ += grant->count;
      admission.Arrived(grant->group, grant->count);
    }
    return left;
  }
  void Begin(std::uint32_t group, std::uint64_t count) {
    running[group] += count;
    total_ += count;
  }
  void End(std::uint32_t group, std::uint64_t count) {
    running[group] -= count;
    total_ -= count;
  }

  Admission admission;
  std::map<std::uint32_t, std::uint64_t> running;
  double time = 100;
  std::uint64_t budget = kUnlimited;

 private:
  std::uint64_t total_ = 0;
};

using Left = std::vector<std::string>;

}  // namespace

TEST_CASE("without a limit, all jobs leave at once") {
  Queue queue({});
  queue.admission.Add(0, 1'000'000'000, 16);
  CHECK(queue.Leave() == Left{"0 x1000000000"});
  CHECK(queue.admission.held() == 0);
}

TEST_CASE("as many jobs leave as fit under the limit of the ensemble") {
  Queue queue({.ensemble = {.active = 10}});
  queue.admission.Add(0, 25, 16);
  CHECK(queue.Leave() == Left{"0 x10"});
  CHECK(queue.admission.held(0) == 15);
  CHECK(queue.Leave().empty());
  queue.End(0, 4);
  CHECK(queue.Leave() == Left{"0 x4"});
  queue.End(0, 10);
  CHECK(queue.Leave() == Left{"0 x10"});
  queue.End(0, 10);
  CHECK(queue.Leave() == Left{"0 x1"});
  CHECK(queue.admission.held() == 0);
}

TEST_CASE("a higher urgency goes first, then the earlier submission") {
  Queue queue({.ensemble = {.active = 1}});
  for (const int urgency : {16, 20, 16, 31}) queue.admission.Add(0, 1, urgency);
  queue.admission.Add(1, 1, 20);
  std::vector<Admission::Ticket> order;
  for (int i = 0; i < 5; ++i) {
    const auto grant = queue.admission.Next(queue);
    REQUIRE(grant);
    order.push_back(grant->ticket);
    queue.admission.Arrived(grant->group, 1);
  }
  CHECK(order == std::vector<Admission::Ticket>{4, 2, 5, 1, 3});
}

TEST_CASE("a group at its own limit does not hold up others") {
  Queue queue({.ensemble = {.active = 5}, .groups = {{.active = 2}, {}}});
  queue.admission.Add(0, 10, 31);
  queue.admission.Add(1, 10, 16);
  CHECK(queue.Leave() == Left{"0 x2", "1 x3"});
  queue.End(1, 1);
  CHECK(queue.Leave() == Left{"1 x1"});
  queue.End(0, 1);
  CHECK(queue.Leave() == Left{"0 x1"});
}

TEST_CASE("jobs on their way count, until they have arrived") {
  Queue queue({.ensemble = {.active = 3}});
  Admission& admission = queue.admission;
  admission.Add(0, 5, 16);
  CHECK(admission.Next(queue)->count == 3);
  CHECK_FALSE(admission.Next(queue));
  // One was refused, two are active.
  admission.Arrived(0, 3);
  queue.Begin(0, 2);
  const auto grant = admission.Next(queue);
  REQUIRE(grant);
  CHECK(grant->count == 1);
  CHECK_FALSE(grant->last);
}

TEST_CASE("a submission can be removed") {
  Queue queue({.ensemble = {.active = 1}, .groups = {{.active = 1}}});
  Admission& admission = queue.admission;
  const auto first = admission.Add(0, 5, 16);
  const auto second = admission.Add(0, 7, 20);
  CHECK(admission.TicketsOf(0) == std::vector{second, first});
  CHECK(admission.Remove(first) == 5);
  CHECK(admission.Remove(first) == 0);
  CHECK(admission.held() == 7);
  CHECK(admission.Remove(second) == 7);
  CHECK(admission.held(0) == 0);
  CHECK_FALSE(admission.Next(queue));
}

TEST_CASE("a rate lets the jobs of one second leave at once, and then one after the other") {
  Queue queue({.ensemble = {.rate = 2}, .groups = {{.rate = 0.5}}});
  queue.admission.Add(0, 2, 16);
  queue.admission.Add(1, 5, 16);
  CHECK(queue.Leave() == Left{"0 x1", "1 x1"});
  CHECK(queue.admission.next_time() == 100.5);
  queue.time = 100.4;
  CHECK(queue.Leave().empty());
  queue.time = 100.5;
  CHECK(queue.Leave() == Left{"1 x1"});
  queue.time = 110;
  CHECK(queue.Leave() == Left{"0 x1", "1 x1"});
  queue.time = 111;
  CHECK(queue.Leave() == Left{"1 x2"});
  CHECK(queue.admission.held() == 0);
}

TEST_CASE("no more jobs leave than a budget has left") {
  Queue queue({});
  queue.budget = 7;
  queue.admission.Add(0, 5, 16);
  queue.admission.Add(1, 5, 16);
  CHECK(queue.Leave() == Left{"0 x5", "1 x2"});
  CHECK(queue.admission.held(1) == 3);
}

TEST_CASE("the urgency of a group that is held back can change") {
  Queue queue({.ensemble = {.active = 2}});
  queue.admission.Add(0, 3, 16);
  queue.admission.Add(1, 3, 16);
  CHECK(queue.Leave() == Left{"0 x2"});
  queue.admission.SetUrgency(1, 20);
  queue.admission.SetUrgency(7, 20);
  queue.End(0, 2);
  CHECK(queue.Leave() == Left{"1 x2"});
  queue.admission.SetUrgency(1, 3);
  queue.End(1, 2);
  CHECK(queue.Leave() == Left{"0 x1", "1 x1"});
}

TEST_CASE("whatever happens, no limit is passed and every job leaves once") {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    AdmissionLimits limits;
    if (random() % 3 != 0) limits.ensemble.active = 1 + random() % 9;
    for (int i = 0; i < 3; ++i) {
      limits.groups.push_back({random() % 3 == 0 ? kUnlimited : 1 + random() % 5});
    }
    Queue queue(limits);
    std::uint64_t added = 0;
    std::uint64_t ended = 0;
    for (int step = 0; step < 100; ++step) {
      const std::uint32_t group = random() % 4;
      if (random() % 3 == 0) {
        const std::uint64_t count = 1 + random() % 6;
        queue.admission.Add(group, count, static_cast<int>(random() % 3));
        added += count;
      } else if (queue.running[group] > 0) {
        const std::uint64_t count = 1 + random() % queue.running[group];
        queue.End(group, count);
        ended += count;
      }
      queue.Leave();
      std::uint64_t total = 0;
      for (const auto& [each, active] : queue.running) {
        total += active;
        if (each < limits.groups.size()) CHECK(active <= limits.groups[each].active);
      }
      CHECK(total <= limits.ensemble.active);
      CHECK(total + ended + queue.admission.held() == added);
    }
  }
}

}  // namespace flux_ensemble::runner
