/** Results of jobs. */

import { JOB_RESULTS } from '../../engine/addon.js';

/** By their numbers in the columns. A log does not know lost jobs: they ended with a run that was killed. */
export const RESULTS = [...JOB_RESULTS, 'lost'] as const;

export type JobResult = (typeof RESULTS)[number];

/** The results of jobs that have failed. */
export const FAILED: readonly JobResult[] = ['failed', 'timeout', 'refused'];
