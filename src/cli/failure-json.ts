/** Failed jobs in `--json`. Ids are strings, because they may exceed the exact numbers of JSON readers. */

import type { FailedJob, Failure, GroupFailures } from '../model/failure.js';
import { formatJobId } from '../model/job-id.js';

function jobOf({ job, parameters, ...files }: FailedJob): Record<string, unknown> {
  return { job: formatJobId(job), jobid: String(job), parameters, ...files };
}

/** Returns the `failure` record of a job that has just failed. */
export function failureRecord(failure: Failure): string {
  const { group, canceled, again, reason, exception, note, exitStatus, signal } = failure;
  return JSON.stringify({
    type: 'failure',
    group,
    canceled,
    again,
    reason,
    exception,
    note,
    exitStatus,
    signal,
    ...jobOf(failure),
  });
}

/** Returns the summary of a group's failures. */
export function groupFailures({ failed, canceled, jobs, reasons }: GroupFailures): Record<string, unknown> {
  return {
    failed,
    canceled,
    jobs,
    reasons: reasons.map((reason) => ({ ...reason, jobs: reason.jobs.map(jobOf) })),
  };
}
