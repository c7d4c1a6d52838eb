/** Counts and statistics of jobs for each value of a column. */

import { quantile } from './quantile.js';
import { compareTexts, parseSort } from './query.js';
import { hasFailed } from './results.js';
import type { JobTable } from './table.js';

/** The columns of a summary, after that of the value. Times are in seconds, NaN without a job that has ended. */
export const STATISTICS = ['count', 'failed', 'mean', 'median', 'p95'] as const;

/** Jobs with one value. */
export interface JobsOfValue extends Readonly<Record<(typeof STATISTICS)[number], number>> {
  /** The value as text; null for jobs whose value is unknown. */
  readonly value: string | null;
}

/**
 * Returns the jobs of these rows by the values of a column, in the order of the values, or of `sort` (`failed:desc`).
 * Throws EnsembleError `ERR_RUN` for an unknown column.
 */
export function jobsBy(
  table: JobTable,
  rows: Uint32Array,
  name: string,
  sort: string | undefined,
): JobsOfValue[] {
  const column = table.column(name);
  const places = new Map<string | null, number>();
  const placeOf = new Uint32Array(rows.length);
  const counts: number[] = [];
  const failures: number[] = [];
  rows.forEach((row, i) => {
    const value = column.text(row);
    const place = places.get(value) ?? places.size;
    places.set(value, place);
    placeOf[i] = place;
    counts[place] = (counts[place] ?? 0) + 1;
    failures[place] = (failures[place] ?? 0) + Number(hasFailed(table.jobs.result[row]));
  });
  const durations = durationsOf(table, rows, placeOf, counts);
  const summaries = [...places].map(([value, place]): JobsOfValue => {
    const sorted = durations[place] ?? new Float64Array();
    const sum = sorted.reduce((total, each) => total + each, 0);
    return {
      value,
      count: counts[place] ?? 0,
      failed: failures[place] ?? 0,
      mean: sum / sorted.length,
      median: quantile(sorted, 0.5),
      p95: quantile(sorted, 0.95),
    };
  });
  return sorted(summaries, name, sort);
}

/** The durations of the jobs of each value, ascending. */
function durationsOf(
  table: JobTable,
  rows: Uint32Array,
  placeOf: Uint32Array,
  counts: readonly number[],
): Float64Array[] {
  const duration = table.column('duration');
  const all = counts.map((count) => new Float64Array(count));
  const filled = new Uint32Array(counts.length);
  rows.forEach((row, i) => {
    const place = placeOf[i] as number;
    const seconds = duration.number(row);
    if (Number.isNaN(seconds)) return;
    (all[place] as Float64Array)[filled[place] as number] = seconds;
    filled[place] = (filled[place] as number) + 1;
  });
  return all.map((values, place) => values.subarray(0, filled[place]).sort());
}

function sorted(summaries: JobsOfValue[], name: string, sort: string | undefined): JobsOfValue[] {
  const { name: key, descending } = parseSort(sort ?? name);
  const sign = descending ? -1 : 1;
  const statistic = STATISTICS.find((each) => each === key);
  const byValue = (a: JobsOfValue, b: JobsOfValue) =>
    a.value === null || b.value === null
      ? Number(a.value === null) - Number(b.value === null)
      : compareTexts(a.value, b.value);
  return summaries.sort((a, b) => {
    if (statistic === undefined) return sign * byValue(a, b);
    const [first, second] = [a[statistic], b[statistic]];
    const missing = Number(Number.isNaN(first)) - Number(Number.isNaN(second));
    return missing || sign * (first - second) || byValue(a, b);
  });
}
