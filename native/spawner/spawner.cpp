// ensemble-spawner: starts the processes of a run's jobs and watches them, for the local member.
//
// It is a program of its own so that no job outlives the run, whatever ends the run: when its
// standard input ends, be it that the host process closed it or that it was killed, all that was
// started here dies. And a fork() here costs the host's event loop nothing.
//
// Standard input: frames of commands (command.h). Standard output: a line for each thing that
// happened,
//     ready VERSION                          once, at the beginning
//     started ID PID TIME                    the program of the job runs
//     error ID STEP ERRNO TIME MESSAGE       it could not be started; nothing more comes about ID
//     exit ID STATUS TIME [LINE]             it ended, with that wait(2) status, and its group with
//     it; of one that failed, the last line on standard error, if it has no file for that
// TIME is in seconds since the epoch. Standard error: a message for people when something is wrong.
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

#include "spawner/command.h"
#include "spawner/environment.h"
#include "spawner/guard.h"
#include "spawner/job_process.h"
#include "spawner/keeper.h"
#include "spawner/reports.h"
#include "spawner/tails.h"
#include "spawner/unique_fd.h"

namespace flux_ensemble::spawner {
namespace {

constexpr int kProtocolVersion = 2;
constexpr std::size_t kReadSize = std::size_t{64} << 10;

class Spawner {
 public:
  // `keeper` becomes readable when the process that keeps this one has ended.
  Spawner(UniqueFd sigchld, UniqueFd keeper)
      : sigchld_(std::move(sigchld)), keeper_(std::move(keeper)) {}

  // Serves until standard input or the keeper ends, or input makes no sense. Returns the exit code
  // of the program.
  int Run() {
    reports_.Add("ready %d", kProtocolVersion);
    int code = 0;
    while (true) {
      // Flushed at once: nearly always the pipe takes it all, and poll() need not ask for room.
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
    // Its failure to start has been told: its exit is not worth a word.
    bool failed = false;
  };

  enum class Input { kOpen, kEnded, kGarbage };

  // Its place among what is polled.
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

  // Looks at the jobs that poll() named; their entries are the last ones, in the order of
  // `starting_`.
  void ReadStartOutcomes() {
    const pollfd* entry = polled_.data() + (polled_.size() - starting_.size());
    const auto settled = [this, &entry](pid_t pid) {
      return (entry++)->revents != 0 && SettleStart(pid, jobs_[pid]);
    };
    starting_.erase(std::remove_if(starting_.begin(), starting_.end(), settled), starting_.end());
  }

  // Reports how a start went, if that is known by now.
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
    }
    return true;
  }

  void ReportFailure(std::uint64_t id, const StartFailure& failure) {
    reports_.Add("error %llu %s %d %s %s", static_cast<unsigned long long>(id),
                 StartStepName(failure.step), failure.error, Timestamp().text,
                 strerror(failure.error));
  }

  // False when there are no children at all.
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
      // Dead before we looked at how it started: the pipe tells now, whatever it tells.
      SettleStart(pid, job);
      starting_.erase(std::find(starting_.begin(), starting_.end(), pid));
    }
    const std::string line = tails_.Close(job.tail);
    if (!job.failed) {
      const bool tell = status != 0 && !line.empty();
      reports_.Add("exit %llu %d %s%s%s", static_cast<unsigned long long>(job.id), status,
                   Timestamp().text, tell ? " " : "", tell ? line.c_str() : "");
    }
    pids_.erase(job.id);
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

  // False when the id is one of a job that runs.
  bool Spawn(const SpawnCommand& command) {
    if (pids_.count(command.id) != 0) return false;
    StartFailure failure;
    // Taken before the fork: on a busy machine the program may be well under way when we hear of
    // it, and a job must not seem to have run for less time than it did.
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

  // A job that has ended meanwhile is no error: its report is on the way.
  void Kill(const KillCommand& command) {
    const auto found = pids_.find(command.id);
    if (found != pids_.end()) kill(-found->second, command.signal);
  }

  // The keeper was killed, which for the host is the end of both of us. Told of as ends of jobs,
  // what we kill now would look like results of theirs.
  int EndUntold() {
    EndJobs();
    return 1;
  }

  // Kills every job, then what their daemons left. Returns the time when this must be over.
  double EndJobs() {
    constexpr double kSeconds = 3;
    const double deadline = MonotonicSeconds() + kSeconds;
    for (const auto& [pid, job] : jobs_) kill(-pid, SIGKILL);
    EndDescendants(sigchld_.get(), deadline, [this] { return Reap(); });
    return deadline;
  }

  // Kills everything, and says so.
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

// Closes what a careless ancestor left open, so that no job gets it; and makes sure that 0, 1 and
// 2 are something, so that no file of ours takes their place.
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

// ^C on the terminal, or a `kill` of the whole family, is for the host: it tells us what to do, in
// order.
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
  using namespace flux_ensemble::spawner;
  const bool guards = argc > 2 && strcmp(argv[1], "exec") == 0;
  if (argc > 1 && !guards) {
    fprintf(stderr, "usage: ensemble-spawner [exec PROGRAM [ARGUMENT...]]\n");
    return 2;
  }
  RestoreEnvironment();
  setsid();  // fails when we lead a group already, which is as good
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
