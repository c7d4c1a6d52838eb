#pragma once

namespace flux_ensemble::spawner {

// Runs one program with everything that this process has inherited. It kills the program and its
// descendants when the host closes the other end of descriptor 3 (a socket), or is killed.
//
// It reports the end of the program there as one line: `exit STATUS`, `signal NUMBER`, or `error
// ERRNO` when the start failed. When the program ends, the rest of its process group is killed. A
// process that has left the group (a daemon) lives on until the host ends this process. This
// process also ends when no such process is left.
//
// `arguments` ends with a null pointer. `sigchld` is a non-blocking signalfd. `keeper` becomes
// readable when the keeper process has ended, which has the same effect as the end of the host.
// Returns the exit status of this process.
int Guard(char** arguments, int sigchld, int keeper);

// Reports that the program could not be started. Returns the exit status of this process.
int RefuseToGuard(int error);

}  // namespace flux_ensemble::spawner
