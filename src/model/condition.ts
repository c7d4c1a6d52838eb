/** Conditions of rules. */

import type { MetricName } from './metric-names.js';

export type Comparison = '<' | '<=' | '>' | '>=' | '==' | '!=';

/** `when:` of a metric rule. */
export interface Condition {
  readonly comparison: Comparison;
  readonly threshold: number;
}

/**
 * One step of an expression, for a stack machine: operands push a value, operators take theirs off and push the
 * result. A value may be unknown; what is made of it then is unknown too, unless `and` or `or` can tell without it.
 */
export type ConditionStep =
  | { readonly op: 'number'; readonly value: number }
  | { readonly op: 'text'; readonly value: string }
  | { readonly op: 'metric'; readonly metric: MetricName }
  | {
      readonly op:
        | 'state'
        | 'event.name'
        /** The exit code of a job's tasks, 128 and its number for a signal; at `finish` only. */
        | 'event.status'
        | 'event.exception.type'
        | 'event.exception.severity';
    }
  /** Of the event's job, by its name. */
  | { readonly op: 'number parameter' | 'text parameter'; readonly value: string }
  | { readonly op: '+' | '-' | '*' | '/' | 'negative' | Comparison | 'and' | 'or' | 'not' }
  /** Of two texts. */
  | { readonly op: 'same' | 'different' };

/** A condition that is a whole expression. */
export interface ExpressionCondition {
  /** As it was written. */
  readonly text: string;
  readonly steps: readonly ConditionStep[];
}
