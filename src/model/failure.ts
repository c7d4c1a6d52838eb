/** Why jobs of a run failed. */

import type { Given } from './written.js';

/** A failed job, with the facts that its member knows; null for unknown facts. */
export interface FailedJob {
  readonly job: bigint;
  readonly parameters: Readonly<Record<string, Given>> | null;
  /** The last line on its standard error, if it adds something to the reason. */
  readonly line: string | null;
  /** Files with its standard output and error. */
  readonly output: string | null;
  readonly error: string | null;
}

/** Common properties of failures with one reason. */
export interface FailureCause {
  /** In words: `exit status 3`, `start failed: a.out: No such file or directory`. */
  readonly reason: string;
  /** Type of the exception that ended the jobs: `exec`, `timeout`, `alloc`, ...; null without an exception. */
  readonly exception: string | null;
  /** The exception's note for the first job. */
  readonly note: string | null;
  /** Null where the job did not exit: it never started, or a signal ended it. */
  readonly exitStatus: number | null;
  /** Name of the signal that ended it, also where a shell reported the signal by its exit status. */
  readonly signal: string | null;
}

/** A job that failed or was canceled by others, reported as it happens: once for each group and reason. */
export interface Failure extends FailureCause, FailedJob {
  readonly group: string;
  /** The cancel did not come from this run: the job has not failed. */
  readonly canceled: boolean;
  /** The job will be submitted again, and may still succeed. */
  readonly again: boolean;
}

export interface FailureReason extends FailureCause {
  /** Jobs whose last attempt failed, or was canceled, for this reason. */
  readonly count: number;
  /** Different last lines on standard error of some of the jobs. */
  readonly lines: readonly string[];
  /** The first of the jobs. */
  readonly jobs: readonly FailedJob[];
}

/** Jobs of a group whose last attempt failed, and jobs that were canceled from outside of the run. */
export interface GroupFailures {
  readonly failed: number;
  /** Canceled from outside of the run; these jobs have not failed. */
  readonly canceled: number;
  /** Jobs of the group. A job that was submitted again counts once. */
  readonly jobs: number;
  /** The most frequent one first. */
  readonly reasons: readonly FailureReason[];
}

/** A failed job. Only its id is known where `trace` is null. */
export function failedJob(job: bigint, trace: JobTrace | null): FailedJob {
  const { parameters = null, line = null, output = null, error = null } = trace ?? {};
  return { job, parameters, line, output, error };
}

/** Facts of a failed job from its member. */
export interface JobTrace {
  readonly parameters: Readonly<Record<string, Given>> | null;
  /** The last line on standard error that is not blank, at most 300 characters; null without such a line. */
  readonly line: string | null;
  /** Paths of the files with its output and its errors, null without a file. */
  readonly output: string | null;
  readonly error: string | null;
}
