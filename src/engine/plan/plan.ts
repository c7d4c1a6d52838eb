/** An ensemble's rules in the form of the native engine: names are resolved to indexes, and defaults are filled in. */

import type { CronPattern } from '../../language/cron.js';
import type { ConditionStep } from '../../model/condition.js';
import type { BoundSide, Count, FactName, Statistic, Variable } from '../../model/metric-names.js';
import type { Trigger } from '../../model/trigger.js';
import type { PlanLimit } from './limits.js';

/** Jobs of one jobspec; see CompiledJobspec for the texts. */
export interface JobspecPortion {
  readonly head: string;
  readonly tail: string;
  readonly count: number;
  readonly urgency: number;
}

/** Jobs that a source submits by itself. */
export interface SubmitPortion extends JobspecPortion {
  /** Index of the jobs' group. */
  readonly group: number;
}

/** Statistics by their names in the native engine, where all percentiles are one with a number. */
export type NativeStatistic = Exclude<Statistic, 'median' | `p${number}`> | 'quantile';

/** A metric that rules refer to by its index: a count, the rate at which it grows, or a statistic of a variable. */
export interface PlanMetric {
  /** The name as it is written, for messages. */
  readonly name: string;
  /** Index of the group; -1 for `size` and `timeleft`. */
  readonly group: number;
  /** Hours of the group, or a fact about the allocation; null for the others. */
  readonly fact: FactName | null;
  /** With a window, its rate. */
  readonly count: Count | null;
  readonly statistic: NativeStatistic | null;
  readonly variable: Variable | null;
  /** Index of a probe variable of the group, instead of `variable`; null without one. */
  readonly probe: number | null;
  /** From 0 to 1, of the statistic `quantile`. */
  readonly quantile: number;
  /** Seconds; 0 for the whole run. */
  readonly window: number;
  /** A count that has never changed is 0, not unknown, and so is the number of observations. */
  readonly fromZero: boolean;
  /**
   * The confidence sequence of a mean or a quantile, or, with a count, of its share of the jobs that succeeded or failed;
   * null for the metric itself.
   */
  readonly bound: { readonly side: BoundSide; readonly level: number } | null;
  /** Index of the parameter for each value of which there is a metric; null for one metric. */
  readonly split: number | null;
}

/** A parameter by whose values the jobs of some groups are divided. */
export interface PlanSplit {
  readonly parameter: string;
  /** Indexes of the groups that rules divide. */
  readonly groups: readonly number[];
}

/** One step of a condition, for a stack machine; see `ConditionStep`. A metric is given by its index. */
export interface PlanStep {
  readonly op: ConditionStep['op'];
  /** The operand: a number, a text, or the index of a metric; null for the others. */
  readonly value: number | string | null;
}

export interface PlanRule {
  readonly trigger: Trigger['kind'];
  /** For `job`: index of the group, -1 for jobs of any group. For `group-done`: index of the group. */
  readonly group: number;
  /** For `job`: an event's name or a derived trigger, without the `job-`. */
  readonly event: string | null;
  /** The condition, which a `metric` rule must have and `start` can't have; null for none. */
  readonly when: readonly PlanStep[] | null;
  /** Seconds, 0 for none; `interval` is that trigger's own. Null for none of them. */
  readonly timing: { readonly for: number; readonly cooldown: number; readonly interval: number } | null;
  /** For `limit`: indexes of the limits of the plan. */
  readonly limits: readonly number[];
  /** For `cron`. */
  readonly cron: CronPattern | null;
  /** States by index: those that the rule is judged in (none for all), that it leads to, and, for `state`, that has to be
   * entered; -1 for none. */
  readonly states: { readonly in: readonly number[]; readonly goto: number; readonly enter: number } | null;
  readonly repetitions: number;
  /** -1 for none. */
  readonly backoff: number;
  /** The action ends the ensemble, so later rules do not fire. */
  readonly terminal: boolean;
  /** The firing carries the event's context. */
  readonly wantsEvent: boolean;
  /** The rule calls a probe. It is not a rule of the file, so its firings are not counted. */
  readonly probing: boolean;
  /** Jobs that a native source submits when the rule fires; null where JavaScript acts. */
  readonly submit: readonly SubmitPortion[] | null;
  /** Index of the parameter for each value of which there is a rule; null for one rule. */
  readonly split: number | null;
  /** For `metric`: the action when the condition, for which the rule has fired, does not hold any more. */
  readonly resolve: PlanResolve | null;
}

/** The second action of a rule. */
export interface PlanResolve {
  /** Index of the state that it leads to; -1 for none. */
  readonly goto: number;
  readonly terminal: boolean;
  readonly wantsEvent: boolean;
}

/** A group whose active jobs have their entry, attempt and parameters stored. */
export interface PlanRemembered {
  /** Index of the group. */
  readonly group: number;
  readonly retry: PlanRetry | null;
}

/** When failed jobs are submitted again. */
export interface PlanRetry {
  readonly times: number;
  /** Seconds before the first time, the factor for each further time, and the maximum. */
  readonly initial: number;
  readonly factor: number;
  readonly longest: number;
  readonly failed: boolean;
  readonly timeout: boolean;
  readonly canceled: boolean;
  /** Also by the type of a job's gravest exception. */
  readonly exceptions: readonly string[];
  /** Jobs that a native source submits, by entry of the group; null where JavaScript submits. */
  readonly entries: readonly SubmitPortion[] | null;
}

/** Names of values that the jobs of a group tell. */
export interface PlanTells {
  /** Names of numbers: the probe variables of the group from the index `first` on. */
  readonly numbers: readonly string[];
  readonly first: number;
  readonly texts: readonly string[];
}

export interface EnginePlan {
  readonly groups: readonly string[];
  readonly remembered: readonly PlanRemembered[];
  /** For each group the index of the one that it follows, -1 for none: it is done only after that one. */
  readonly follows: readonly number[];
  /** For each group the seconds without an event after which an active job has stalled; 0 for never. */
  readonly stalled: readonly number[];
  /** For each group the names of its probe variables; may be shorter than `groups`. */
  readonly probes: readonly (readonly string[])[];
  /** For each group the names of values that its jobs tell; may be shorter than `groups`. */
  readonly tells: readonly PlanTells[];
  readonly limits: readonly PlanLimit[];
  readonly splits: readonly PlanSplit[];
  /** States of the ensemble; the first is the initial one. */
  readonly states: readonly string[];
  /** Also add groups that are not listed, by their names in the records. */
  readonly trackAll: boolean;
  /** This run's id; jobs with another id are ignored. Empty for jobs of any run. */
  readonly ensemble: string;
  /** Seconds between heartbeats; 0 without heartbeats. */
  readonly heartbeat: number;
  /**
   * Virtual time: time is that of the events. The run begins with the first event, unless it was started before.
   * Heartbeats are performed when an event or `advance` passes their time. Results do not depend on the clock.
   */
  readonly virtualTime: boolean;
  /** Keep a sketch of every stream of every group: snapshots then contain mergeable states. */
  readonly sketches: boolean;
  readonly metrics: readonly PlanMetric[];
  readonly rules: readonly PlanRule[];
}

/** A plan without rules and groups. */
export const EMPTY_PLAN: EnginePlan = {
  groups: [],
  remembered: [],
  follows: [],
  stalled: [],
  probes: [],
  tells: [],
  limits: [],
  splits: [],
  states: [],
  trackAll: false,
  ensemble: '',
  heartbeat: 0,
  virtualTime: false,
  sketches: false,
  metrics: [],
  rules: [],
};
