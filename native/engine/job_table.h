// The active jobs of an ensemble, by id: open addressing with Robin Hood probing, 32 bytes a job,
// between 40 and 64 with the free places. It grows and shrinks with the number of active jobs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "journal/record.h"

namespace flux_ensemble::engine {

// RFC 21. kInactive never stays in the table.
enum class JobState : std::uint8_t {
  kNew,
  kDepend,
  kPriority,
  kSched,
  kRun,
  kCleanup,
  kInactive,
};

struct Job {
  journal::JobId id = 0;
  // Seconds since the epoch: of the finish with has_finish, else of the start with has_start, else
  // of the submit.
  double since = 0;
  std::uint32_t group = 0;
  // For the table: the distance from the job's home, counted from 1; 0 for a free place.
  std::uint32_t distance = 0;
  // Applied events of its eventlog, except for kinds that a backlog may lack.
  std::uint16_t seen = 0;
  std::uint16_t status = 0;  // with has_finish: the wait(2) status, of which only 16 bits are used
  JobState state : 4 = JobState::kNew;
  journal::ExceptionType exception_type : 4 = journal::ExceptionType::kOther;  // of the one below
  // Severity of the gravest exception, the first among equals. Flux's result depends on it.
  std::int8_t severity = kNoException;
  std::uint8_t failure =
      0;  // reason of its failure in its group's FailureDigest; 0 without a failure
  bool counted : 1 = false;  // in `submitted`
  bool has_submit : 1 = false;
  bool has_start : 1 = false;
  bool has_finish : 1 = false;
  bool has_fatal_exception : 1 = false;
  bool in_doubt : 1 = false;  // the stream was lost, and the job has not been in a backlog since
  bool settled : 1 = false;   // its result is known and counted
  bool own : 1 = false;       // it carries this run's id

  static constexpr std::int8_t kNoException = 8;

  template <typename Archive>
  void Persist(Archive& archive) {
    std::uint8_t states = static_cast<std::uint8_t>(static_cast<unsigned>(state) |
                                                    static_cast<unsigned>(exception_type) << 4);
    std::uint8_t flags = static_cast<std::uint8_t>(counted | has_submit << 1 | has_start << 2 |
                                                   has_finish << 3 | has_fatal_exception << 4 |
                                                   in_doubt << 5 | settled << 6 | own << 7);
    archive(id, since, group, distance, seen, status, severity, failure, states, flags);
    if constexpr (Archive::kReads) {
      state = static_cast<JobState>(states & 0xf);
      exception_type = static_cast<journal::ExceptionType>(states >> 4);
      counted = flags & 1;
      has_submit = flags >> 1 & 1;
      has_start = flags >> 2 & 1;
      has_finish = flags >> 3 & 1;
      has_fatal_exception = flags >> 4 & 1;
      in_doubt = flags >> 5 & 1;
      settled = flags >> 6 & 1;
      own = flags >> 7 & 1;
    }
  }
};
static_assert(sizeof(Job) <= 32);

class JobTable {
 public:
  JobTable() = default;
  JobTable(const JobTable&) = delete;
  JobTable& operator=(const JobTable&) = delete;

  // The job, or null. Valid until the next Insert or Erase. Records of one job often follow each
  // other.
  Job* Find(journal::JobId id) {
    if (last_ == nullptr || last_->id != id) last_ = LookUp(id);
    return last_;
  }

  // Prefetches the memory that Find and Erase will most likely read. Inline, because gcc omits
  // calls of functions that do nothing else.
  [[gnu::always_inline]] void Prefetch(journal::JobId id) const {
    if (slots_.empty()) return;
    const std::size_t home = Home(id);
    constexpr std::size_t line = 64 / sizeof(Job);
    __builtin_prefetch(&slots_[home]);
    __builtin_prefetch(&slots_[home + line < slots_.size() ? home + line : home]);
  }

  // Adds a job that is not in the table yet.
  Job* Insert(journal::JobId id, std::uint32_t group);

  // Removes a job that Find or Insert returned.
  void Erase(Job* job);

  std::size_t size() const { return size_; }
  std::size_t memory_bytes() const { return slots_.capacity() * sizeof(Job); }

  template <typename Visitor>
  void ForEach(Visitor visit) {
    for (Job& job : slots_) {
      if (job.distance > 0) visit(job);
    }
  }

  // Visits every job, in an order that depends only on the history of the table.
  template <typename Visitor>
  void ForEach(Visitor visit) const {
    for (const Job& job : slots_) {
      if (job.distance > 0) visit(job);
    }
  }

  // Jobs stay in their places, because the order of visits depends on them.
  template <typename Archive>
  void Persist(Archive& archive) {
    auto slots = static_cast<std::uint64_t>(slots_.size());
    auto jobs = static_cast<std::uint64_t>(size_);
    archive(slots, jobs);
    if constexpr (Archive::kReads) {
      Restore(archive, slots, jobs);
    } else {
      for (std::uint64_t slot = 0; slot < slots; ++slot) {
        if (slots_[slot].distance > 0) archive(slot, slots_[slot]);
      }
    }
  }

 private:
  template <typename Archive>
  void Restore(Archive& archive, std::uint64_t slots, std::uint64_t jobs) {
    last_ = nullptr;
    slots_.clear();
    size_ = 0;
    if (jobs > archive.left() || slots > kMostEmpty + 2 * jobs) return archive.Invalidate();
    slots_.resize(slots);
    for (; size_ < jobs && archive.valid(); ++size_) {
      std::uint64_t slot = 0;
      Job job;
      archive(slot, job);
      if (slot >= slots || job.distance == 0) return archive.Invalidate();
      slots_[slot] = job;
    }
  }

  // A table has no more slots than this without jobs, and two more for each job.
  static constexpr std::uint64_t kMostEmpty = 96;

  // The home of a job. Ids count milliseconds in their high bits and jobs of one millisecond in
  // their low bits. Only the high bits of a product depend on all bits of its factors. Another
  // multiplication maps them onto any number of slots.
  std::size_t Home(journal::JobId id) const {
    const std::uint64_t mixed = (id ^ (id >> 32)) * 0x9e3779b97f4a7c15u;
    return static_cast<std::size_t>((static_cast<unsigned __int128>(mixed) * slots_.size()) >> 64);
  }
  std::size_t Next(std::size_t slot) const { return slot + 1 == slots_.size() ? 0 : slot + 1; }
  Job* LookUp(journal::JobId id);
  Job* Place(Job job);
  void Resize(std::size_t slots);

  std::vector<Job> slots_;
  std::size_t size_ = 0;
  Job* last_ = nullptr;  // last job found or inserted, unless it has moved
};

}  // namespace flux_ensemble::engine
