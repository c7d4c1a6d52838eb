#include "spawner/keeper.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>

#include <utility>

#include "spawner/job_process.h"

namespace flux_ensemble::spawner {
namespace {

// Only the child keeps the connections to the host, so the host sees them end with the child.
void LetGoOfAllBut(int kept) {
  for (int fd : OpenDescriptors()) {
    if (fd != kept) close(fd);
  }
}

// `alive` is this process's end of the pipe. The child sees it close when this process ends.
[[noreturn]] void Keep(pid_t child, const UniqueFd& alive) {
  LetGoOfAllBut(alive.get());
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  constexpr double kSeconds = 3;
  const UniqueFd sigchld = OpenSigchld();
  EndDescendants(sigchld.get(), MonotonicSeconds() + kSeconds, [&sigchld] {
    return ReapChildren(
        sigchld.get(), [](pid_t) { return false; }, [](pid_t, int) {});
  });
  _exit(EndAs(status));
}

}  // namespace

UniqueFd ContinueInKeptChild() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return UniqueFd();
  UniqueFd parent_gone(ends[0]);
  UniqueFd parent_alive(ends[1]);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t child = fork();
  if (child < 0) return UniqueFd();
  if (child > 0) {
    parent_gone = UniqueFd();
    Keep(child, parent_alive);
  }
  // A session of its own, so that no signal to one process group reaches both.
  setsid();
  prctl(PR_SET_CHILD_SUBREAPER, 1);  // not inherited
  return parent_gone;
}

}  // namespace flux_ensemble::spawner
