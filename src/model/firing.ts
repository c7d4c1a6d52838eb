/** One time that a rule's action is due, as observers see it. */

import type { Action } from './action.js';
import type { MetricsSnapshot } from './metrics.js';
import type { Parameters, ParameterValue } from './parameters.js';

export interface Firing {
  /** Counted from 0 in this run; external requests have a count of their own. */
  readonly number: number;
  /**
   * Index of the rule, counted from 0; rules that were added at run time come after those of the file. -1 for an
   * external request.
   */
  readonly rule: number;
  /** The person or program outside of the run that requested the action; null for a rule. */
  readonly askedBy: string | null;
  /** The rule's trigger: `start`, `metric`, `job-finish`. */
  readonly trigger: string;
  /** The rule's name or, without one, its trigger: `count.sleep.success`. */
  readonly name: string;
  /** The algorithm (`use:`) of the rule, or null. */
  readonly algorithm: string | null;
  readonly action: Action['name'];
  /** The action's label: a group or a function. */
  readonly label: string | null;
  /** The time of the event or heartbeat that made the rule due, in seconds since the epoch. */
  readonly timestamp: number;
  /** The job of the event. */
  readonly job: bigint | null;
  /** The group of that job, or of the metric. */
  readonly group: string | null;
  /** The state of the ensemble when the rule was evaluated; null without states. */
  readonly state: string | null;
  /**
   * The state that the firing led to; null when it led to none, or when another firing of the same moment
   * took precedence.
   */
  readonly goto: string | null;
  /** The metric's value, for metric rules. For an expression, the value of the first metric in it. */
  readonly value: number | null;
  /** The event's name; for a stalled job, that of its last event. */
  readonly event: string | null;
  /** The condition, for which the rule has fired, does not hold any more: the action is that of `resolve`. */
  readonly resolved: boolean;
  /** In a rule for each value of a parameter, the value for which it fired; null for other rules. */
  readonly by: FiringValue | null;
  /** The engine's source submits the jobs by itself. */
  readonly submitting: boolean;
  /**
   * For code of the user: earlier calls that had no answer when the process of the run ended. 0, except in a run that
   * was resumed.
   */
  readonly attempt: number;
  /** All metrics as they were when the rule fired, for custom actions. */
  readonly metrics: MetricsSnapshot | null;
  /** The event's context, for custom actions. */
  readonly context: Readonly<Record<string, unknown>> | null;
  /** The parameters of that job, where its group has some, for custom actions and submissions. */
  readonly parameters: Parameters | null;
  /** Index of the job's entry in its group, for the same. */
  readonly entry: number | null;
  /** The other values of the job's tags, for the same. */
  readonly origin: JobOrigin | null;
}

/** A value of a parameter for which a rule fired. */
export interface FiringValue {
  readonly parameter: string;
  readonly value: ParameterValue;
  /** The value as JSON. Equal values have the same JSON. */
  readonly json: string;
}

/** The origin of a job, in addition to its entry and its parameters (`attributes.user.origin`). */
export interface JobOrigin {
  /** Index of the rule of its first submission; -1 for an external request. */
  readonly rule: number;
  /** Number of the firing; of the submission among those of the firing; of the job within the submission. */
  readonly firing: number;
  readonly part: number;
  readonly index: number;
  /** The values of its tags, by name; null for a job that equals its entry in the file. */
  readonly values: Parameters | null;
  /** Parameters and values as they are written, by name, where this differs from `String`: `1.10`. */
  readonly texts: Readonly<Record<string, string>>;
}

/** The event of a job that made a rule due. */
export interface FiringEvent
  extends Pick<Firing, 'group' | 'timestamp' | 'context' | 'parameters' | 'entry' | 'origin'> {
  readonly name: string;
  readonly job: bigint;
}

/** The event of a firing; null for a firing without one. */
export function eventOf(
  firing: Pick<Firing, 'event' | 'job' | Exclude<keyof FiringEvent, 'name'>>,
): FiringEvent | null {
  const { event: name, job, group, timestamp, context, parameters, entry, origin } = firing;
  if (name === null || job === null) return null;
  return { name, job, group, timestamp, context, parameters, entry, origin };
}
