/** How many jobs of which entries a submission takes. */

import type { JobEntry, JobGroup } from './ensemble.js';

export interface Portion {
  readonly entry: JobEntry;
  readonly count: number;
}

/**
 * What to submit for `value` jobs of a group (null: all of it): the entries in their order, each with its count,
 * from the first again when the group has fewer jobs than were asked for.
 */
export function portionsOf(group: JobGroup, value: number | null): Portion[] {
  if (value === null) return group.entries.map((entry) => ({ entry, count: entry.count }));
  if (group.count === 0) return [];
  const rounds = Math.floor(value / group.count);
  let rest = value % group.count;
  const portions: Portion[] = [];
  for (const entry of group.entries) {
    const extra = Math.min(rest, entry.count);
    rest -= extra;
    portions.push({ entry, count: rounds * entry.count + extra });
  }
  return portions.filter(({ count }) => count > 0);
}
