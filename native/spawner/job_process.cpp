#include "spawner/job_process.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace flux_ensemble::spawner {
namespace {

// The spawner's environment, or an empty one, with the command's variables added, in the form of
// execve(2). It holds pointers to the original strings.
std::vector<char*> MergeEnvironment(const std::vector<std::string_view>& overrides) {
  std::vector<char*> merged;
  for (char** entry = environ; *entry != nullptr; ++entry) merged.push_back(*entry);
  for (std::string_view override_entry : overrides) {
    if (override_entry == "=") {
      merged.clear();
      continue;
    }
    const std::size_t key_length = override_entry.find('=') + 1;
    char* value = const_cast<char*>(override_entry.data());
    bool replaced = false;
    for (char*& entry : merged) {
      if (strncmp(entry, value, key_length) == 0) {
        entry = value;
        replaced = true;
      }
    }
    if (!replaced) merged.push_back(value);
  }
  merged.push_back(nullptr);
  return merged;
}

void ResetSignals() {
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction action = {};
    action.sa_handler = SIG_DFL;
    sigaction(signal, &action,
              nullptr);  // fails for SIGKILL, SIGSTOP and libc's own, which does not matter
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

// Makes `target` an open file. False with errno set when it can't be.
bool OpenAs(int target, const char* path, int flags) {
  const int fd = open(path, flags | O_CLOEXEC | O_NOCTTY, 0666);
  return fd >= 0 && dup2(fd, target) >= 0;  // the copy is without O_CLOEXEC
}

// Reports why the program does not run, and ends.
[[noreturn]] void Fail(int progress, StartStep step) {
  const StartFailure failure{step, errno};
  // If this write fails, the spawner has ended, and this process is about to be killed.
  if (write(progress, &failure, sizeof failure) < 0) {
  }
  _exit(127);
}

// A file may be cut while the job writes to it.
constexpr int kCreate = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND;

// The step in words, for a reader of the job's files.
const char* WordsFor(StartStep step) {
  switch (step) {
    case StartStep::kChdir:
      return "working directory ";
    case StartStep::kOutput:
      return "output file ";
    case StartStep::kError:
      return "error file ";
    default:
      return "";
  }
}

// Writes why the program does not run to its standard error, if that can be opened.
void Complain(const SpawnCommand& command, StartStep step, const char* what, int error) {
  const char* const path = command.err.empty() ? command.out.data() : command.err.data();
  // A file that is open already, or else one whose name does not depend on the missing part.
  const bool can_open = step == StartStep::kChdir ? path[0] == '/' : !command.err.empty();
  UniqueFd file;
  int to = -1;
  if (step == StartStep::kExec) {
    to = STDERR_FILENO;
  } else if (step == StartStep::kError) {
    to = STDOUT_FILENO;
  } else if (can_open) {
    // O_NONBLOCK, because opening a FIFO would wait.
    file = UniqueFd(open(path, kCreate | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666));
    to = file.get();
  }
  if (to >= 0) dprintf(to, "ensemble: %s%s: %s\n", WordsFor(step), what, strerror(error));
}

// The child's side of the fork, up to the program of the job.
[[noreturn]] void RunJob(const SpawnCommand& command, int error_fd, char** arguments,
                         char** environment, int progress) {
  const auto fail = [&](StartStep step, std::string_view what = {}) {
    const int error = errno;
    if (!what.empty()) Complain(command, step, what.data(), error);
    errno = error;
    Fail(progress, step);
  };
  if (!command.cwd.empty() && chdir(command.cwd.data()) != 0) {
    fail(StartStep::kChdir, command.cwd);
  }
  if (!OpenAs(STDIN_FILENO, "/dev/null", O_RDONLY)) fail(StartStep::kStdin);
  const char* out = command.out.empty() ? "/dev/null" : command.out.data();
  if (!OpenAs(STDOUT_FILENO, out, kCreate)) fail(StartStep::kOutput, command.out);
  if (command.err.empty()) {
    // Both use one open file with one offset, so the job's output stays in order.
    const bool tailed = command.out.empty() && error_fd >= 0;
    if (dup2(tailed ? error_fd : STDOUT_FILENO, STDERR_FILENO) < 0) fail(StartStep::kError);
  } else if (!OpenAs(STDERR_FILENO, command.err.data(), kCreate)) {
    fail(StartStep::kError, command.err);
  }
  environ = environment;  // execvp() takes the PATH from here: the job's, not the spawner's
  execvp(arguments[0], arguments);
  fail(StartStep::kExec, arguments[0]);
  _exit(127);
}

// Forks a process in a group of its own, which dies with this one. It calls `run` with the
// descriptor for Fail().
template <typename Run>
StartedProcess Fork(const Run& run, StartFailure* failure) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
    *failure = {StartStep::kPipe, errno};
    return {};
  }
  UniqueFd progress_read(ends[0]);
  UniqueFd progress_write(ends[1]);

  const pid_t spawner = getpid();
  // Signals stay blocked in the child until it has put back their default actions.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  const pid_t pid = fork();
  const int fork_error = errno;
  if (pid == 0) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != spawner) _exit(127);  // the spawner ended before the line above
    // From here on a cancel ends this process, also during a slow open of a file.
    ResetSignals();
    run(progress_write.get());
  }
  sigprocmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) {
    *failure = {StartStep::kFork, fork_error};
    return {};
  }
  // Set here and in the child, so that the group exists before the program runs and before a signal
  // to the group. It fails with EACCES once the program runs, when the child has set it.
  setpgid(pid, pid);
  return {pid, std::move(progress_read)};
}

// The parent's process id in the text of /proc/PID/stat, or -1. The second field, the program's
// name, may hold anything, also parentheses and spaces: the last `)` ends it.
pid_t ParentIn(std::string_view stat) {
  const std::size_t name_end = stat.rfind(") ");
  if (name_end == std::string_view::npos || stat.size() < name_end + 5) return -1;
  return static_cast<pid_t>(strtol(stat.data() + name_end + 4, nullptr, 10));
}

// The processes whose parent is this one, including those inherited from a parent that died.
std::vector<pid_t> ListChildren() {
  std::vector<pid_t> children;
  const std::unique_ptr<DIR, int (*)(DIR*)> proc(opendir("/proc"), closedir);
  if (!proc) return children;
  const pid_t self = getpid();
  while (const dirent* entry = readdir(proc.get())) {
    const pid_t pid = static_cast<pid_t>(strtol(entry->d_name, nullptr, 10));
    if (pid <= 0) continue;
    const std::string path = "/proc/" + std::to_string(pid) + "/stat";
    const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    char text[512];
    const ssize_t size = file.valid() ? read(file.get(), text, sizeof text - 1) : -1;
    if (size <= 0) continue;  // the process has ended
    text[size] = '\0';
    if (ParentIn({text, static_cast<std::size_t>(size)}) == self) children.push_back(pid);
  }
  return children;
}

}  // namespace

const char* StartStepName(StartStep step) {
  switch (step) {
    case StartStep::kNone:
      return "none";
    case StartStep::kPipe:
      return "pipe";
    case StartStep::kFork:
      return "fork";
    case StartStep::kChdir:
      return "chdir";
    case StartStep::kStdin:
      return "stdin";
    case StartStep::kOutput:
      return "output";
    case StartStep::kError:
      return "error";
    case StartStep::kExec:
      return "exec";
  }
  return "unknown";
}

StartedProcess StartJob(const SpawnCommand& command, int error_fd, StartFailure* failure) {
  // All memory is taken before the fork: the child only makes system calls.
  std::vector<char*> environment = MergeEnvironment(command.environment);
  std::vector<char*> arguments;
  for (std::string_view argument : command.arguments) {
    arguments.push_back(const_cast<char*>(argument.data()));
  }
  arguments.push_back(nullptr);

  return Fork(
      [&](int progress) {
        RunJob(command, error_fd, arguments.data(), environment.data(), progress);
      },
      failure);
}

StartedProcess StartProgram(char** arguments, StartFailure* failure) {
  return Fork(
      [arguments](int progress) {
        execvp(arguments[0], arguments);
        Fail(progress, StartStep::kExec);
      },
      failure);
}

bool ReadStartOutcome(int progress_fd, StartFailure* failure) {
  StartFailure read_failure;
  ssize_t got;
  do {
    got = read(progress_fd, &read_failure, sizeof read_failure);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return false;
  // A write this small is whole or absent.
  *failure = got == sizeof read_failure ? read_failure : StartFailure{};
  return true;
}

UniqueFd OpenSigchld() {
  signal(SIGCHLD, SIG_DFL);  // if it were ignored, ends would not be reported
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGCHLD);
  sigprocmask(SIG_SETMASK, &mask, nullptr);
  return UniqueFd(signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK));
}

bool ReapChildren(int sigchld, const std::function<bool(pid_t)>& leads,
                  const std::function<void(pid_t, int)>& ended) {
  signalfd_siginfo ignored;
  while (read(sigchld, &ignored, sizeof ignored) > 0) {
  }
  while (true) {
    siginfo_t info = {};
    // The child is not collected yet: while the leader is a zombie, its process group's id cannot
    // be reused.
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0) return errno != ECHILD;
    if (info.si_pid == 0) return true;
    if (leads(info.si_pid)) kill(-info.si_pid, SIGKILL);
    int status = 0;
    if (waitpid(info.si_pid, &status, 0) >= 0) ended(info.si_pid, status);
  }
}

void EndDescendants(int sigchld, double deadline, const std::function<bool()>& reap) {
  while (reap() && MonotonicSeconds() < deadline) {
    for (pid_t child : ListChildren()) kill(child, SIGKILL);
    pollfd change = {sigchld, POLLIN, 0};
    poll(&change, 1, 20);
  }
}

std::vector<int> OpenDescriptors() {
  std::vector<int> open;
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(opendir("/proc/self/fd"), closedir);
  if (!listing) return open;
  while (const dirent* entry = readdir(listing.get())) {
    if (entry->d_name[0] == '.') continue;
    const int fd = static_cast<int>(strtol(entry->d_name, nullptr, 10));
    if (fd != dirfd(listing.get())) open.push_back(fd);
  }
  return open;
}

int EndAs(int wait_status) {
  if (WIFEXITED(wait_status)) return WEXITSTATUS(wait_status);
  const int number = WTERMSIG(wait_status);
  prctl(PR_SET_DUMPABLE, 0);  // one core is enough
  signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  raise(number);
  return 128 + number;
}

double MonotonicSeconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace flux_ensemble::spawner
