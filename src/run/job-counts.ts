/** Counts of the jobs of a stored run. */

import { FAILED, RESULTS } from '../store/jobs/results.js';
import type { JobTable } from '../store/jobs/table.js';

export interface JobCounts {
  /** Jobs that were submitted; a job that was submitted again counts once. */
  readonly jobs: number;
  /** Jobs whose last attempt failed. */
  readonly failed: number;
}

/** Counts the jobs of a run, also of one that goes on. */
export function countJobs({ jobs }: JobTable): JobCounts {
  const { attempt, firing, index, result, rule } = jobs;
  const failed = new Set(FAILED.map((name) => RESULTS.indexOf(name)));
  const keyOf = (row: number, number: number) => `${rule[row]} ${firing[row]} ${index[row]} ${number}`;
  const again = new Set<string>();
  attempt.forEach((number, row) => {
    if (number > 0) again.add(keyOf(row, number));
  });
  let failures = 0;
  result.forEach((each, row) => {
    if (!failed.has(each)) return;
    if (again.size === 0 || !again.has(keyOf(row, (attempt[row] ?? 0) + 1))) failures++;
  });
  return { jobs: attempt.length - again.size, failed: failures };
}
