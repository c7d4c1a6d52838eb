/**
 * A member runs jobs and reports them in journal records: one JSON object a line, in the form of the responses of
 * Flux's `job-manager.events-journal`. Members and the engine exchange only this form. A new workload manager is
 * one more implementation of this interface.
 *
 * `docs/members.md` has the records by example. `memberChecks` of `flux-ensemble/testing` checks these rules.
 */

import type { Engine } from '../engine/engine.js';
import type { JobspecPortion } from '../engine/plan/plan.js';
import type { MemberError } from '../errors.js';
import type { JobTemplate } from '../model/ensemble.js';
import type { JobTrace } from '../model/failure.js';

/** Links a job to the firing that requested it; stored in `attributes.user.origin` of the jobspec. */
export interface SubmitOrigin {
  /** Index of the rule, counted from 0; -1 for a request from outside. */
  readonly rule: number;
  /** Number of the firing in this run, or of the request from outside, counted from 0. */
  readonly firing: number;
  /** Number of the submission among those of the firing, counted from 0: code of the user may return several. */
  readonly part: number;
  /** Index of the first of these jobs within the submission, counted from 0. */
  readonly index: number;
  /** Earlier submissions of the same job; above 0 only for retries. */
  readonly attempt: number;
}

/** Receives a member's records and state. */
export interface MemberSink {
  /**
   * Delivers whole journal records, one a line, each with its newline. The receiver owns the bytes, so the member does
   * not change them later. Called in the order in which the events were posted, and not after stop() has resolved.
   * One call with many records costs much less than many calls.
   *
   * In a run with a log, resolves when the records are in it. A member that starts jobs itself starts a job only after
   * that for its submit event: a run that goes on must know every job that ran.
   */
  records(lines: Uint8Array): Promise<void> | undefined;
  /**
   * Reports that the last active job has ended. Only for a member whose records reach the engine natively;
   * otherwise the engine knows this from the records.
   */
  quiet(): void;
  /** The member as a whole has failed and delivers no more records. Called at most once. */
  failed(error: MemberError): void;
}

/** Facts about an earlier process of the run, for a member with a queue of its own: JSON, kept in the log of the run. */
export type MemberFacts = Readonly<Record<string, unknown>>;

/** An active job of a run that goes on, as far as the log of the run knows it. */
export interface ActiveJob {
  readonly id: bigint;
  /** Time of its start event, in seconds since the epoch; null without one. */
  readonly start: number | null;
  /** It has a finish event. */
  readonly finished: boolean;
  /** It has a fatal exception. */
  readonly fatal: boolean;
}

/** The result of a member's search for the jobs of the earlier processes of a run. */
export interface Reconciliation {
  /**
   * Whether the workload manager has lost the active jobs that it does not know. Otherwise they have ended, and it no
   * longer keeps their results.
   */
  readonly lost: boolean;
  /** Reasons why the records may not show all jobs, or why jobs may be submitted twice. Whole sentences. */
  readonly doubts: readonly string[];
}

/** The run that a member serves. */
export interface MemberHost {
  /** For members whose records reach the engine without passing through JavaScript. */
  readonly engine: Engine;
  /** The id of the run, for `attributes.user.ensemble` of the jobspecs. */
  readonly ensemble: string;
  /**
   * Names of events that rules wait for, in addition to those of the statistics; null for all events. A rule that is
   * added later may need more: see widen().
   */
  readonly events: readonly string[] | null;
  /** Deliver the records to the sink even where the engine receives them natively. */
  readonly wantsRecords: boolean;
  /** For a run that goes on after its process has ended. */
  readonly resumed?: {
    /** The last facts that were kept, null for none. */
    readonly facts: MemberFacts | null;
    /** The jobs that had not ended in the log of the run, for a member that has to continue their records itself. */
    activeJobs(): Promise<readonly ActiveJob[]>;
  };
}

/** How a run ended, as far as it concerns the member. */
export type EndOfRun = 'done' | 'interrupted';

/** Result of a resize, in the member's unit (slots for the local member); null where the size is unknown. */
export interface ResizeOutcome {
  readonly before: number | null;
  readonly after: number | null;
  /** The result in words, with the reason if the requested size was not reached. */
  readonly note?: string;
}

/** Changes the number of nodes of a member that can't do this itself. */
export interface NodeScaler {
  /** Requests more nodes, or fewer for a negative `delta`, until the signal is aborted. Throws EnsembleError. */
  resize(delta: number, signal?: AbortSignal): Promise<ResizeOutcome>;
  /** Aborts requests in flight. Idempotent. */
  close(): void;
}

/**
 * Runs the jobs of a run. One member serves one process of one run.
 *
 * The events of a job are `submit`, `start`, `finish` and `clean`, in this order. Its first record has the jobspec. Each
 * accepted job ends with `clean`, also one that never starts. `finish` has the status as of wait(2). A job that ends
 * without `finish` has an exception of severity 0 before `clean`. Other events of Flux may come between these.
 * Timestamps are seconds since the epoch, and those of a job do not go back.
 */
export interface Member {
  /** The member's name in messages: `local`, `flux`. */
  readonly name: string;

  /**
   * The current time in seconds since the epoch, for a member with virtual time. The engine then uses the time of
   * the records.
   */
  readonly now?: () => number;

  /** More jobs will arrive than this ensemble submits, so the run does not end when nothing is left to do. */
  readonly expectsMore?: boolean;

  /**
   * Starts the stream of records, which begins with the sentinel (`{"id":-1,"events":[]}`). Only a member with
   * reconcile() may show jobs of earlier processes before it. Resolves when jobs can be submitted. Called once. Throws
   * MemberError when the member can't start, with the code `ERR_MEMBER_UNAVAILABLE` where it can't run at all.
   */
  start(sink: MemberSink, host: MemberHost): Promise<void>;

  /**
   * Delivers more events from now on: those with these names, in addition to those of the statistics; all events for
   * null. For members that leave out events. Throws MemberError.
   */
  widen?(events: readonly string[] | null): Promise<void>;

  /**
   * Only in a run that goes on, after start(): resolves when the engine has taken in a record of every job that an
   * earlier process of the run submitted. Absent for a member whose jobs end with the process of the run. Rejects at once
   * when the signal is aborted, because the run has come to its end. Throws MemberError.
   */
  reconcile?(signal: AbortSignal): Promise<Reconciliation>;

  /** A notice for the user of the run, in whole sentences; read once after start(). */
  readonly notice?: string | undefined;

  /**
   * Facts for the next process of the run, which are kept before this process submits a job: after start(), and in a
   * run that goes on after reconcile().
   */
  readonly facts?: MemberFacts | undefined;

  /** Requests to the workload manager by their kind, for members that share it with others and therefore count. */
  readonly requests?: Readonly<Record<string, number>>;

  /**
   * Returns the jobspec of `count` jobs of one template in the form of the plan, for members that submit natively.
   * The engine submits these when a rule fires; `submit` is called only for other submissions.
   */
  portion?(template: JobTemplate, count: number): JobspecPortion;

  /**
   * Submits `count` jobs of one template. Resolves with the number of accepted jobs, after the sink has received
   * the `submit` event of each: a run without active jobs and submissions in flight ends. Calls may overlap. Ids are
   * positive and below 2^64, and larger than those of earlier processes of the run. `compileJobspecs()` makes the
   * jobspecs. Throws MemberError, as after stop(), or ActionError.
   */
  submit(template: JobTemplate, count: number, origin: SubmitOrigin): Promise<number>;

  /**
   * Cancels pending or running jobs by a `cancel` exception on each. Ids of unknown or inactive jobs are ignored.
   * Resolves with the number of exceptions raised; records report the end of the jobs. A job that ends already gets
   * no second exception.
   */
  cancel(ids: Iterable<bigint>, note: string): Promise<number>;

  /**
   * Returns the probe values of a simulated job that has succeeded, by name. Plugins are not called for such jobs.
   */
  measured?(id: bigint): Readonly<Record<string, number>>;

  /**
   * Returns the facts about a job that failed a moment ago; null if nothing is known. `started` is true when it had
   * a start event. Absent where a member has no such facts.
   */
  explain?(id: bigint, started: boolean): Promise<JobTrace | null>;

  /**
   * Returns the output of a job that has ended and whose output is in no file: an eventlog of Flux's shell (RFC 24); null where it is
   * missing or too large. Absent where a member keeps no such output.
   */
  outputLog?(id: bigint): Promise<string | null>;

  /**
   * Sets the urgency (0 to 31) of pending jobs, and ignores other jobs. Higher urgencies start first, and 0 holds a
   * job. Resolves with the number of changed jobs. Absent where a member does not support it.
   */
  setUrgency?(ids: Iterable<bigint>, urgency: number): Promise<number>;

  /** Kinds of actions that the member can't perform. A run whose rules have any is refused at its start. */
  readonly unsupported?: readonly string[];

  /** Current slots or nodes; absent where a member has no size of its own. */
  readonly size?: number | undefined;

  /**
   * The most jobs that are to be active at once where the file has no such limit; null for any number. Called after
   * start(). Absent for a member that any number of jobs may wait in.
   */
  activeJobs?(): Promise<number | null>;

  /** The member holds jobs back by itself, so actions do not wait until a submission before them has left. */
  readonly holdsBack?: boolean;

  /**
   * The end of the allocation in which the jobs run, in seconds since the epoch; null for one without an end. Called after
   * start(). Absent where a member does not know it.
   */
  allocationEnd?(): Promise<number | null>;

  /**
   * Adds slots or nodes, or removes them for a negative `delta`. Running jobs go on. May give up when the signal is
   * aborted. Absent where a member does not support it.
   */
  resize?(delta: number, signal?: AbortSignal): Promise<ResizeOutcome>;

  /**
   * Sets whether the member may still grow. While it may, a job that is too large for the member waits; otherwise
   * such a job ends with an `alloc` exception.
   */
  setGrowable?(growable: boolean): void;

  /**
   * Stops the member: accepts no more jobs, delivers the last records, and releases everything. A member without
   * reconcile() cancels active jobs (SIGTERM, then SIGKILL after `grace` seconds) and resolves when all have ended,
   * with their processes. A member with an external queue does so only after an interrupted run, and leaves its jobs
   * otherwise. Idempotent; a second call with a shorter grace shortens the first one's.
   */
  stop(grace: number, end: EndOfRun): Promise<void>;
}
