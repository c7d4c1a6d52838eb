/** Converts the spawner's reports to the terms of Flux. */

import { constants, hostname } from 'node:os';

import type { LocalJob } from './job.js';

const { EACCES, EAGAIN, EMFILE, ENFILE, ENOENT, ENOMEM, EPERM } = constants.errno;

/** Returns true when the start failed for lack of a system resource that may become available again. */
export function isShortage(step: string, errno: number): boolean {
  return (step === 'fork' || step === 'pipe') && [EAGAIN, EMFILE, ENFILE, ENOMEM].includes(errno);
}

/** Returns the exit status of a job that could not be started, as Flux's shell does. */
function startStatus(step: string, errno: number): number {
  if (step === 'exec' && errno === ENOENT) return 127;
  if (step === 'exec' && (errno === EACCES || errno === EPERM)) return 126;
  return 1;
}

/** Returns the exception's note and the status of a job that could not be started. */
export function startFailure(
  job: LocalJob,
  step: string,
  errno: number,
  message: string,
): { note: string; status: number } {
  const { template, files } = job.batch;
  const { out, err } = job.files();
  const places: Record<string, string> = {
    chdir: `working directory ${files.workdir}`,
    output: `output file ${out}`,
    error: `error file ${err}`,
    exec: template.command[0] ?? '',
  };
  const note = `task 0 (host ${hostname()}): start failed: ${places[step] ?? step}: ${message}`;
  return { note, status: startStatus(step, errno) << 8 };
}

/** Converts a wait(2) status as Flux's shell does: the end by a signal becomes an exit code. */
export function finishStatus(waitStatus: number): number {
  // The bit above the signal reports a core dump.
  const signal = waitStatus & 0x7f;
  return signal === 0 ? waitStatus : (128 + signal) << 8;
}
