/** An ensemble's rules as the native engine takes them: names resolved to indexes, nothing left to decide. */

import type { Comparison, Count, Statistic, Variable } from '../config/types.js';

/** Jobs of one jobspec that a source submits by itself; see CompiledJobspec for the texts. */
export interface SubmitPortion {
  readonly head: string;
  readonly tail: string;
  readonly count: number;
  readonly urgency: number;
}

/** A metric that rules refer to by its index: a count, or a statistic of a variable. */
export interface PlanMetric {
  /** As it is written; for people. */
  readonly name: string;
  /** Index of the group. */
  readonly group: number;
  readonly count: Count | null;
  readonly statistic: Statistic | null;
  readonly variable: Variable | null;
}

export interface PlanRule {
  readonly trigger: 'start' | 'heartbeat' | 'metric' | 'job';
  /** For `job`: index of the group, -1 for jobs of any group. */
  readonly group: number;
  /** For `job`: an event's name or a derived trigger, without the `job-`. */
  readonly event: string | null;
  /** For `metric`: index of the metric, else -1. */
  readonly metric: number;
  /** For `metric`: null lets any value do. */
  readonly comparison: Comparison | null;
  readonly threshold: number;
  readonly repetitions: number;
  /** -1 for none. */
  readonly backoff: number;
  /** The action ends the ensemble, so no later rule fires. */
  readonly terminal: boolean;
  /** The firing carries the event's context. */
  readonly wantsEvent: boolean;
  /** What a native source submits when the rule fires; null where JavaScript acts. */
  readonly submit: readonly SubmitPortion[] | null;
}

/** A group of whose active jobs entry, attempt and parameters are remembered. */
export interface PlanRemembered {
  /** Index of the group. */
  readonly group: number;
}

export interface EnginePlan {
  readonly groups: readonly string[];
  readonly remembered: readonly PlanRemembered[];
  /** Also take in groups that are not listed, as records name them. */
  readonly trackAll: boolean;
  /** This run's id; jobs that name another are not ours. Empty for jobs of any run. */
  readonly ensemble: string;
  /** Seconds between heartbeats, 0 for none. */
  readonly heartbeat: number;
  /**
   * Time is that of the events. The run begins with the first one, if it has not been started before; heartbeats come
   * when an event's time has passed them, or when time is let pass: nothing depends on when it happened.
   */
  readonly virtualTime: boolean;
  readonly metrics: readonly PlanMetric[];
  readonly rules: readonly PlanRule[];
}
