#include "engine/job_table.h"

#include <algorithm>
#include <utility>

namespace flux_ensemble::engine {

namespace {

constexpr std::size_t kMinSlots = 64;

// The table grows by half when it is 80 % full, and shrinks to two thirds full when it is less than
// half full. So a job never costs over 64 bytes. A fifth of the jobs must come or go between two
// resizings.
bool TooFull(std::size_t jobs, std::size_t slots) {
  return jobs * 5 > slots * 4;
}
bool TooEmpty(std::size_t jobs, std::size_t slots) {
  return slots > kMinSlots && jobs * 2 < slots;
}

}  // namespace

Job* JobTable::LookUp(journal::JobId id) {
  if (slots_.empty()) return nullptr;
  std::size_t slot = Home(id);
  // The job would have taken the place of any job closer to its home.
  for (std::uint32_t distance = 1; slots_[slot].distance >= distance; ++distance) {
    if (slots_[slot].id == id) return &slots_[slot];
    slot = Next(slot);
  }
  return nullptr;
}

Job* JobTable::Insert(journal::JobId id, std::uint32_t group) {
  if (TooFull(size_ + 1, slots_.size())) {
    Resize(std::max(kMinSlots, slots_.size() + slots_.size() / 2));
  }
  ++size_;
  Job job;
  job.id = id;
  job.group = group;
  return last_ = Place(job);
}

// Jobs lie in the order of their homes. The new job comes after the last job that is as far from
// its home, and later jobs move up.
Job* JobTable::Place(Job job) {
  std::size_t slot = Home(job.id);
  for (job.distance = 1; slots_[slot].distance >= job.distance; ++job.distance) slot = Next(slot);
  std::size_t hole = slot;
  while (slots_[hole].distance > 0) hole = Next(hole);
  while (hole != slot) {
    const std::size_t before = hole == 0 ? slots_.size() - 1 : hole - 1;
    slots_[hole] = slots_[before];
    ++slots_[hole].distance;
    hole = before;
  }
  slots_[slot] = job;
  return &slots_[slot];
}

void JobTable::Erase(Job* job) {
  last_ = nullptr;
  auto hole = static_cast<std::size_t>(job - slots_.data());
  for (std::size_t slot = Next(hole); slots_[slot].distance > 1; slot = Next(slot)) {
    slots_[hole] = slots_[slot];
    --slots_[hole].distance;
    hole = slot;
  }
  slots_[hole].distance = 0;
  --size_;
  if (TooEmpty(size_, slots_.size())) Resize(std::max(kMinSlots, size_ + size_ / 2));
}

// Jobs are in the order of their homes in a table of any size. The exceptions are neighbours that
// shared a home, and jobs at the beginning because the end was full. So jobs are copied in order,
// and only the few that are out of order are inserted one by one.
void JobTable::Resize(std::size_t slots) {
  std::vector<Job> old(slots);
  old.swap(slots_);
  std::size_t last_home = 0;
  std::size_t free = 0;  // after the last job
  const auto move = [&](Job& job) {
    if (job.distance == 0) return;
    const std::size_t home = Home(job.id);
    const std::size_t slot = std::max(home, free);
    if (home < last_home || slot >= slots_.size()) {
      Place(job);
      while (free < slots_.size() && slots_[free].distance > 0) ++free;
      return;
    }
    job.distance = static_cast<std::uint32_t>(slot - home + 1);
    slots_[slot] = job;
    last_home = home;
    free = slot + 1;
  };
  std::size_t wrapped = 0;
  while (wrapped < old.size() && old[wrapped].distance > wrapped + 1) ++wrapped;
  const auto begin = old.begin() + static_cast<std::ptrdiff_t>(wrapped);
  std::for_each(begin, old.end(), move);
  std::for_each(old.begin(), begin, move);
}

}  // namespace flux_ensemble::engine
