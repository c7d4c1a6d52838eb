/** The running ensemble, for actions. */

import type { Engine } from '../engine/engine.js';
import type { Member, SubmitOrigin } from '../members/member.js';
import type { ActionOf } from '../model/action.js';
import type { EndedBy } from '../model/ended-by.js';
import type { EnsembleConfig, JobEntry, JobGroup, JobTemplate, Rule } from '../model/ensemble.js';
import type { FiringValue } from '../model/firing.js';
import type { FollowUp } from '../model/follow-up.js';
import type { EnsembleObserver } from '../model/observer.js';
import type { LoadedFunctions } from '../model/user-function.js';
import type { PluginProcesses } from '../plugins/processes.js';
import type { Result } from '../text/result.js';
import type { Programs } from '../usercode/programs.js';
import type { Prunings } from './prune/pruning.js';
import type { ActionRequest } from './request.js';
import type { DoneJobs } from './submit/done-jobs.js';
import type { OpenSubmissions } from './submit/open-submissions.js';

/** Searches by optimizers, for actions. */
export interface SearchActions {
  /**
   * Submits a group with a search: resolves when the search has ended or, for a request from outside, when it has begun.
   * Throws ActionError.
   */
  submit(request: ActionRequest<ActionOf<'submit'>>, group: JobGroup): Promise<void>;
  /** The search of a group asks for no more rows. */
  stop(group: string): void;
  /** A job is canceled because it is worse than others of its group. */
  prune(group: string, job: bigint): void;
}

export interface ActionContext {
  readonly config: EnsembleConfig;
  readonly member: Member;
  readonly engine: Engine;
  readonly observer: EnsembleObserver;
  readonly customs: LoadedFunctions;
  readonly plugins: PluginProcesses;
  readonly programs: Programs;
  /** Submits jobs as `Member.submit`, when limits let them leave. `onHeld` is called where they hold jobs back. */
  submit(template: JobTemplate, count: number, origin: SubmitOrigin, onHeld?: () => void): Promise<number>;
  readonly searches: SearchActions;
  readonly prunings: Prunings;
  /** Reads the jobs of these entries that runs of the state folder have done. */
  doneJobs(entries: readonly JobEntry[]): Promise<DoneJobs>;
  /** Jobs of a group were not submitted, because they are done. */
  skipped(group: string, jobs: number): void;
  /** Submissions under way. */
  readonly submissions: OpenSubmissions;
  /**
   * Performs parts of an action at once, each of which may call `submit`. Rejects as the first one that failed, after all
   * have ended.
   */
  together(parts: readonly (() => Promise<unknown>)[]): Promise<void>;
  /** The end of a pause of the run; null where it is not paused. */
  paused(): Promise<void> | null;
  /** Drops the queued jobs of a group, or those with a value of a parameter. Resolves with their number. */
  dropQueued(group: string, by: FiringValue | null): Promise<number>;
  /** Sets the urgency of the queued jobs of a group. Resolves with their number. */
  setQueuedUrgency(group: string, urgency: number): Promise<number>;
  /** Calls `onHeld` where limits hold jobs back now. */
  noticeHeld(onHeld: () => void): Promise<void>;
  /** The size of the member may have changed. */
  resized(): void;
  /** Aborted when the run comes to its end. */
  readonly signal: AbortSignal;
  /**
   * Checks an answer of user code and returns the actions and rules that it asks for. `onJob`: they may be about the
   * job of an event.
   */
  readAnswer(answer: unknown, onJob: boolean): Result<FollowUp[]>;
  /**
   * Adds a rule to the running ensemble. `written` is the rule as code of the user returned it, and `place` says where:
   * the number of the firing, and the path in its answers.
   */
  addRule(
    rule: Rule,
    written: object,
    place: { readonly firing: number; readonly path: string },
  ): Promise<void>;
  /** Goes to another state of the ensemble. */
  goTo(state: string): Promise<void>;
  /**
   * Sends a message to a target of the file, beside the run. Resolves with false when the process of the run ends before
   * the message was delivered or given up.
   */
  notify(
    target: string,
    message: { readonly title: string; readonly text: string },
    rule: number,
  ): Promise<boolean>;
  /** Ends the run. */
  terminate(by: EndedBy): void;
}
