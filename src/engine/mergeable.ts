/**
 * Streams of numbers in a form that can be merged: exact moments (Chan, Golub and LeVeque 1982) and a sketch of the
 * quantiles within 0.54 % (native/stats/ddsketch.h). A merged state equals the state of one engine with all numbers.
 */

import { type KeptStatistic, quantileOf, STATISTICS, type Statistic } from '../model/metric-names.js';
import type { StreamState } from '../model/metrics.js';
import type { NativeStates } from './addon.js';
import { bucketValue, SCALE } from './log-buckets.js';

const MAX_BUCKETS = 4096;

/** Numbers of a head in NativeStates. */
const HEAD = 10;

export const emptyState: StreamState = {
  count: 0,
  mean: 0,
  squares: 0,
  min: 0,
  max: 0,
  sum: 0,
  zeros: 0,
  scale: SCALE,
  first: 0,
  buckets: new Float64Array(0),
};

/** The content of a native snapshot, stream by stream. */
export function readStates({ heads, buckets }: NativeStates): StreamState[] {
  const states: StreamState[] = [];
  let from = 0;
  for (let at = 0; at < heads.length; at += HEAD) {
    const [count, mean, squares, min, max, sum, zeros, scale, first, size] = heads.subarray(
      at,
      at + HEAD,
    ) as unknown as [number, number, number, number, number, number, number, number, number, number];
    states.push({
      count,
      mean,
      squares,
      min,
      max,
      sum,
      zeros,
      scale,
      first,
      buckets: buckets.subarray(from, from + size),
    });
    from += size;
  }
  return states;
}

/** The first and the last bucket of non-empty rows at a common scale. */
function endsAt(scale: number, rows: readonly StreamState[]): { first: number; last: number } {
  const at = (index: number, row: StreamState) => index >> (row.scale - scale);
  return {
    first: Math.min(...rows.map((row) => at(row.first, row))),
    last: Math.max(...rows.map((row) => at(row.first + row.buckets.length - 1, row))),
  };
}

/** The buckets of both at the finest scale that has room for them. */
function mergeBuckets(a: StreamState, b: StreamState): BucketRow {
  const rows = [a, b].filter(({ buckets }) => buckets.length > 0);
  let scale = Math.min(a.scale, b.scale);
  if (rows.length === 0) return { scale, first: 0, buckets: emptyState.buckets };
  let { first, last } = endsAt(scale, rows);
  while (last - first >= MAX_BUCKETS) {
    scale--;
    ({ first, last } = endsAt(scale, rows));
  }
  const buckets = new Float64Array(last - first + 1);
  for (const row of rows) {
    for (const [i, count] of row.buckets.entries()) {
      (buckets[((row.first + i) >> (row.scale - scale)) - first] as number) += count;
    }
  }
  return { scale, first, buckets };
}

/** Buckets, without the numbers that have none. */
export type BucketRow = Pick<StreamState, 'scale' | 'first' | 'buckets'>;

/** Pairs of buckets, at the next coarser scale. */
export function halved({ scale, first, buckets }: BucketRow): BucketRow {
  const begin = first >> 1;
  const merged = new Float64Array(((first + buckets.length - 1) >> 1) - begin + 1);
  for (const [i, count] of buckets.entries()) (merged[((first + i) >> 1) - begin] as number) += count;
  return { scale: scale - 1, first: begin, buckets: merged };
}

/** The buckets at the finest scale at which there are at most `most`, or at scale 0. */
export function coarser({ scale, first, buckets }: StreamState, most: number): BucketRow {
  let row: BucketRow = { scale, first, buckets };
  while (row.buckets.length > most && row.scale > 0) row = halved(row);
  return row;
}

/** The state of both streams together. */
export function merge(a: StreamState, b: StreamState): StreamState {
  if (a.count === 0) return b;
  if (b.count === 0) return a;
  const count = a.count + b.count;
  const share = b.count / count;
  const apart = b.mean - a.mean;
  return {
    count,
    mean: a.mean + apart * share,
    squares: a.squares + (b.squares + apart * apart * (a.count * share)),
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
    sum: a.sum + b.sum,
    zeros: a.zeros + b.zeros,
    ...mergeBuckets(a, b),
  };
}

/** Sample variance (ddof 1), 0 for a single number; null without numbers. */
export function stateVariance({ count, squares }: StreamState): number | null {
  if (count === 0) return null;
  return count === 1 ? 0 : squares / (count - 1);
}

/** The non-empty buckets in order, as values and counts: the zeros first. */
function* itemsOf({
  zeros,
  scale,
  first,
  buckets,
  min,
  max,
}: StreamState): Generator<[value: number, count: number]> {
  const within = (value: number) => Math.min(Math.max(value, min), max);
  if (zeros > 0) yield [within(0), zeros];
  for (const [i, count] of buckets.entries()) {
    if (count > 0) yield [within(bucketValue(first + i, scale)), count];
  }
}

/** The value at q from 0 to 1 of sorted values, interpolated (type 7 of Hyndman and Fan). */
function interpolate(
  items: Iterable<readonly [number, number]>,
  count: number,
  q: number,
  ends: Ends,
): number {
  const position = q * (count - 1);
  const lowerRank = Math.floor(position);
  const fraction = position - lowerRank;
  const upperRank = fraction > 0 ? lowerRank + 1 : lowerRank;
  let lower = 0;
  let passed = 0;
  for (const [value, here] of items) {
    const at = (rank: number) => (rank === 0 ? ends.first : rank === count - 1 ? ends.last : null) ?? value;
    if (lowerRank >= passed && lowerRank < passed + here) lower = at(lowerRank);
    passed += here;
    if (upperRank < passed) return lower + fraction * (at(upperRank) - lower);
  }
  return lower;
}

/** Exact values at the ends; the others are the values of their buckets. */
interface Ends {
  readonly first: number | null;
  readonly last: number | null;
}

/** The quantile at q from 0 to 1, within 0.54 % of the exact one at scale 6; null without numbers. */
export function stateQuantile(state: StreamState, q: number): number | null {
  if (state.count === 0) return null;
  return interpolate(itemsOf(state), state.count, q, { first: state.min, last: state.max });
}

/** Interquartile range; null without numbers. */
export function stateIqr(state: StreamState): number | null {
  const low = stateQuantile(state, 0.25);
  const high = stateQuantile(state, 0.75);
  return low === null || high === null ? null : high - low;
}

/** Median of the distances from the median. Each distance is off by at most 0.54 % of its number and of the median. */
export function stateMad(state: StreamState): number | null {
  const median = stateQuantile(state, 0.5);
  if (median === null) return null;
  const distances = [...itemsOf(state)].map(([value, count]) => [Math.abs(value - median), count] as const);
  distances.sort(([a], [b]) => a - b);
  return interpolate(distances, state.count, 0.5, { first: null, last: null });
}

type StateStatistic = (state: StreamState) => number | null;

/** Statistics of the exact moments; null without numbers. */
const EXACT = {
  count: ({ count }) => count,
  mean: ({ count, mean }) => (count === 0 ? null : mean),
  variance: stateVariance,
  std: (state) => {
    const variance = stateVariance(state);
    return variance === null ? null : Math.sqrt(variance);
  },
  min: ({ count, min }) => (count === 0 ? null : min),
  max: ({ count, max }) => (count === 0 ? null : max),
  sum: ({ count, sum }) => (count === 0 ? null : sum),
} satisfies Partial<Record<Statistic, StateStatistic>>;

/** Statistics of the sketch: all others that can be merged. Statistics of the order, like `last`, can't be merged. */
const SKETCHED: Readonly<
  Record<Exclude<Statistic, keyof typeof EXACT | `p${number}` | 'last' | 'ewma'>, StateStatistic>
> = {
  q25: (state) => stateQuantile(state, 0.25),
  q50: (state) => stateQuantile(state, 0.5),
  q75: (state) => stateQuantile(state, 0.75),
  iqr: stateIqr,
  mad: stateMad,
  median: (state) => stateQuantile(state, 0.5),
  piqr: stateIqr,
  pmad: stateMad,
};

const OF_STATE: Readonly<Partial<Record<Statistic, StateStatistic>>> = { ...EXACT, ...SKETCHED };

/** The kept statistics whose merged values come from the sketch. */
export const SKETCHED_STATISTICS = Object.keys(SKETCHED).filter((name): name is KeptStatistic =>
  (STATISTICS as readonly string[]).includes(name),
);

/** Whether the statistic of merged streams comes from the sketch. */
export function isFromSketch(statistic: Statistic): boolean {
  return !Object.hasOwn(EXACT, statistic);
}

/** A statistic of a stream: null without numbers, undefined for a statistic that a state does not have. */
export function stateValue(state: StreamState, statistic: Statistic): number | null | undefined {
  const of = OF_STATE[statistic];
  if (of !== undefined) return of(state);
  const quantile = quantileOf(statistic);
  return quantile === null ? undefined : stateQuantile(state, quantile);
}
