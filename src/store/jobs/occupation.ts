/** Numbers of jobs over time, from the times between which each job counts. */

import { expandHostlist } from '../../language/hostlist.js';
import { RESULTS } from './results.js';
import type { JobTable } from './table.js';

/** A time from `begin` to `end`, in seconds since the epoch. */
export interface Span {
  readonly begin: number;
  readonly end: number;
}

/** The times between which things count, by the number of each. An interval whose end is not after its begin counts for no time. */
export interface Intervals {
  readonly count: number;
  readonly from: (index: number) => number;
  readonly to: (index: number) => number;
  /** How much it counts; 1 by default. */
  readonly weight?: (index: number) => number;
}

export interface Means {
  /** The mean of each of equal parts of the time. */
  readonly means: Float64Array;
  /** Sum of the times, each with its weight, in seconds. */
  readonly seconds: number;
}

export interface Occupation extends Means {
  /** The most at one time. */
  readonly peak: number;
}

/** Hosts of one hostlist at most. */
const MOST_HOSTS = 100_000;

/** From the first submission to `until`, or to a later end of a job; null without a submission. */
export function spanOf(
  { jobs: { submit, finish } }: JobTable,
  rows: Uint32Array,
  until: number,
): Span | null {
  let begin = Number.POSITIVE_INFINITY;
  let end = until;
  for (const row of rows) {
    const [first, last] = [submit[row] as number, finish[row] as number];
    if (first < begin) begin = first;
    if (last > end) end = last;
  }
  if (!(begin < Number.POSITIVE_INFINITY)) return null;
  return { begin, end: end <= begin ? begin + 1 : end };
}

/** The times in which jobs ran, and in which they waited. An active job goes on until `end`. */
export function intervalsOf(
  { jobs: { submit, start, finish, result } }: JobTable,
  rows: Uint32Array,
  { end }: Span,
): { readonly running: Intervals; readonly pending: Intervals } {
  const active = RESULTS.indexOf('active');
  const endOf = (row: number) => {
    const time = finish[row] as number;
    if (!Number.isNaN(time)) return time;
    // A job whose end is unknown counts for no time, unless it is active.
    return result[row] === active ? end : Number.NaN;
  };
  const startOf = (row: number) => {
    const time = start[row] as number;
    return Number.isNaN(time) ? endOf(row) : time;
  };
  const of = (from: (row: number) => number, to: (row: number) => number): Intervals => ({
    count: rows.length,
    from: (index) => from(rows[index] as number),
    to: (index) => to(rows[index] as number),
  });
  return {
    running: of((row) => start[row] as number, endOf),
    pending: of((row) => submit[row] as number, startOf),
  };
}

/** The times in which each host had at least one of the jobs; null where no job's hosts are known. */
export function hostIntervals(
  { jobs: { start, hosts, texts } }: JobTable,
  rows: Uint32Array,
  { to }: Intervals,
): Intervals | null {
  const names = new Map<number, readonly string[]>();
  const hostsOf = (place: number) => {
    let found = names.get(place);
    if (found === undefined) {
      found = expandHostlist(texts[place] ?? '', MOST_HOSTS) ?? [];
      names.set(place, found);
    }
    return found;
  };
  const indexes = Uint32Array.from(rows, (_row, index) => index).filter(
    (index) => hosts[rows[index] as number] !== 0,
  );
  if (indexes.length === 0) return null;
  const startOf = (index: number) => start[rows[index] as number] as number;
  indexes.sort((a, b) => startOf(a) - startOf(b) || a - b);
  const firsts: number[] = [];
  const lasts: number[] = [];
  // The latest interval of each host grows while jobs overlap.
  const latest = new Map<string, number>();
  for (const index of indexes) {
    const [first, last] = [startOf(index), to(index)];
    if (!(last > first)) continue;
    for (const host of hostsOf(hosts[rows[index] as number] as number)) {
      const place = latest.get(host);
      if (place !== undefined && (lasts[place] as number) >= first) {
        lasts[place] = Math.max(lasts[place] as number, last);
      } else {
        latest.set(host, firsts.push(first) - 1);
        lasts.push(last);
      }
    }
  }
  return { count: firsts.length, from: (i) => firsts[i] as number, to: (i) => lasts[i] as number };
}

/** The mean number in each of `bins` equal parts of the time. */
export function meansOf(
  { count, from, to, weight = () => 1 }: Intervals,
  { begin, end }: Span,
  bins: number,
): Means {
  const width = (end - begin) / bins;
  const parts = new Float64Array(bins + 1);
  // Whole bins as differences, which are summed up at the end.
  const whole = new Float64Array(bins + 1);
  let seconds = 0;
  for (let index = 0; index < count; index++) {
    // A clock may have been set back.
    const [first, last] = [Math.max(begin, from(index)), to(index)];
    if (!(last > first)) continue;
    const much = weight(index);
    seconds += much * (last - first);
    const [a, b] = [(first - begin) / width, (last - begin) / width];
    const [i, j] = [Math.min(bins, Math.floor(a)), Math.min(bins, Math.floor(b))];
    if (i === j) (parts[i] as number) += much * (b - a);
    else {
      (parts[i] as number) += much * (i + 1 - a);
      (parts[j] as number) += much * (b - j);
      (whole[i + 1] as number) += much;
      (whole[j] as number) -= much;
    }
  }
  const means = new Float64Array(bins);
  let sum = 0;
  for (let i = 0; i < bins; i++) {
    sum += whole[i] as number;
    means[i] = Math.max(0, sum + (parts[i] as number));
  }
  return { means, seconds };
}

/** The mean numbers, and the most at one time. Weights count only in the means. */
export function occupationOf(intervals: Intervals, span: Span, bins: number): Occupation {
  return { ...meansOf(intervals, span, bins), peak: peakOf(intervals) };
}

function peakOf({ count, from, to }: Intervals): number {
  const firsts = new Float64Array(count);
  const lasts = new Float64Array(count);
  let known = 0;
  for (let index = 0; index < count; index++) {
    const [first, last] = [from(index), to(index)];
    if (!(last > first)) continue;
    firsts[known] = first;
    lasts[known++] = last;
  }
  firsts.subarray(0, known).sort();
  lasts.subarray(0, known).sort();
  let peak = 0;
  let ended = 0;
  for (let i = 0; i < known; i++) {
    while ((lasts[ended] as number) <= (firsts[i] as number)) ended++;
    peak = Math.max(peak, i + 1 - ended);
  }
  return peak;
}
