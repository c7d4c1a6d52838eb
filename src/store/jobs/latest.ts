/** The jobs of a run that started last. */

import type { JobTable } from './table.js';

/**
 * Returns at most `most` of the rows: the jobs that started last, the latest first. Jobs that have not started come after
 * them, in the order of their submission.
 */
export function latestStarted({ jobs: { start } }: JobTable, rows: Uint32Array, most: number): Uint32Array {
  const startOf = (row: number) => start[row] as number;
  const started = rows.filter((row) => !Number.isNaN(startOf(row)));
  // Numbers are sorted faster than rows. The order of a million rows would take a second.
  const times = Float64Array.from(started, startOf).sort();
  const least = times[Math.max(0, times.length - most)] ?? Number.POSITIVE_INFINITY;
  const latest = started
    .filter((row) => startOf(row) >= least)
    .sort((a, b) => startOf(b) - startOf(a) || b - a);
  if (latest.length >= most) return latest.subarray(0, most);
  const waiting = rows.filter((row) => Number.isNaN(startOf(row))).subarray(0, most - latest.length);
  const all = new Uint32Array(latest.length + waiting.length);
  all.set(latest);
  all.set(waiting, latest.length);
  return all;
}
