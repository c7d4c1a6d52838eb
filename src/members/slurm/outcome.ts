/** Why Slurm has ended a job, in the terms of Flux: exceptions, and statuses as wait(2) has them. */

import { constants } from 'node:os';
import { finishStatus } from '../local/outcome.js';

const { SIGTERM, SIGKILL } = constants.signals;

export interface Cause {
  /** Type of the exception. */
  readonly type: string;
  readonly note: string;
}

/** Exceptions by Slurm's states. A state that is missing here ends a job without one. */
const TYPES: Readonly<Record<string, string>> = {
  CANCELLED: 'cancel',
  TIMEOUT: 'timeout',
  DEADLINE: 'timeout',
  PREEMPTED: 'preempted',
  NODE_FAIL: 'node-failure',
  BOOT_FAIL: 'node-failure',
  OUT_OF_MEMORY: 'out-of-memory',
  REVOKED: 'lost',
};

/** Reasons of failures that are not those of the program. */
const REASONS = ['JobLaunchFailure', 'InvalidAccount', 'InvalidQOS', 'BadConstraints', 'SystemFailure'];

const ENDED: ReadonlySet<string> = new Set([...Object.keys(TYPES), 'COMPLETED', 'FAILED']);

/** Whether a task in this state has ended for good. */
export const hasEnded = (state: string): boolean => ENDED.has(state);

/** Whether a task in this state waits in the queue of Slurm. */
export const isPending = (state: string): boolean =>
  ['PENDING', 'REQUEUED', 'REQUEUE_HOLD', 'REQUEUE_FED', 'SPECIAL_EXIT'].includes(state);

/** Slurm's word for a reason, as the end of a sentence; empty where it has none. */
export const inBrackets = (reason: string): string =>
  reason === '' || reason === 'None' ? '' : ` (${reason})`;

/** Returns the exception of a job that ended in this state; null for none. */
export function causeOf(state: string, reason: string, host = ''): Cause | null {
  const type = TYPES[state] ?? (REASONS.includes(reason) ? 'exec' : undefined);
  if (type === undefined) return null;
  const where = host === '' ? '' : ` on ${host}`;
  return { type, note: `Slurm: ${state}${inBrackets(reason)}${where}` };
}

/** Whether an exit code of a shell may be that of a program which Slurm ended. */
export const mayBeSlurms = (code: number): boolean => code === 128 + SIGTERM || code === 128 + SIGKILL;

/** Returns the wait(2) status of an exit code of a shell. */
export const statusOfCode = (code: number): number => code << 8;

/** Returns the status of a job whose end only Slurm knows. `status` is Slurm's, null where it is unknown. */
export function statusOf(state: string, status: number | null): number {
  const known = finishStatus(status ?? 0);
  return known !== 0 || state === 'COMPLETED' ? known : statusOfCode(128 + SIGKILL);
}
