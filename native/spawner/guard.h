#pragma once

namespace flux_ensemble::spawner {

// Runs one program with everything that we have inherited, and ends all that descends from it when
// the host closes the other end of descriptor 3 (a socket), or is killed.
//
// Reports the end of the program there as one line: `exit STATUS`, `signal NUMBER`, or
// `error ERRNO` when it could not be started. When the program ends, the rest of its process group
// is killed. A process that has left the group (a daemon) lives on until the host ends us; we
// end by ourselves when no such process is left.
//
// `arguments` ends with a null pointer; `sigchld` is a signalfd, which does not block; `keeper` is
// readable when the process that keeps us has ended, and we end as when the host does. Returns our
// exit status.
int Guard(char** arguments, int sigchld, int keeper);

// Reports there that the program could not be started. Returns our exit status.
int RefuseToGuard(int error);

}  // namespace flux_ensemble::spawner
