/** Failed jobs in JSON. Ids are strings, because they may exceed the exact numbers of JSON readers. */

import type { FailedJob, Failure, FailureCause, GroupFailures } from '../model/failure.js';
import { formatJobId } from '../model/job-id.js';

type Json<Part> = { -readonly [Key in keyof Part]: Part[Key] };

/** A failed job in JSON. */
export interface FailedJobJson extends Json<Omit<FailedJob, 'job' | 'parameters'>> {
  job: string;
  jobid: string;
  parameters: Record<string, unknown> | null;
}

/** The failures of a group in JSON. */
export interface GroupFailuresJson extends Json<Omit<GroupFailures, 'reasons'>> {
  reasons: (Json<FailureCause> & { count: number; lines: string[]; jobs: FailedJobJson[] })[];
}

function jobOf({ job, parameters, ...files }: FailedJob): FailedJobJson {
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
export function groupFailures({ failed, canceled, jobs, reasons }: GroupFailures): GroupFailuresJson {
  return {
    failed,
    canceled,
    jobs,
    reasons: reasons.map((reason) => ({
      ...reason,
      lines: [...reason.lines],
      jobs: reason.jobs.map(jobOf),
    })),
  };
}
