/** Failed jobs as `--json` has them. Ids are texts: they may be larger than any number that JSON readers keep exact. */

import type { FailedJob, Failure, GroupFailures } from '../model/failure.js';
import { formatJobId } from '../model/job-id.js';

function jobOf({ job, parameters, ...files }: FailedJob): Record<string, unknown> {
  return { job: formatJobId(job), jobid: String(job), parameters, ...files };
}

/** The `failure` record of a job that has failed a moment ago. */
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

/** What the summary says of a group's failures. */
export function groupFailures({ failed, canceled, jobs, reasons }: GroupFailures): Record<string, unknown> {
  return {
    failed,
    canceled,
    jobs,
    reasons: reasons.map((reason) => ({ ...reason, jobs: reason.jobs.map(jobOf) })),
  };
}
