#include "engine/job_table.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <unordered_map>
#include <vector>

namespace flux_ensemble::engine {

namespace {

using journal::JobId;

// Ids as Flux makes them: milliseconds, rank and a sequence in each millisecond (RFC 19).
class Fluids {
 public:
  explicit Fluids(std::mt19937_64& random) : random_(random) {}

  JobId Next() {
    if (random_() % 8 == 0 || ++sequence_ == 1024) {
      milliseconds_ += 1 + random_() % 3;
      sequence_ = 0;
    }
    const JobId rank = random_() % 4;
    return milliseconds_ << 24 | rank << 10 | sequence_;
  }

 private:
  std::mt19937_64& random_;
  JobId milliseconds_ = JobId{1} << 29;
  JobId sequence_ = 0;
};

double BytesPerJob(const JobTable& table) {
  return static_cast<double>(table.memory_bytes()) / static_cast<double>(table.size());
}

}  // namespace

TEST_CASE("an empty job table finds nothing") {
  JobTable table;
  CHECK(table.Find(0) == nullptr);
  CHECK(table.Find(~JobId{0}) == nullptr);
  CHECK(table.size() == 0);
  table.ForEach([](const Job&) { FAIL("there is no job"); });
}

TEST_CASE("every number is a valid job id") {
  JobTable table;
  const std::vector<JobId> ids = {0, 1, (JobId{1} << 53) + 1, JobId{1} << 63, ~JobId{0}};
  for (const JobId id : ids) table.Insert(id, 7)->since = static_cast<double>(id);
  CHECK(table.size() == ids.size());
  for (const JobId id : ids) {
    Job* const job = table.Find(id);
    REQUIRE(job != nullptr);
    CHECK(job->id == id);
    CHECK(job->group == 7);
    CHECK(job->since == static_cast<double>(id));
    CHECK((job->state == JobState::kNew));
    CHECK(job->severity == Job::kNoException);
  }
  for (const JobId id : ids) table.Erase(table.Find(id));
  CHECK(table.size() == 0);
  for (const JobId id : ids) CHECK(table.Find(id) == nullptr);
}

TEST_CASE("a job table equals a map after each of a million steps") {
  std::mt19937_64 random(20260801);
  Fluids fluids(random);
  JobTable table;
  std::unordered_map<JobId, std::uint32_t> model;
  std::vector<JobId> ids;
  double worst = 0;
  int wrong = 0;
  for (int step = 0; step < 1'000'000; ++step) {
    // Waves: the table grows for a while, then shrinks.
    const bool growing = step / 100'000 % 2 == 0;
    const std::uint64_t dice = random() % 10;
    if (ids.empty() || dice < (growing ? 5u : 1u)) {
      const JobId id = fluids.Next();
      if (model.contains(id)) continue;
      const auto group = static_cast<std::uint32_t>(random());
      const Job* const job = table.Insert(id, group);
      wrong += job->id != id || job->group != group;
      model.emplace(id, group);
      ids.push_back(id);
    } else if (dice < 6) {
      const std::size_t place = random() % ids.size();
      std::swap(ids[place], ids.back());
      Job* const job = table.Find(ids.back());
      if (job == nullptr) {
        ++wrong;
      } else {
        table.Erase(job);
      }
      model.erase(ids.back());
      ids.pop_back();
    } else {
      // Half of them near to ids that are there.
      const JobId id = dice < 8 ? ids[random() % ids.size()] + random() % 2 : random();
      const Job* const job = table.Find(id);
      const auto known = model.find(id);
      wrong += (job != nullptr) != (known != model.end());
      if (job != nullptr && known != model.end()) wrong += job->group != known->second;
    }
    wrong += table.size() != model.size();
    if (table.size() > 10'000) worst = std::max(worst, BytesPerJob(table));
  }
  CHECK(wrong == 0);
  CHECK(worst > 0);
  CHECK(worst <= 64);

  std::size_t visited = 0;
  table.ForEach([&](const Job& job) {
    ++visited;
    const auto known = model.find(job.id);
    wrong += known == model.end() || known->second != job.group;
  });
  CHECK(visited == model.size());
  CHECK(wrong == 0);
}

TEST_CASE("a job costs at most 64 bytes, growing and shrinking") {
  std::mt19937_64 random(7);
  Fluids fluids(random);
  JobTable table;
  std::vector<JobId> ids;
  double worst = 0;
  double sum = 0;
  while (ids.size() < 300'000) {
    const JobId id = fluids.Next();
    if (table.Find(id) != nullptr) continue;
    table.Insert(id, 0);
    ids.push_back(id);
    if (ids.size() > 10'000) {
      worst = std::max(worst, BytesPerJob(table));
      sum += BytesPerJob(table);
    }
  }
  std::printf("job table: %.1f bytes a job on average while growing, %.1f at worst\n",
              sum / (300'000 - 10'000), worst);
  CHECK(worst <= 64);

  // The oldest leave first, as jobs do.
  for (const JobId id : ids) {
    table.Erase(table.Find(id));
    if (table.size() > 10'000) worst = std::max(worst, BytesPerJob(table));
  }
  CHECK(worst <= 64);
  CHECK(table.size() == 0);
  CHECK(table.memory_bytes() <= 64 * sizeof(Job));
}

TEST_CASE("two tables with one history visit their jobs in one order") {
  const auto order = [] {
    std::mt19937_64 random(3);
    JobTable table;
    for (int i = 0; i < 5'000; ++i) {
      const JobId id = random() % 4'000;
      if (Job* const job = table.Find(id)) {
        table.Erase(job);
      } else {
        table.Insert(id, 0);
      }
    }
    std::vector<JobId> ids;
    table.ForEach([&](const Job& job) { ids.push_back(job.id); });
    return ids;
  };
  CHECK(order() == order());
}

}  // namespace flux_ensemble::engine
