/** Counts of the jobs of a stored run. */

import { lastAttempts } from '../store/jobs/last-attempts.js';
import { hasFailed } from '../store/jobs/results.js';
import type { JobTable } from '../store/jobs/table.js';

export interface JobCounts {
  /** Jobs that were submitted; a job that was submitted again counts once. */
  readonly jobs: number;
  /** Jobs whose last attempt failed. */
  readonly failed: number;
}

/** Counts the jobs of a run, also of one that goes on. */
export function countJobs({ jobs }: JobTable): JobCounts {
  const last = lastAttempts(jobs);
  return { jobs: last.length, failed: last.filter((row) => hasFailed(jobs.result[row])).length };
}
