/** Requests about the jobs of a run, and their answers, which a thread of its own gives. */

import type { RowPlace } from '../../store/jobs/query.js';

export type JobsRequest =
  | {
      readonly kind: 'page';
      readonly groups: readonly string[] | null;
      readonly results: readonly string[] | null;
      readonly where: string | null;
      readonly sort: string | null;
      readonly columns: readonly string[] | null;
      readonly limit: number;
      readonly after: RowPlace | null;
    }
  | { readonly kind: 'job'; readonly job: string };

export interface JobsPage {
  /** JSON text of the list of jobs. */
  readonly jobs: string;
  readonly matching: number;
  readonly total: number;
  readonly columns: readonly string[];
  readonly damage: string | null;
  /** The place of the last job; null where no job follows. */
  readonly last: RowPlace | null;
}

export interface FoundJob {
  /** JSON text of the job. */
  readonly job: string;
  readonly attempts: number;
  readonly output: string | null;
  readonly error: string | null;
  /** Why the run has no file of its output, in words; null where it may have one. */
  readonly elsewhere: string | null;
}

/** A message to the thread. */
export interface JobsQuestion {
  readonly number: number;
  /** Folder of the run. */
  readonly folder: string;
  readonly request: JobsRequest;
}

/** A message from the thread: an answer, or the code and the message of an EnsembleError; without a code, a bug. */
export type JobsReply = { readonly number: number } & (
  | { readonly answer: JobsPage | FoundJob | null }
  | { readonly code: string | null; readonly message: string }
);
