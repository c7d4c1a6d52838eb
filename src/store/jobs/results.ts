/** Results of jobs. */

import { JOB_RESULTS } from '../../engine/addon.js';

/** By their numbers in the columns. */
export const RESULTS = JOB_RESULTS;

export type JobResult = (typeof RESULTS)[number];

/** The results of jobs that have failed. */
export const FAILED: readonly JobResult[] = ['failed', 'timeout', 'refused'];

const isFailedNumber = RESULTS.map((name) => FAILED.includes(name));

/** Whether the result with this number in the columns is that of a failed job. */
export function hasFailed(number: number | undefined): boolean {
  return number !== undefined && isFailedNumber[number] === true;
}
