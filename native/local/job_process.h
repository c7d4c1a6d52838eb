#ifndef FLUX_ENSEMBLE_LOCAL_JOB_PROCESS_H_
#define FLUX_ENSEMBLE_LOCAL_JOB_PROCESS_H_

#include <sys/types.h>

#include <vector>

#include "command.h"
#include "unique_fd.h"

namespace flux_ensemble::local {

/// What a start consists of; told when it fails.
enum class StartStep : int { kNone, kPipe, kFork, kChdir, kStdin, kOutput, kError, kExec };

/// The step's name in a report.
const char* StartStepName(StartStep step);

struct StartFailure {
  StartStep step = StartStep::kNone;
  int error = 0;
};

/// A process on its way from fork() to execve().
struct StartedProcess {
  pid_t pid = -1;
  /// Reads as end of file once the program runs (or was killed before it did), or as a
  /// StartFailure.
  UniqueFd progress;
};

/// Forks a process for a job: in a group of its own, with default signals, /dev/null as its input,
/// and with nothing else of the spawner's. Returns without waiting for it, because opening a file
/// may take for ever (a FIFO with no reader, a file server that is away). `failure` is set when
/// there is no process at all.
StartedProcess StartJob(const SpawnCommand& command, StartFailure* failure);

/// Reads the outcome of a start. False while there is none yet.
bool ReadStartOutcome(int progress_fd, StartFailure* failure);

/// The processes whose parent is this one now, also those that became so when their own parent
/// died.
std::vector<pid_t> ListChildren();

}  // namespace flux_ensemble::local

#endif  // FLUX_ENSEMBLE_LOCAL_JOB_PROCESS_H_
