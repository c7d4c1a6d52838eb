#pragma once

#include "spawner/unique_fd.h"

namespace flux_ensemble::spawner {

// Forks. The child goes on and does the work. The parent only keeps it: when the child ends, also
// by SIGKILL, the kernel gives the parent all processes that the child leaves, and the parent
// kills them, daemons too. Then it ends as the child did.
//
// Returns in the child, with a descriptor that becomes readable when the parent has ended. The
// child must then end what it started. Returns an invalid descriptor, with errno set, when there
// can be no child.
UniqueFd ContinueInKeptChild();

}  // namespace flux_ensemble::spawner
