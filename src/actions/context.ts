/** The running ensemble, for actions. */

import type { Engine } from '../engine/engine.js';
import type { EnsembleError } from '../errors.js';
import type { Member } from '../members/member.js';
import type { ActionReport } from '../model/action.js';
import type { EndedBy } from '../model/ended-by.js';
import type { EnsembleConfig, Rule } from '../model/ensemble.js';
import type { Failure } from '../model/failure.js';
import type { Firing } from '../model/firing.js';
import type { FollowUp } from '../model/follow-up.js';
import type { Retry } from '../model/retry.js';
import type { LoadedFunctions } from '../model/user-function.js';
import type { PluginProcesses } from '../plugins/processes.js';
import type { Programs } from '../usercode/programs.js';
import type { SweepCursors } from './submit/sweep-cursor.js';

/**
 * Gets what a run does. Every method is optional. The run goes on when one throws, or returns a promise that is
 * rejected. The first failure of each method is reported as an EnsembleError `ERR_OBSERVER`: to `problem`, or as a
 * warning of the process when `problem` is missing or is what failed.
 */
export interface EnsembleObserver {
  /** A rule has fired; its action is next. */
  firing?(firing: Firing): void;
  /** Reported before custom functions and submissions, and after other actions. */
  action?(report: ActionReport, firing: Firing): void;
  /** The actions of rules wait from now on, or no longer. */
  paused?(paused: boolean, askedBy: string): void;
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

export interface ActionContext {
  readonly config: EnsembleConfig;
  readonly member: Member;
  readonly engine: Engine;
  readonly observer: EnsembleObserver;
  readonly customs: LoadedFunctions;
  readonly plugins: PluginProcesses;
  readonly programs: Programs;
  readonly sweeps: SweepCursors;
  /** Aborted when the run comes to its end. */
  readonly signal: AbortSignal;
  /**
   * Checks an answer of user code and returns the actions and rules that it asks for. `onJob`: they may be about the
   * job of an event. Throws NoAction.
   */
  readAnswer(answer: unknown, onJob: boolean): FollowUp[];
  /** Adds a rule to the running ensemble. */
  addRule(rule: Rule): Promise<void>;
  /** Goes to another state of the ensemble. */
  goTo(state: string): Promise<void>;
  /** Ends the run. */
  terminate(by: EndedBy): void;
}
