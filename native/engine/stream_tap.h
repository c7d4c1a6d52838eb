// Follows what an engine takes in from its stream, for a log of it.
#pragma once

#include <span>

#include "engine/hours.h"
#include "engine/retries.h"
#include "engine/tells.h"
#include "journal/record.h"

namespace flux_ensemble::engine {

class StreamTap {
 public:
  // Records, before the engine takes them in.
  virtual void OnRecords(std::span<const journal::Record> records) = 0;
  // The allocation of a job whose records follow.
  virtual void OnAllocation(journal::JobId job, Allocation allocation) = 0;
  // The submit that waited counts, see Engine::Settle().
  virtual void OnSettle() = 0;
  // A record was invalid.
  virtual void OnDecodeError() = 0;
  // A job's result is final.
  virtual void OnOutcome(journal::JobId job, JobOutcome outcome) = 0;
  // The job manager has refused a job that had got an id.
  virtual void OnRefused(journal::JobId job) = 0;
  // A job has ended with an unknown result.
  virtual void OnLost(journal::JobId job) = 0;
  // A job told a value.
  virtual void OnTold(journal::JobId job, const Told& told) = 0;
  // A job was lost with the process or the instance that ran it, see Engine::TakeBack().
  virtual void OnTakenBack(journal::JobId job) = 0;

 protected:
  ~StreamTap() = default;
};

}  // namespace flux_ensemble::engine
