/** The observer of a run. */

import type { EnsembleError } from '../errors.js';
import type { ActionReport } from './action.js';
import type { Failure } from './failure.js';
import type { Firing } from './firing.js';
import type { ResumedRun } from './resumed-run.js';
import type { Retry } from './retry.js';

/**
 * Gets what a run does. Every method is optional. The run goes on when one throws, or returns a promise that is
 * rejected. The first failure of each method is reported as an EnsembleError `ERR_OBSERVER`: to `problem`, or as a
 * warning of the process when `problem` is missing or is what failed.
 */
export interface EnsembleObserver {
  /** The run goes on after its process had ended: reported first of all, when the jobs of that process are known. */
  resumed?(run: ResumedRun): void;
  /** A notice about the workload manager, in whole sentences: reported at the start of the run. */
  notice?(text: string): void;
  /** A rule has fired; its action is next. */
  firing?(firing: Firing): void;
  /** Reported before custom functions and submissions, and after other actions. */
  action?(report: ActionReport, firing: Firing): void;
  /**
   * The action of a firing, and all actions that its code of the user returned, have ended. `error` is the first problem
   * of these; null without one, also where the end of the run broke them off.
   */
  performed?(firing: Firing, error: EnsembleError | null): void;
  /** The actions of rules wait from now on, or no longer. */
  paused?(paused: boolean, askedBy: string): void;
  /** Jobs of a group were not submitted, because a run has done them (`skip: done`). */
  skipped?(group: string, jobs: number): void;
  /** A job that ended badly is submitted again; `text` shows the job, as for a submission. */
  retry?(retry: Retry, text: string): void;
  /** A job has failed: reported once for each group and reason. */
  failure?(failure: Failure): void;
  /** A line that a custom function, or a program of `exec` on standard error, printed. */
  output?(line: string): void;
  /** A problem. The run goes on, unless the problem ends it. */
  problem?(error: EnsembleError): void;
  /** Invalid bytes of the journal. */
  decodeError?(error: { readonly offset: number; readonly line: number; readonly reason: string }): void;
  /** Journal records as they came from the member. */
  records?(lines: Uint8Array): void;
}
