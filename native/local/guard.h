#ifndef FLUX_ENSEMBLE_LOCAL_GUARD_H_
#define FLUX_ENSEMBLE_LOCAL_GUARD_H_

namespace flux_ensemble::local {

/// Runs one program, with our standard streams, and sees to it that nothing of it outlives the
/// host: when the other end of descriptor 3 (a pipe or socket to which nothing is sent) is closed,
/// be it that the host wants it or that it was killed, everything that descends from the program is
/// killed. What is left of the program's process group when it ends by itself is killed too.
/// `arguments` ends with a null pointer; `sigchld` is a signalfd, which does not block.
///
/// Returns the program's exit status as our own, or ends us by the signal that ended it. When it
/// can't be started, writes the errno in decimal digits to descriptor 3.
int Guard(char** arguments, int sigchld);

}  // namespace flux_ensemble::local

#endif  // FLUX_ENSEMBLE_LOCAL_GUARD_H_
