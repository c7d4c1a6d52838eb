#pragma once

#include <sys/types.h>

#include <functional>
#include <vector>

#include "base/unique_fd.h"
#include "spawner/command.h"

namespace flux_ensemble::spawner {

// The steps of a start, for the report of a failed start.
enum class StartStep : int { kNone, kPipe, kFork, kChdir, kStdin, kOutput, kError, kExec };

// The step's name in a report.
const char* StartStepName(StartStep step);

struct StartFailure {
  StartStep step = StartStep::kNone;
  int error = 0;
};

// A process on its way from fork() to execve().
struct StartedProcess {
  pid_t pid = -1;
  // Reads as end of file once the program runs (or was killed before it did), or as a StartFailure.
  UniqueFd progress;
};

// Forks a process for a job: in a group of its own, with default signals and /dev/null as its
// input. It inherits nothing else of the spawner. A job without files has `error_fd` as its
// standard error, or /dev/null for -1. The function does not wait for the program to run, because
// opening a file may take for ever (a FIFO without a reader, an unreachable file server). `failure`
// is set when the fork failed.
StartedProcess StartJob(const SpawnCommand& command, int error_fd, StartFailure* failure);

// Forks a process for a program that keeps our standard streams: in a group of its own, with
// default signals. `arguments` ends with a null pointer. `failure` as above.
StartedProcess StartProgram(char** arguments, StartFailure* failure);

// Reads the outcome of a start. False while it is unknown.
bool ReadStartOutcome(int progress_fd, StartFailure* failure);

// A non-blocking signalfd for SIGCHLD. The function blocks this signal and no other. Invalid, with
// errno set, on failure.
UniqueFd OpenSigchld();

// Collects the children that have ended and reports each with its wait(2) status. If the child
// `leads` a process group, the rest of the group is killed first. False when this process has no
// children. `sigchld` is a non-blocking signalfd.
bool ReapChildren(int sigchld, const std::function<bool(pid_t)>& leads,
                  const std::function<void(pid_t, int)>& ended);

// Kills all children, then the processes that they started in groups and sessions of their own.
// This process is a subreaper, so it becomes the parent of those when their parents die. Returns
// when `reap` finds no more children, or at the deadline, because a process may not react to
// signals.
void EndDescendants(int sigchld, double deadline, const std::function<bool()>& reap);

// The open descriptors of this process.
std::vector<int> OpenDescriptors();

// Ends this process by the signal in a wait(2) status, or returns the exit status in it.
int EndAs(int wait_status);

// The time of the monotonic clock.
double MonotonicSeconds();

}  // namespace flux_ensemble::spawner
