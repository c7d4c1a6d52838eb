/** The arguments and results of the user's functions. */

import type { Action } from './action.js';
import type { Rule } from './ensemble.js';
import type { Firing } from './firing.js';
import type { JobFacts } from './job-facts.js';
import type { MetricsSnapshot } from './metrics.js';
import type { Parameters } from './parameters.js';

/** The event that made the rule due. */
export interface CustomEvent {
  /** The job's id. */
  readonly id: bigint | null;
  readonly group: string | null;
  /** The event's name: `finish`, `exception`. */
  readonly name: string;
  /** Seconds since the epoch. */
  readonly timestamp: number;
  readonly context: Readonly<Record<string, unknown>> | null;
  /** The job's parameters; null where its group has none. */
  readonly parameters: Parameters | null;
}

/** The metrics at the time of the firing, even if the function runs later. */
export interface CustomMetrics extends MetricsSnapshot {
  /** The value under a metric's name, such as `mean.lammps-duration`; null without a value. */
  get(name: string): number | null;
}

/** The running ensemble, for functions that do more than return an action. */
export interface CustomHandle {
  /** The name of the member: `local`. */
  readonly member: string;
  /** Aborted at the end of the run or of the function's time. */
  readonly signal: AbortSignal;
  /** Ids of the active jobs of a group, or of all groups. */
  activeJobs(group?: string): Promise<BigUint64Array>;
  /** Cancels jobs; resolves with the number of those that were active. */
  cancel(ids: Iterable<bigint>): Promise<number>;
  /** Ends the ensemble, as the action `terminate` does. */
  terminate(): void;
}

export interface CustomArguments {
  readonly metrics: CustomMetrics;
  /** Null at start and heartbeats. */
  readonly event: CustomEvent | null;
  readonly rule: Rule;
  readonly action: Action;
  readonly firing: Firing;
  readonly handle: CustomHandle;
}

/**
 * Returns (or resolves with) an action like `{ name: 'submit', label: 'echo' }`, a rule like
 * `{ trigger: 'job-finish', action: {...} }`, an array of those, or nothing.
 */
export type CustomFunction = (args: CustomArguments) => unknown;

/** Functions that were loaded for a run; closed at its end. */
export interface LoadedFunctions {
  /** Calls a function. Rejects when it is not defined, and with the error that it throws. */
  call(name: string, args: CustomArguments): Promise<unknown>;
  /** Runs the work when a function may be called: at once or, where functions run one at a time, in turn. */
  turn<T>(work: () => Promise<T>): Promise<T>;
  /**
   * Ends the processes and threads of the functions, even during a call. Resolves when all have ended.
   * Idempotent.
   */
  close(): Promise<void>;
}

/** The arguments of every call of a function in another process. Other arguments are passed unchanged. */
export interface CallArguments {
  readonly metrics: CustomMetrics;
  readonly handle: CustomHandle;
}

/** The arguments of a plugin's action in its process. */
export interface ActionCall extends CustomArguments {
  readonly job: JobFacts | null;
}

/** The arguments of a plugin's probe in its process. */
export interface ProbeArguments extends CallArguments {
  readonly event: CustomEvent | null;
  /** The options, as they were written. */
  readonly with: Readonly<Record<string, unknown>>;
  readonly job: JobFacts | null;
}
