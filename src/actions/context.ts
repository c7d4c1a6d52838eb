/** What every action works with. */

import type { SubmitReport } from '../engine/addon.js';
import type { Engine } from '../engine/engine.js';
import type { EnsembleError } from '../errors.js';
import type { Member, ResizeOutcome } from '../members/member.js';
import type { EndedBy } from '../model/ended-by.js';
import type { Action, EnsembleConfig, Rule } from '../model/ensemble.js';
import type { Failure } from '../model/failure.js';
import type { Firing } from '../model/firing.js';
import type { FollowUp } from '../model/follow-up.js';
import type { Retry } from '../model/retry.js';
import type { LoadedFunctions } from '../model/user-function.js';
import type { PluginProcesses } from '../plugins/processes.js';
import type { Programs } from '../usercode/programs.js';
import type { RowCursors } from './rows.js';

/** What an action is about to do or has done, for people and logs. */
export type ActionReport =
  | { readonly kind: 'submit'; readonly group: string; readonly jobs: number; readonly text: string }
  | { readonly kind: 'cancel'; readonly group: string; readonly jobs: number }
  | { readonly kind: 'urgency'; readonly group: string; readonly value: number; readonly jobs: number }
  | ({ readonly kind: 'grow' | 'shrink'; readonly value: number } & ResizeOutcome)
  | { readonly kind: 'custom'; readonly label: string }
  | { readonly kind: 'exec'; readonly command: string }
  | { readonly kind: 'plugin'; readonly name: string }
  | { readonly kind: 'terminate' }
  /** A state that the user's own code asked for; those of rules are in their firings. */
  | { readonly kind: 'goto'; readonly state: string };

/**
 * Who wants to know what a run does. Every method is optional. The run goes on when one throws, or returns a promise that
 * is rejected; the first failure of each method is reported as an EnsembleError `ERR_OBSERVER`: to `problem`, or as a
 * warning of the process when `problem` is missing or is what failed.
 */
export interface EnsembleObserver {
  /** A rule has fired; its action is next. */
  firing?(firing: Firing): void;
  /** Told before custom functions and submissions, after the others. */
  action?(report: ActionReport, firing: Firing): void;
  /** The actions of rules wait from now on, or no longer. */
  paused?(paused: boolean, askedBy: string): void;
  /** A job that ended badly is submitted again; `text` says which, as for a submission. */
  retry?(retry: Retry, text: string): void;
  /** A job has failed: told once for each group and reason. */
  failure?(failure: Failure): void;
  /** A line that a custom function, or a program of `exec` on standard error, printed. */
  output?(line: string): void;
  /** Something went wrong; the run goes on unless it ends for it. */
  problem?(error: EnsembleError): void;
  /** Bytes of the journal that were no record. */
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
  readonly rows: RowCursors;
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

/** The action of a firing, or one that a custom function asked for in its stead. */
export interface Due<A extends Action = Action> {
  readonly firing: Firing;
  readonly rule: Rule;
  readonly action: A;
  /** What comes of the jobs that the engine's source submits for the firing by itself; null when it does not. */
  readonly report: Promise<SubmitReport> | null;
  /** The user's code that asked for the action, in words; null where the rule itself says so, or somebody outside. */
  readonly code: string | null;
}

/** An action narrowed to one kind. */
export type ActionNamed<Name extends Action['name']> = Extract<Action, { name: Name }>;
