/** Looks for the jobs that failed more often than others. */

import { type Candidate, type Found, setsOf } from './candidates.js';
import { type Family, MIN_JOBS } from './causes.js';
import { logFisher } from './statistics.js';

/** Failed jobs that a cause has at least. */
const MIN_FAILED = 4;
/** Failures of the jobs with a cause, as a multiple of those of the others. */
const MIN_RATIO = 2;

export interface FailureSearch {
  /** 1 for a job that failed, by its index. */
  readonly failed: Uint8Array;
  /** 1 for a job that is not explained yet. */
  readonly left: Uint8Array;
  /** At least as many as there are jobs. */
  readonly logs: Float64Array;
}

/** Counts of the jobs before each level, and of all jobs with the property. */
function countsOf({ levels, more, count }: Family, { failed, left }: FailureSearch) {
  const jobs = new Uint32Array(count + 2);
  const failures = new Uint32Array(count + 2);
  let allJobs = 0;
  let allFailed = 0;
  const add = (level: number, job: number) => {
    jobs[level + 1] = (jobs[level + 1] as number) + 1;
    failures[level + 1] = (failures[level + 1] as number) + (failed[job] as number);
  };
  for (let i = 0; i < levels.length; i++) {
    const level = levels[i] as number;
    if (level < 0 || left[i] === 0) continue;
    allJobs++;
    allFailed += failed[i] as number;
    add(level, i);
    if (more !== undefined) for (const other of more(i)) add(other, i);
  }
  for (let i = 1; i < jobs.length; i++) {
    jobs[i] = (jobs[i] as number) + (jobs[i - 1] as number);
    failures[i] = (failures[i] as number) + (failures[i - 1] as number);
  }
  return { jobs, failures, allJobs, allFailed };
}

/** The candidates of a family that matter, and the number of all that were tested. */
export function failureCandidates(family: Family, rank: number, search: FailureSearch): Found {
  const counts = countsOf(family, search);
  const { allJobs, allFailed } = counts;
  const found: Candidate[] = [];
  let tested = 0;
  for (const [first, last] of setsOf(family)) {
    const between = (sums: Uint32Array) => (sums[last + 1] as number) - (sums[first] as number);
    const jobs = between(counts.jobs);
    const others = allJobs - jobs;
    if (jobs < MIN_JOBS || others < MIN_JOBS) continue;
    tested++;
    const failed = between(counts.failures);
    if (failed < MIN_FAILED || failed * others < MIN_RATIO * (allFailed - failed) * jobs) continue;
    const score = logFisher({ failed, jobs, allFailed, allJobs }, search.logs);
    found.push({ family, rank, first, last, score });
  }
  return { found, tested };
}
