/**
 * Statistics of one group over many ensembles, as if all their jobs had been of one run.
 *
 * Counts add up. Count, mean and variance merge exactly (Chan, Golub and LeVeque 1979, the pairwise form of
 * Welford's), minimum and maximum as they are. P² estimates do not merge: they keep five markers, not where the
 * observations were.
 */

import type { Counts, GroupState, StatisticsState } from './proto.js';

/** Moments of a stream of numbers. */
export interface Moments {
  readonly count: number;
  readonly mean: number;
  /** Sum of the squared distances from the mean. */
  readonly m2: number;
  readonly min: number;
  readonly max: number;
}

/** Of two streams as one. */
export function mergeMoments(a: Moments, b: Moments): Moments {
  if (a.count === 0) return b;
  if (b.count === 0) return a;
  const count = a.count + b.count;
  const delta = b.mean - a.mean;
  return {
    count,
    mean: a.mean + (delta * b.count) / count,
    m2: a.m2 + b.m2 + (delta * delta * a.count * b.count) / count,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
  };
}

/** Statistics by name, of those that have a value. */
export function momentValues({ count, mean, m2, min, max }: Moments): Record<string, number> {
  if (count === 0) return {};
  const variance = count > 1 ? m2 / (count - 1) : 0;
  return { mean, variance, std: Math.sqrt(variance), min, max, sum: mean * count };
}

function mergeStatistics(all: readonly StatisticsState[]): StatisticsState {
  const zero: Moments = { count: 0, mean: 0, m2: 0, min: 0, max: 0 };
  const moments = all.reduce<Moments>(mergeMoments, zero);
  return { ...moments, sketch: Buffer.alloc(0), values: momentValues(moments) };
}

/** Of at least one group. `unmerged` says of which statistics there is no value for all, and why. */
export function mergeGroups(groups: readonly GroupState[]): { group: GroupState; unmerged: string[] } {
  const counts = {} as Record<keyof Counts, number>;
  const exceptions: Record<string, number> = {};
  for (const group of groups) {
    for (const [key, value] of Object.entries(group.counts ?? {}) as [keyof Counts, number][]) {
      counts[key] = (counts[key] ?? 0) + value;
    }
    for (const [type, count] of Object.entries(group.exceptions)) {
      exceptions[type] = (exceptions[type] ?? 0) + count;
    }
  }
  const of = (variable: 'duration' | 'pending') =>
    mergeStatistics(groups.flatMap((group) => group[variable] ?? []));
  return {
    group: {
      name: groups[0]?.name ?? '',
      counts,
      exceptions,
      duration: of('duration'),
      pending: of('pending'),
    },
    unmerged: ['q25, q50, q75, iqr, mad: P² estimates do not keep what a merge would need'],
  };
}
