#pragma once

#include "base/unique_fd.h"

namespace flux_ensemble::spawner {

// Forks a keeper. The child returns and does the work. The parent is its keeper: when the child
// ends, also by SIGKILL, the kernel makes the parent the owner of all remaining processes of the
// child. The parent kills them, including daemons, and ends with the child's status.
//
// Returns in the child, with a descriptor that becomes readable when the parent has ended. The
// child must then kill the processes that it started. Returns an invalid descriptor, with errno
// set, when the fork failed.
UniqueFd ContinueInKeptChild();

}  // namespace flux_ensemble::spawner
