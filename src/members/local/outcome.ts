/** Puts what the spawner reports into the terms of Flux. */

import { constants, hostname } from 'node:os';

import type { LocalJob } from './job.js';

const { EAGAIN, EMFILE, ENFILE, ENOENT, ENOMEM } = constants.errno;

/** True when a job was not started for want of a resource of the system that may come back. */
export function isShortage(step: string, errno: number): boolean {
  return (step === 'fork' || step === 'pipe') && [EAGAIN, EMFILE, ENFILE, ENOMEM].includes(errno);
}

/** What becomes of a job that could not be started: an exception's note, and a status as a shell would give. */
export function startFailure(
  job: LocalJob,
  step: string,
  errno: number,
  message: string,
): { note: string; status: number } {
  const { template, files } = job.batch;
  const { out, err } = job.files();
  const places: Record<string, string> = {
    chdir: files.workdir,
    output: out,
    error: err,
    exec: template.command[0] ?? '',
  };
  const note = `task 0 (host ${hostname()}): start failed: ${places[step] ?? step}: ${message}`;
  return { note, status: (errno === ENOENT ? 127 : 126) << 8 };
}

/** A wait(2) status as Flux's shell gives it: the end by a signal becomes an exit code. */
export function finishStatus(waitStatus: number): number {
  // The bit above the signal says that a core was dumped.
  const signal = waitStatus & 0x7f;
  return signal === 0 ? waitStatus : (128 + signal) << 8;
}
