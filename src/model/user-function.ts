/** What the user's own functions are given, and what they may return. */

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

/** The metrics as they were when the rule fired, however late the function gets to run. */
export interface CustomMetrics extends MetricsSnapshot {
  /** The value under a metric's name, such as `mean.lammps-duration`; null when there is none. */
  get(name: string): number | null;
}

/** The running ensemble, for functions that want to do more than return an action. */
export interface CustomHandle {
  /** What the member is called: `local`. */
  readonly member: string;
  /** Aborted when the run ends or the function's time is over. */
  readonly signal: AbortSignal;
  /** Ids of the active jobs of a group, or of all groups. */
  activeJobs(group?: string): Promise<BigUint64Array>;
  /** Cancels jobs; resolves with how many were active. */
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

/** What was loaded for a run, and is closed at its end. */
export interface LoadedFunctions {
  /** Calls a function. Rejects when it is not defined, and with what it threw. */
  call(name: string, args: CustomArguments): Promise<unknown>;
  /** Runs the work when a function may be called: at once, or where functions do one thing at a time, in turn. */
  turn<T>(work: () => Promise<T>): Promise<T>;
  /** Ends what runs the functions, whatever they are doing. Resolves when all of it is gone. Idempotent. */
  close(): Promise<void>;
}

/** The arguments that every call of a function in a process of its own has. Others are passed as they are. */
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
