/** Comparisons with a number: `5`, `"> 5"`, `"<= 1.5e3"`. */

import type { Comparison, Condition, ExpressionCondition } from '../model/condition.js';
import type { MetricName } from '../model/metric-names.js';
import { quote } from '../text/describe.js';
import { failed, ok, type Result } from '../text/result.js';
import { isRounded } from './rounded.js';

// No two neighbouring parts can match the same character, so a long text takes linear time.
const PATTERN = /^(<=|>=|==|!=|<|>|=)?[ \t]*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)$/;

const ALLOWED = "write a number, or one of < <= > >= == != and a number, like '> 5'";

/** Reads a comparison. A number, bare or in a string, asks for equality. */
export function parseCondition(when: number | string): Result<Condition> {
  if (typeof when === 'number') {
    if (!Number.isFinite(when)) return failed(`${when} is not a number to compare with; ${ALLOWED}`);
    return ok({ comparison: '==', threshold: when });
  }
  const match = PATTERN.exec(when.trim());
  const [, comparison = '==', digits] = match ?? [];
  if (digits === undefined) return failed(`${quote(when)} is not a condition; ${ALLOWED}`);

  const threshold = Number(digits);
  if (isRounded(digits)) {
    return failed(`${quote(digits)} is too large for an exact comparison`);
  }
  // Text like 1e999 has the form of a number, but exceeds a double.
  if (!Number.isFinite(threshold)) return failed(`the number in ${quote(when)} is too large; ${ALLOWED}`);
  return ok({ comparison: comparison === '=' ? '==' : (comparison as Comparison), threshold });
}

/** Writes a comparison so that {@link parseCondition} reads the same one back. */
export function formatCondition(condition: Condition): string {
  return `${condition.comparison} ${condition.threshold}`;
}

/** Whether a number compares as it must. */
export function meets(value: number, { comparison, threshold }: Condition): boolean {
  switch (comparison) {
    case '<':
      return value < threshold;
    case '<=':
      return value <= threshold;
    case '>':
      return value > threshold;
    case '>=':
      return value >= threshold;
    case '==':
      return value === threshold;
    case '!=':
      return value !== threshold;
  }
}

/**
 * The condition of a rule in the short form, which gives the metric and what it is compared with; null accepts any
 * value. A count that has never changed is unknown in this form.
 */
export function shortCondition(
  name: string,
  metric: MetricName,
  condition: Condition | null,
): ExpressionCondition {
  const operand = { op: 'metric', metric, fromZero: false } as const;
  if (condition === null) return { text: name, steps: [operand, { op: 'known' }] };
  const { comparison, threshold } = condition;
  return {
    text: `${name} ${formatCondition(condition)}`,
    steps: [operand, { op: 'number', value: threshold }, { op: comparison }],
  };
}
