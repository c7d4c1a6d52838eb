#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>

#include "job_process.h"
#include "unique_fd.h"

namespace flux_ensemble::local {
namespace {

constexpr int kControl = 3;
/// As shells say that a program can't be run.
constexpr int kNotStarted = 127;

int Refuse(const UniqueFd& control, const StartFailure& failure) {
  dprintf(control.get(), "%d", failure.error);
  return kNotStarted;
}

/// The streams are the program's alone: it may close them before it ends.
void LetGoOfStreams() {
  const UniqueFd nothing(open("/dev/null", O_RDWR | O_CLOEXEC));
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(nothing.get(), fd);
}

/// Ends as the program did.
int Repeat(int wait_status) {
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

}  // namespace

int Guard(char** arguments, int sigchld) {
  const UniqueFd control(kControl);
  if (fcntl(control.get(), F_SETFD, FD_CLOEXEC) != 0) {
    fprintf(stderr, "ensemble-spawner: exec: descriptor 3: %s\n", strerror(errno));
    return kNotStarted;
  }
  StartFailure failure;
  const StartedProcess program = StartProgram(arguments, &failure);
  if (program.pid < 0) return Refuse(control, failure);
  LetGoOfStreams();

  std::optional<int> ended;
  const auto reap = [&] {
    return ReapChildren(
        sigchld, [&](pid_t pid) { return pid == program.pid; },
        [&](pid_t pid, int status) {
          if (pid == program.pid) ended = status;
        });
  };
  while (!ended) {
    pollfd polled[] = {{control.get(), POLLIN, 0}, {sigchld, POLLIN, 0}};
    poll(polled, 2, -1);
    reap();
    if (polled[0].revents == 0) continue;
    constexpr double kSeconds = 3;
    if (!ended) kill(-program.pid, SIGKILL);
    EndDescendants(sigchld, MonotonicSeconds() + kSeconds, reap);
    return ended ? Repeat(*ended) : kNotStarted;
  }
  if (ReadStartOutcome(program.progress.get(), &failure) && failure.step != StartStep::kNone) {
    return Refuse(control, failure);
  }
  return Repeat(*ended);
}

}  // namespace flux_ensemble::local
