/** How far the parts of a rule's condition are from holding. */

import type { RuleResource } from '../schemas/rule.js';

export type Condition = RuleResource['conditions'][number];

/** A number that must reach another one. */
export interface Distance {
  readonly value: number;
  readonly threshold: number;
  /** From 0 to 1; 1 when it holds. Null where a share means nothing, as for `== 3`. */
  readonly share: number | null;
}

/** The distance of a condition; null without a known number. */
export function distanceOf({ bound, values, holds }: Condition): Distance | null {
  if (bound === null) return null;
  const value = values[bound.metric];
  if (value === null || value === undefined) return null;
  const { threshold, comparison } = bound;
  if (holds === true) return { value, threshold, share: 1 };
  if (comparison === '>' || comparison === '>=') {
    return { value, threshold, share: threshold > 0 ? clamped(value / threshold) : null };
  }
  if (comparison === '<' || comparison === '<=') {
    return { value, threshold, share: value > 0 && threshold >= 0 ? clamped(threshold / value) : null };
  }
  return { value, threshold, share: null };
}

function clamped(share: number): number {
  return Math.min(1, Math.max(0, share));
}
