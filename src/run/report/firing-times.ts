/** When rules fired. */

import type { ReportRule } from '../../report/html/content.js';

/** Returns the times of the firings of a rule, ascending. */
export function firingTimes(
  firings: readonly { readonly rule: number; readonly timestamp: number }[],
): (rule: number) => ReportRule['times'] {
  const times = new Map<number, number[]>();
  for (const { rule, timestamp } of firings) {
    const known = times.get(rule);
    if (known === undefined) times.set(rule, [timestamp]);
    else known.push(timestamp);
  }
  return (rule) => (times.get(rule) ?? []).sort((a, b) => a - b);
}
