/** Attempts of one job are not independent of each other, so only the last one counts. */

import type { NativeJobColumns } from '../../engine/addon.js';

/** Returns the rows of the last attempts, in the order of the table. */
export function lastAttempts(jobs: NativeJobColumns): Uint32Array {
  const { ids, group, rule, firing, part, index, attempt } = jobs;
  const rows = Uint32Array.from({ length: ids.length }, (_, row) => row);
  if (!attempt.some((earlier) => earlier > 0)) return rows;
  const keys = [group, rule, firing, part, index];
  const difference = (a: number, b: number) => {
    for (const key of keys) {
      const [first, second] = [key[a] as number, key[b] as number];
      // A job with an unknown place is a job of its own.
      const missing = Number(Number.isNaN(first)) - Number(Number.isNaN(second));
      if (missing !== 0) return missing;
      if (Number.isNaN(first)) return a - b;
      if (first !== second) return first - second;
    }
    return 0;
  };
  rows.sort((a, b) => difference(a, b) || (attempt[a] as number) - (attempt[b] as number) || a - b);
  const last = rows.filter((row, i) => i === rows.length - 1 || difference(row, rows[i + 1] as number) !== 0);
  return last.sort();
}
