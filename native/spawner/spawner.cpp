// ensemble-spawner: starts the processes of a run's jobs and watches them, for the local member.
//
// It is a program of its own, so that jobs never outlive the run. When its standard input ends,
// because the host process closed it or was killed, all jobs are killed. A fork() here also does
// not delay the host's event loop.
//
// Standard input: frames of commands (command.h). Standard output: a line for each event,
//     ready VERSION                          once, at the beginning
//     started ID PID TIME                    the program of the job runs
//     error ID STEP ERRNO TIME MESSAGE       the start failed; this is the last line about ID
//     exit ID STATUS TIME [LINE]             the job and its process group ended with this wait(2)
//     status; LINE is the last line on standard error of a failed job without a file for it
// TIME is in seconds of the monotonic clock. Standard error: a message when something is wrong.
//
// `ensemble-spawner exec PROGRAM [ARGUMENT...]` guards one program instead, see guard.h.

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
#include "spawner/command.h"
#include "spawner/environment.h"
#include "spawner/guard.h"
#include "spawner/job_process.h"
#include "spawner/keeper.h"
#include "spawner/reports.h"
#include "spawner/tails.h"

namespace flux_ensemble::spawner {
namespace {

constexpr int kProtocolVersion = 2;
constexpr std::size_t kReadSize = std::size_t{64} << 10;

class Spawner {
 public:
  // `keeper` becomes readable when the keeper process has ended.
  Spawner(UniqueFd sigchld, UniqueFd keeper)
      : sigchld_(std::move(sigchld)), keeper_(std::move(keeper)) {}

  // Serves until standard input or the keeper ends, or the input is invalid. Returns the exit code
  // of the program.
  int Run() {
    reports_.Add("ready %d", kProtocolVersion);
    int code = 0;
    while (true) {
      // Flushed at once: the pipe nearly always has room, so poll() need not wait for it.
      if (!reports_.Flush()) break;
      WaitForWork();
      ReadStartOutcomes();
      tails_.Read();
      Reap();
      if (polled_[kKeeper].revents != 0) return EndUntold();
      const Input input = ReadCommands();
      if (input == Input::kEnded) break;
      if (input == Input::kGarbage) {
        fprintf(stderr, "ensemble-spawner: malformed command, ending the run\n");
        code = 2;
        break;
      }
    }
    EndEverything();
    return code;
  }

 private:
  struct Job {
    std::uint64_t id = 0;
    // Valid until the program runs.
    UniqueFd progress;
    Timestamp begun;
    // Number of its tail, or -1.
    int tail = -1;
    // The failed start was reported, so the exit is not reported.
    bool failed = false;
  };

  enum class Input { kOpen, kEnded, kGarbage };

  // Its index among the polled descriptors.
  static constexpr std::size_t kKeeper = 2;

  void WaitForWork() {
    polled_.clear();
    polled_.push_back({STDIN_FILENO, POLLIN, 0});
    polled_.push_back({sigchld_.get(), POLLIN, 0});
    polled_.push_back({keeper_.get(), POLLIN, 0});
    polled_.push_back({tails_.fd(), POLLIN, 0});
    if (!reports_.empty()) polled_.push_back({STDOUT_FILENO, POLLOUT, 0});
    for (pid_t pid : starting_) polled_.push_back({jobs_[pid].progress.get(), POLLIN, 0});
    poll(polled_.data(), polled_.size(), -1);
  }

  // Handles the jobs that poll() reported. Their entries are the last ones, in the order of
  // `starting_`.
  void ReadStartOutcomes() {
    const pollfd* entry = polled_.data() + (polled_.size() - starting_.size());
    const auto settled = [this, &entry](pid_t pid) {
      return (entry++)->revents != 0 && SettleStart(pid, jobs_[pid]);
    };
    starting_.erase(std::remove_if(starting_.begin(), starting_.end(), settled), starting_.end());
  }

  // Reports the outcome of a start, if it is known.
  bool SettleStart(pid_t pid, Job& job) {
    StartFailure failure;
    if (!ReadStartOutcome(job.progress.get(), &failure)) return false;
    job.progress = UniqueFd();
    if (failure.step == StartStep::kNone) {
      reports_.Add("started %llu %d %s", static_cast<unsigned long long>(job.id), pid,
                   job.begun.text);
    } else {
      ReportFailure(job.id, failure);
      job.failed = true;
      // From now on the id may be used again, also before this process has been collected.
      pids_.erase(job.id);
    }
    return true;
  }

  void ReportFailure(std::uint64_t id, const StartFailure& failure) {
    reports_.Add("error %llu %s %d %s %s", static_cast<unsigned long long>(id),
                 StartStepName(failure.step), failure.error, Timestamp().text,
                 strerror(failure.error));
  }

  // False when this process has no children.
  bool Reap() {
    return ReapChildren(
        sigchld_.get(), [this](pid_t pid) { return jobs_.count(pid) != 0; },
        [this](pid_t pid, int status) {
          const auto found = jobs_.find(pid);
          if (found == jobs_.end()) return;
          End(pid, found->second, status);
          jobs_.erase(found);
        });
  }

  void End(pid_t pid, Job& job, int status) {
    if (job.progress.valid()) {
      // The process ended before the outcome of its start was read. The pipe has the outcome now.
      SettleStart(pid, job);
      starting_.erase(std::find(starting_.begin(), starting_.end(), pid));
    }
    const std::string line = tails_.Close(job.tail);
    if (!job.failed) {
      const bool tell = status != 0 && !line.empty();
      reports_.Add("exit %llu %d %s%s%s", static_cast<unsigned long long>(job.id), status,
                   Timestamp().text, tell ? " " : "", tell ? line.c_str() : "");
      pids_.erase(job.id);
    }
  }

  Input ReadCommands() {
    const ssize_t got = read(STDIN_FILENO, frames_.Reserve(kReadSize), kReadSize);
    if (got == 0) return Input::kEnded;
    if (got < 0) return errno == EAGAIN || errno == EINTR ? Input::kOpen : Input::kEnded;
    frames_.Commit(static_cast<std::size_t>(got));
    while (true) {
      std::string_view body;
      switch (frames_.Take(&body)) {
        case FrameReader::Next::kIncomplete:
          return Input::kOpen;
        case FrameReader::Next::kTooLong:
          return Input::kGarbage;
        case FrameReader::Next::kFrame:
          break;
      }
      const auto command = ParseCommand(body);
      if (!command) return Input::kGarbage;
      if (const auto* spawn = std::get_if<SpawnCommand>(&*command)) {
        if (!Spawn(*spawn)) return Input::kGarbage;
      } else if (const auto* signal = std::get_if<KillCommand>(&*command)) {
        Kill(*signal);
      }
    }
  }

  // False when a job with this id runs.
  bool Spawn(const SpawnCommand& command) {
    if (pids_.count(command.id) != 0) return false;
    StartFailure failure;
    // The time before the fork: on a busy machine, the program may run for a while before its start
    // is known. A job's run time must not be reported too short.
    const Timestamp begun;
    UniqueFd error_end;
    const int tail = command.out.empty() && command.err.empty() ? tails_.Open(&error_end) : -1;
    StartedProcess process = StartJob(command, error_end.get(), &failure);
    error_end = UniqueFd();
    if (process.pid < 0) {
      tails_.Close(tail);
      ReportFailure(command.id, failure);
      return true;
    }
    jobs_[process.pid] = {command.id, std::move(process.progress), begun, tail};
    pids_[command.id] = process.pid;
    starting_.push_back(process.pid);
    return true;
  }

  // A job that has just ended is not an error: its report is on the way.
  void Kill(const KillCommand& command) {
    const auto found = pids_.find(command.id);
    if (found != pids_.end()) kill(-found->second, command.signal);
  }

  // The keeper was killed, which the host sees as the end of both processes. Jobs that are killed
  // now are not reported, because the reports would look like results of the jobs.
  int EndUntold() {
    EndJobs();
    return 1;
  }

  // Kills every job, then their daemons. Returns the deadline.
  double EndJobs() {
    constexpr double kSeconds = 3;
    const double deadline = MonotonicSeconds() + kSeconds;
    for (const auto& [pid, job] : jobs_) kill(-pid, SIGKILL);
    EndDescendants(sigchld_.get(), deadline, [this] { return Reap(); });
    return deadline;
  }

  // Kills everything, and reports it.
  void EndEverything() {
    const double deadline = EndJobs();
    while (!reports_.empty() && reports_.Flush() && MonotonicSeconds() < deadline) {
      pollfd room = {STDOUT_FILENO, POLLOUT, 0};
      poll(&room, 1, 20);
    }
  }

  UniqueFd sigchld_;
  UniqueFd keeper_;
  FrameReader frames_;
  Reports reports_;
  Tails tails_;
  std::unordered_map<pid_t, Job> jobs_;
  std::unordered_map<std::uint64_t, pid_t> pids_;
  // The jobs whose program does not run yet.
  std::vector<pid_t> starting_;
  std::vector<pollfd> polled_;
};

// Closes descriptors that an ancestor left open, so that jobs do not inherit them. Opens 0, 1 and 2
// if they are closed, so that no other file takes their place.
void TidyDescriptors() {
  while (true) {
    const int fd = open("/dev/null", O_RDWR);
    if (fd > STDERR_FILENO) close(fd);
    if (fd > STDERR_FILENO || fd < 0) break;
  }
  for (int fd : OpenDescriptors()) {
    if (fd > STDERR_FILENO) close(fd);
  }
  for (int fd : {STDIN_FILENO, STDOUT_FILENO}) {
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  }
}

// ^C on the terminal, or a `kill` of the whole process group, is for the host, which then sends
// orderly commands.
void IgnoreSignals() {
  for (int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGTSTP}) {
    signal(number, SIG_IGN);
  }
}

int Complain(const char* what) {
  fprintf(stderr, "ensemble-spawner: %s: %s\n", what, strerror(errno));
  return 1;
}

}  // namespace
}  // namespace flux_ensemble::spawner

int main(int argc, char** argv) {
  using flux_ensemble::UniqueFd;
  using namespace flux_ensemble::spawner;
  const bool guards = argc > 2 && strcmp(argv[1], "exec") == 0;
  if (argc > 1 && !guards) {
    fprintf(stderr, "usage: ensemble-spawner [exec PROGRAM [ARGUMENT...]]\n");
    return 2;
  }
  RestoreEnvironment();
  setsid();  // fails when this process leads a group already, which has the same effect
  IgnoreSignals();
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (!guards) TidyDescriptors();
  UniqueFd keeper = ContinueInKeptChild();
  if (!keeper.valid()) {
    if (guards) return RefuseToGuard(errno);
    return Complain("fork");
  }
  UniqueFd sigchld = OpenSigchld();
  if (!sigchld.valid()) return Complain("signalfd");
  if (guards) return Guard(argv + 2, sigchld.get(), keeper.get());
  return Spawner(std::move(sigchld), std::move(keeper)).Run();
}
