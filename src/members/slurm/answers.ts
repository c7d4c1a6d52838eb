/** The meaning of the answer of `sbatch` for the jobs of an array. */

import { type CommandResult, complaintOf } from './commands.js';

export type Answer =
  /** Slurm has the array. */
  | { readonly kind: 'accepted'; readonly slurmId: number }
  /** The user has as many jobs in the queue as the site allows. */
  | { readonly kind: 'full'; readonly reason: string }
  /** The controller does not answer. It has not taken the array. */
  | { readonly kind: 'away'; readonly reason: string }
  /** Slurm may have taken the array. `full`: its queue was full. */
  | { readonly kind: 'unknown'; readonly reason: string; readonly full: boolean }
  /** Such jobs are invalid. */
  | { readonly kind: 'refused'; readonly reason: string };

/** sbatch itself tries again for minutes after this message. */
export const QUEUE_IS_FULL = /temporarily unable to accept job/i;

const FULL = /MaxSubmit|MaxJobs|job submit limit|SubmitJobs|Resource temporarily unavailable/i;
const AWAY =
  /unable to contact slurm controller|connection refused|no route to host|unable to resolve|standby mode/i;
/** The connection ended before the answer came. */
const UNKNOWN =
  /timed out|timeout|zero bytes|unexpected message|connection reset|communications? (?:error|connection)/i;

export function readAnswer(result: CommandResult): Answer {
  const { status, stdout, stderr } = result;
  // With several clusters the name of one follows.
  const id = /^(\d+)(?:;.*)?$/m.exec(stdout)?.[1];
  if (status === 0 && id !== undefined) return { kind: 'accepted', slurmId: Number(id) };
  const reason = complaintOf(result);
  if (QUEUE_IS_FULL.test(stderr)) return { kind: 'unknown', reason: 'its queue is full', full: true };
  if (FULL.test(stderr)) return { kind: 'full', reason };
  if (AWAY.test(stderr)) return { kind: 'away', reason };
  if (UNKNOWN.test(stderr) || (status === null && !/ENOENT|EACCES|E2BIG/.test(stderr)))
    return { kind: 'unknown', reason, full: false };
  return { kind: 'refused', reason };
}

/** Whether the complaint of a command says that the controller did not answer. */
export const isAway = (words: string): boolean => AWAY.test(words) || UNKNOWN.test(words);
