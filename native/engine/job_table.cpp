#include "engine/job_table.h"

#include <algorithm>
#include <utility>

namespace flux_ensemble::engine {

namespace {

constexpr std::size_t kMinSlots = 64;

// Growing by half at 80 % full, and shrinking to two thirds full below half, keeps the table at
// least half full, so a job never costs over 64 bytes; a fifth of the jobs must come or go between
// two resizings.
bool TooFull(std::size_t jobs, std::size_t slots) {
  return jobs * 5 > slots * 4;
}
bool TooEmpty(std::size_t jobs, std::size_t slots) {
  return slots > kMinSlots && jobs * 2 < slots;
}

// Ids count milliseconds in their high bits and jobs of one millisecond in their low ones, so they
// must be mixed well (the finalizer of splitmix64).
std::uint64_t Mix(std::uint64_t id) {
  id = (id ^ (id >> 30)) * 0xbf58476d1ce4e5b9u;
  id = (id ^ (id >> 27)) * 0x94d049bb133111ebu;
  return id ^ (id >> 31);
}

}  // namespace

// Multiplication maps the hash onto any number of slots without a division.
std::size_t JobTable::Home(journal::JobId id) const {
  return static_cast<std::size_t>((static_cast<unsigned __int128>(Mix(id)) * slots_.size()) >> 64);
}

// How far the job in `slot` sits from where it belongs.
std::size_t JobTable::Distance(std::size_t slot) const {
  const std::size_t home = Home(slots_[slot].id);
  return slot >= home ? slot - home : slot + slots_.size() - home;
}

Job* JobTable::Find(journal::JobId id) {
  if (slots_.empty()) return nullptr;
  std::size_t slot = Home(id);
  for (std::size_t distance = 0; slots_[slot].occupied; slot = Next(slot), ++distance) {
    if (slots_[slot].id == id) return &slots_[slot];
    // It would have taken this place from a job that sits closer to its home.
    if (Distance(slot) < distance) return nullptr;
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
  job.occupied = true;
  return Place(job);
}

Job* JobTable::Place(Job job) {
  Job* placed = nullptr;
  std::size_t slot = Home(job.id);
  for (std::size_t distance = 0; slots_[slot].occupied; slot = Next(slot), ++distance) {
    const std::size_t other = Distance(slot);
    if (other < distance) {
      std::swap(slots_[slot], job);
      distance = other;
      if (placed == nullptr) placed = &slots_[slot];
    }
  }
  slots_[slot] = job;
  return placed == nullptr ? &slots_[slot] : placed;
}

void JobTable::Erase(Job* job) {
  auto hole = static_cast<std::size_t>(job - slots_.data());
  for (std::size_t slot = Next(hole); slots_[slot].occupied && Distance(slot) > 0;
       slot = Next(slot)) {
    slots_[hole] = slots_[slot];
    hole = slot;
  }
  slots_[hole] = Job{};
  --size_;
  if (TooEmpty(size_, slots_.size())) Resize(std::max(kMinSlots, size_ + size_ / 2));
}

void JobTable::Resize(std::size_t slots) {
  std::vector<Job> old(slots);
  old.swap(slots_);
  for (const Job& job : old) {
    if (job.occupied) Place(job);
  }
}

}  // namespace flux_ensemble::engine
