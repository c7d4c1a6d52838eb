/** Why jobs failed, as a run says it. */

import type { Given } from './written.js';

/** A job that failed, with what its member knows of it; null where that is not known. */
export interface FailedJob {
  readonly job: bigint;
  readonly parameters: Readonly<Record<string, Given>> | null;
  /** The last line on its standard error, where that says more than the reason does. */
  readonly line: string | null;
  /** Files with its standard output and error. */
  readonly output: string | null;
  readonly error: string | null;
}

/** What failures of one reason have in common. */
export interface FailureCause {
  /** In words: `exit status 3`, `start failed: a.out: No such file or directory`. */
  readonly reason: string;
  /** Type of the exception that ended the jobs: `exec`, `timeout`, `alloc`, ...; null without one. */
  readonly exception: string | null;
  /** Its note, that of the first job. */
  readonly note: string | null;
  /** Null where the job did not exit: it never started, or a signal ended it. */
  readonly exitStatus: number | null;
  /** Name of the signal that ended it, also of one that a shell told by its exit status. */
  readonly signal: string | null;
}

/** A job that failed, or that others have canceled, told as it happens: once for each group and reason. */
export interface Failure extends FailureCause, FailedJob {
  readonly group: string;
  /** Somebody else has canceled it: it has not failed. */
  readonly canceled: boolean;
  /** The job is to be submitted again, so that it may succeed in the end. */
  readonly again: boolean;
}

export interface FailureReason extends FailureCause {
  /** Jobs that failed in the end, or were canceled, for this reason. */
  readonly count: number;
  /** Different last lines on standard error, of some of the jobs. */
  readonly lines: readonly string[];
  /** The first of the jobs. */
  readonly jobs: readonly FailedJob[];
}

/** The jobs of a group that failed in the end, and those that others than the run have canceled. */
export interface GroupFailures {
  readonly failed: number;
  /** By others than the run: these jobs have not failed. */
  readonly canceled: number;
  /** Jobs of the group, a job that was submitted again counting once. */
  readonly jobs: number;
  /** The most frequent one first. */
  readonly reasons: readonly FailureReason[];
}

/** A failed job, of which nothing is known beyond its id where `trace` is null. */
export function failedJob(job: bigint, trace: JobTrace | null): FailedJob {
  const { parameters = null, line = null, output = null, error = null } = trace ?? {};
  return { job, parameters, line, output, error };
}

/** What a member knows of a job that has failed. */
export interface JobTrace {
  readonly parameters: Readonly<Record<string, Given>> | null;
  /** The last line on standard error that is not blank, at most 300 characters; null for none. */
  readonly line: string | null;
  /** Paths of the files with its output and its errors, null where it names none. */
  readonly output: string | null;
  readonly error: string | null;
}
