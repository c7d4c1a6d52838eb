/**
 * A member is anything that can run jobs and tell of them in journal records: one JSON object a line, in the
 * form of the responses of Flux's `job-manager.events-journal`. That form is the one currency between a
 * member and the engine; a new workload manager is one new implementation of this interface.
 */

import type { Engine } from '../engine/engine.js';
import type { SubmitPortion } from '../engine/plan/plan.js';
import type { MemberError } from '../errors.js';
import type { JobTemplate } from '../model/ensemble.js';
import type { JobTrace } from '../model/failure.js';

/** Ties a job to the firing that asked for it; becomes `attributes.user.origin` of the jobspec. */
export interface SubmitOrigin {
  /** Index of the rule, counted from 0; -1 when it was asked for from outside. */
  readonly rule: number;
  /** Number of the firing in this run, or among what was asked for from outside, counted from 0. */
  readonly firing: number;
  /** Number of the first of these jobs among those of the firing, counted from 0. */
  readonly index: number;
  /** Times that the job was submitted before; 0 but for retries. */
  readonly attempt: number;
}

/** Where a member delivers what it has to tell. */
export interface MemberSink {
  /**
   * Whole journal records, one a line, each line with its newline. The bytes belong to the receiver from
   * then on. Called in the order in which the events were posted.
   */
  records(lines: Uint8Array): void;
  /**
   * The last active job has ended, says a member whose records go to the engine natively; where they come through
   * here, that is known from them.
   */
  quiet(): void;
  /** The member as a whole has failed and delivers no more; called at most once. */
  failed(error: MemberError): void;
}

/** What a member is told of the run that it is to serve. */
export interface MemberHost {
  /** For members whose records reach the engine without passing through JavaScript. */
  readonly engine: Engine;
  /** Names of the events that rules wait for, besides those that the statistics need; null for all events. */
  readonly events: readonly string[] | null;
  /** Somebody wants the records as they came, also where the engine gets them by itself. */
  readonly wantsRecords: boolean;
}

/** How a run came to its end, as far as it matters to its member. */
export type EndOfRun = 'done' | 'interrupted';

/** What came of a resize: sizes in the member's unit (slots for the local member), null where nobody told them. */
export interface ResizeOutcome {
  readonly before: number | null;
  readonly after: number | null;
  /** The same in the words of whoever did it, with what kept it from the size that was asked for. */
  readonly note?: string;
}

/** Whoever changes the number of nodes of a member that can't do it by itself. */
export interface NodeScaler {
  /** Asks for more nodes, or fewer when `delta` is negative, until the signal is aborted. Throws EnsembleError. */
  resize(delta: number, signal?: AbortSignal): Promise<ResizeOutcome>;
  /** Gives up what is under way. Idempotent. */
  close(): void;
}

export interface Member {
  /** What the member is called on the command line: `local`, `flux`. */
  readonly name: string;

  /**
   * What time it is, in seconds since the epoch, for a member whose time is made up. The engine's time is that of its
   * records then.
   */
  readonly now?: () => number;

  /** More is to come than what this ensemble asks for, so that it is not over when nothing is left to do. */
  readonly expectsMore?: boolean;

  /**
   * Begins the stream of records, whose first is the sentinel (`"id":-1`). Resolves when jobs can be
   * submitted. Throws MemberError when it can't begin.
   */
  start(sink: MemberSink, host: MemberHost): Promise<void>;

  /**
   * For members that submit jobs natively: `count` jobs of one template in the form that the plan carries. The
   * engine then submits them when a rule fires, and `submit` is only called for other submissions.
   */
  portion?(template: JobTemplate, count: number): SubmitPortion;

  /**
   * Submits `count` jobs of one template. Resolves with how many were taken in, and not before each one's
   * `submit` event has been delivered to the sink: a run with no active job and no submission under way is
   * over. Throws MemberError or ActionError.
   */
  submit(template: JobTemplate, count: number, origin: SubmitOrigin): Promise<number>;

  /**
   * Cancels jobs, pending or running, by raising a `cancel` exception on each. Ids that are unknown or
   * already inactive are passed over. Resolves with the number of jobs it was raised on; their end is told
   * by records.
   */
  cancel(ids: Iterable<bigint>, note: string): Promise<number>;

  /**
   * What probes measure of a job of a member whose jobs are made up, by name: plugins are not asked then. For a job
   * that has ended successfully.
   */
  measured?(id: bigint): Readonly<Record<string, number>>;

  /**
   * What is known of a job that has failed a moment ago; null for nothing. `started` says whether it had a start event.
   * Absent where a member knows nothing.
   */
  explain?(id: bigint, started: boolean): Promise<JobTrace | null>;

  /** Sets the urgency (0 to 31) of pending jobs; resolves with how many there were. Absent where a member can't. */
  setUrgency?(ids: Iterable<bigint>, urgency: number): Promise<number>;

  /** Slots or nodes as they are now; absent where a member has no size of its own to tell. */
  readonly size?: number;

  /**
   * Adds slots or nodes (takes them away when `delta` is negative); absent where a member can't. May give up when the
   * signal is aborted.
   */
  resize?(delta: number, signal?: AbortSignal): Promise<ResizeOutcome>;

  /**
   * Tells whether the member may still grow. While it may, a job that is too large for the member as it is
   * now waits; when it no longer may, such a job ends with an `alloc` exception.
   */
  setGrowable?(growable: boolean): void;

  /**
   * Ends the member: takes in no more, delivers the records of what is still told, and releases everything. The
   * local member cancels what is active (SIGTERM, then SIGKILL after `grace` seconds) and resolves when nothing
   * of it is left; one whose queue is not ours does so only when the run was interrupted. Idempotent; a second
   * call with a shorter grace shortens the first one's.
   */
  stop(grace: number, end: EndOfRun): Promise<void>;
}
