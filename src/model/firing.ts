/** One time that a rule's action is due, as people and programs see it. */

import type { Action } from './ensemble.js';
import type { MetricsSnapshot } from './metrics.js';
import type { Parameters } from './parameters.js';

export interface Firing {
  /** Counted from 0 in this run; what was asked for from outside is counted by itself. */
  readonly number: number;
  /**
   * Index of the rule, counted from 0; rules that were added at run time come behind those of the file. -1 when no
   * rule fired but somebody asked.
   */
  readonly rule: number;
  /** Who asked for the action from outside; null for a rule. */
  readonly askedBy: string | null;
  /** The rule's trigger: `start`, `metric`, `job-finish`. */
  readonly trigger: string;
  /** The rule's name or, without one, its trigger: `count.sleep.success`. */
  readonly name: string;
  /** The algorithm (`use:`) that the rule is of, or null. */
  readonly algorithm: string | null;
  readonly action: Action['name'];
  /** The action's label: a group or a function. */
  readonly label: string | null;
  /** Of the event or heartbeat that made the rule due, in seconds since the epoch. */
  readonly timestamp: number;
  /** The job whose event it was. */
  readonly job: bigint | null;
  /** The group of that job, or of the metric. */
  readonly group: string | null;
  /** The state of the ensemble in which the rule was judged; null when it has none. */
  readonly state: string | null;
  /** The state that the firing led to; null when it led to none, or another firing of the same moment did. */
  readonly goto: string | null;
  /** The metric's value, for metric rules: of an expression, that of the first metric that it names. */
  readonly value: number | null;
  /** The event's name; for a stalled job, that of the last one. */
  readonly event: string | null;
  /** The engine's source submits the jobs by itself. */
  readonly submitting: boolean;
  /** All metrics as they were when the rule fired, for custom actions. */
  readonly metrics: MetricsSnapshot | null;
  /** The event's context, for custom actions. */
  readonly context: Readonly<Record<string, unknown>> | null;
  /** The parameters of that job, where its group has some, for custom actions and submissions. */
  readonly parameters: Parameters | null;
  /** Index of the job's entry in its group, for the same. */
  readonly entry: number | null;
  /** What else the job was made of, for the same. */
  readonly origin: JobOrigin | null;
}

/** What a job that an ensemble submitted was made of, besides its entry and its parameters (`attributes.user.origin`). */
export interface JobOrigin {
  /** Index of the rule that it was first submitted for; -1 when it was asked for from outside. */
  readonly rule: number;
  /** Number of the firing, and of the job among those of the firing. */
  readonly firing: number;
  readonly index: number;
  /** What its tags were filled in with, by name; null for a job that is as the file has it. */
  readonly values: Parameters | null;
  /** Parameters and values as they are written, by name, where that is not as `String` writes them: `1.10`. */
  readonly texts: Readonly<Record<string, string>>;
}

/** What stands in a firing's place when somebody asks for an action; `number` counts these, `time` is in seconds since the epoch. */
export function askedFiring(action: Action, askedBy: string, number: number, time: number): Firing {
  return {
    number,
    rule: -1,
    askedBy,
    trigger: 'asked',
    name: `asked by ${askedBy}`,
    algorithm: null,
    action: action.name,
    label: 'label' in action ? action.label : null,
    timestamp: time,
    job: null,
    group: null,
    state: null,
    goto: null,
    value: null,
    event: null,
    submitting: false,
    metrics: null,
    context: null,
    parameters: null,
    entry: null,
    origin: null,
  };
}
