#pragma once

#include <sys/types.h>

#include <functional>
#include <vector>

#include "spawner/command.h"
#include "spawner/unique_fd.h"

namespace flux_ensemble::spawner {

// What a start consists of; told when it fails.
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
  // Reads as end of file once the program runs (or was killed before it did), or as a
  // StartFailure.
  UniqueFd progress;
};

// Forks a process for a job: in a group of its own, with default signals, /dev/null as its input,
// and with nothing else of the spawner's. A job that names no file at all has `error_fd` as its
// standard error, or /dev/null for -1. Returns without waiting for it, because opening a file
// may take for ever (a FIFO with no reader, a file server that is away). `failure` is set when
// there is no process at all.
StartedProcess StartJob(const SpawnCommand& command, int error_fd, StartFailure* failure);

// Forks a process for a program that keeps our standard streams: in a group of its own, with
// default signals. `arguments` ends with a null pointer. `failure` as above.
StartedProcess StartProgram(char** arguments, StartFailure* failure);

// Reads the outcome of a start. False while there is none yet.
bool ReadStartOutcome(int progress_fd, StartFailure* failure);

// A signalfd for SIGCHLD that does not block. Blocks the signal itself, and no other. Invalid,
// with errno set, when there can be none.
UniqueFd OpenSigchld();

// Collects the children that have ended and tells each with its wait(2) status. What is left of
// the process group of one that `leads` such a group is killed before. False when there are no
// children at all. `sigchld` is a signalfd, which does not block.
bool ReapChildren(int sigchld, const std::function<bool(pid_t)>& leads,
                  const std::function<void(pid_t, int)>& ended);

// Kills all children, then what those had started in groups and sessions of their own: it becomes
// ours when its parents die, for we are a subreaper. Returns when `reap` finds no child any more,
// or at the deadline, for a process may be beyond signals.
void EndDescendants(int sigchld, double deadline, const std::function<bool()>& reap);

// The open descriptors of this process.
std::vector<int> OpenDescriptors();

// Ends this process by the signal in a wait(2) status, or returns the exit status in it.
int EndAs(int wait_status);

// Of a clock that nobody sets.
double MonotonicSeconds();

}  // namespace flux_ensemble::spawner
