/** Conditions of rules, and comparisons with a number. */

import type { MetricName } from './metric-names.js';

export type Comparison = '<' | '<=' | '>' | '>=' | '==' | '!=';

/** A comparison with a number, like `> 5`. */
export interface Condition {
  readonly comparison: Comparison;
  readonly threshold: number;
}

/**
 * One step of a condition, for a stack machine: an operand pushes a value, an operator pops its operands and pushes
 * the result. A value may be unknown. A result of an unknown operand is unknown too, unless `and` or `or` can decide
 * without it.
 */
export type ConditionStep =
  | { readonly op: 'number'; readonly value: number }
  | { readonly op: 'text'; readonly value: string }
  | {
      readonly op: 'metric';
      readonly metric: MetricName;
      /** A count that has never changed is 0, and so is a number of observations; without it, they are unknown. */
      readonly fromZero: boolean;
    }
  | {
      readonly op:
        | 'state'
        | 'event.name'
        /** The exit code of a job's tasks, or 128 plus the number of a signal; only at `finish`. */
        | 'event.status'
        | 'event.exception.type'
        | 'event.exception.severity';
    }
  /** A parameter of the event's job, by its name. */
  | { readonly op: 'number parameter' | 'text parameter'; readonly value: string }
  /** A value that the event, a memo, tells, by its name. */
  | { readonly op: 'number told' | 'text told'; readonly value: string }
  | { readonly op: '+' | '-' | '*' | '/' | 'negative' | Comparison | 'and' | 'or' | 'not' }
  /** Compares two texts. */
  | { readonly op: 'same' | 'different' }
  /** True when the number has a value, false when it is unknown. */
  | { readonly op: 'known' };

/** A step whose operand is a metric. */
export type MetricStep = ConditionStep & { readonly op: 'metric' };

/** The metrics of a condition, in the order of its text; none without one. */
export function metricSteps(condition: Pick<ExpressionCondition, 'steps'> | null): MetricStep[] {
  return (condition?.steps ?? []).filter((step) => step.op === 'metric');
}

/** The condition of a rule. */
export interface ExpressionCondition {
  /** The text as it was written; in the short form with the name of its metric: `count.sleep.failed > 5`. */
  readonly text: string;
  readonly steps: readonly ConditionStep[];
}
