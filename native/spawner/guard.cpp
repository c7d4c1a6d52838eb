#include "spawner/guard.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/unique_fd.h"
#include "spawner/job_process.h"

namespace flux_ensemble::spawner {
namespace {

constexpr int kControl = 3;

// Closes all inherited descriptors without O_CLOEXEC. The standard streams become /dev/null. So the
// other ends notice when the program closes its copies.
void LetGoOfInherited() {
  const UniqueFd nothing(open("/dev/null", O_RDWR | O_CLOEXEC));
  for (int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(nothing.get(), fd);
  for (int fd : OpenDescriptors()) {
    if (fd > STDERR_FILENO && (fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0) close(fd);
  }
}

// Writes to the host how the program ended, or why it could not be started.
void Report(const UniqueFd& control, int wait_status, const StartFailure& failure) {
  if (failure.step != StartStep::kNone) {
    dprintf(control.get(), "error %d\n", failure.error);
  } else if (WIFEXITED(wait_status)) {
    dprintf(control.get(), "exit %d\n", WEXITSTATUS(wait_status));
  } else {
    dprintf(control.get(), "signal %d\n", WTERMSIG(wait_status));
  }
}

}  // namespace

int RefuseToGuard(int error) {
  StartFailure failure;
  failure.step = StartStep::kFork;
  failure.error = error;
  Report(UniqueFd(kControl), 0, failure);
  return 0;
}

int Guard(char** arguments, int sigchld, int keeper) {
  const UniqueFd control(kControl);
  if (fcntl(control.get(), F_SETFD, FD_CLOEXEC) != 0) {
    fprintf(stderr, "ensemble-spawner: exec: descriptor 3: %s\n", strerror(errno));
    return 1;
  }
  StartFailure failure;
  const StartedProcess program = StartProgram(arguments, &failure);
  if (program.pid < 0) {
    Report(control, 0, failure);
    return 0;
  }
  LetGoOfInherited();

  const auto reap = [&] {
    return ReapChildren(
        sigchld, [&](pid_t pid) { return pid == program.pid; },
        [&](pid_t pid, int status) {
          if (pid != program.pid) return;
          ReadStartOutcome(program.progress.get(), &failure);
          Report(control, status, failure);
        });
  };
  bool wanted = true;
  while (reap() && wanted) {
    pollfd polled[] = {{control.get(), POLLIN, 0}, {keeper, POLLIN, 0}, {sigchld, POLLIN, 0}};
    poll(polled, 3, -1);
    wanted = polled[0].revents == 0 && polled[1].revents == 0;
  }
  constexpr double kSeconds = 3;
  EndDescendants(sigchld, MonotonicSeconds() + kSeconds, reap);
  return 0;
}

}  // namespace flux_ensemble::spawner
