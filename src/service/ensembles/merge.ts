/**
 * Statistics of one group over many ensembles, as if all jobs had belonged to one run.
 *
 * Counts add up; count, mean, variance, minimum and maximum are exact. Quantiles, and statistics based on them,
 * merge if every run keeps sketches. P² estimates do not merge: they keep five markers instead of a distribution.
 */

import { areBuckets } from '../../engine/log-buckets.js';
import { emptyState, isFromSketch, merge, SKETCHED_STATISTICS, stateValue } from '../../engine/mergeable.js';
import { STATISTICS, type Statistic } from '../../model/metric-names.js';
import type { StreamState } from '../../model/metrics.js';
import type { Counts, GroupState, SketchState, StatisticsState } from './proto.js';

/** The statistics of merged groups other than the count. */
const MERGED: readonly Statistic[] = [...STATISTICS, 'std', 'sum', 'p95', 'p99'];

/** Its sketch; null also for buckets of an unknown form. */
function sketchOf({ sketch }: StatisticsState): SketchState | null {
  return sketch !== null && areBuckets(sketch.scale, sketch.first, sketch.buckets.length) ? sketch : null;
}

function stateOf(statistics: StatisticsState): StreamState {
  const { count, mean, m2, min, max } = statistics;
  const moments = { ...emptyState, count, mean, squares: m2, min, max, sum: mean * count };
  const sketch = sketchOf(statistics);
  if (sketch === null) return moments;
  const { sum, zeros, scale, first, buckets } = sketch;
  return { ...moments, sum, zeros, scale, first, buckets: Float64Array.from(buckets) };
}

/** The state of a stream with its buckets; null without buckets that cover all numbers. */
export function sketchedState(statistics: StatisticsState): StreamState | null {
  return isSketched(statistics) ? stateOf(statistics) : null;
}

/** Returns statistics by name, without missing values. `sketched` is true if the buckets cover all numbers. */
export function stateValues(state: StreamState, sketched: boolean): Record<string, number> {
  const values: Record<string, number> = {};
  for (const name of MERGED) {
    const value = sketched || !isFromSketch(name) ? stateValue(state, name) : null;
    if (typeof value === 'number') values[name] = value;
  }
  return values;
}

/** Returns whether its sketch covers all of its numbers. */
const isSketched = (statistics: StatisticsState) => statistics.count === 0 || sketchOf(statistics) !== null;

function mergeStatistics(all: readonly StatisticsState[]): StatisticsState {
  const sketched = all.every(isSketched);
  const state = all.map(stateOf).reduce(merge, emptyState);
  const { count, mean, squares: m2, min, max, sum, zeros, scale, first, buckets } = state;
  const sketch = sketched ? { sum, zeros, scale, first, buckets: [...buckets] } : null;
  return { count, mean, m2, min, max, sketch, values: stateValues(state, sketched) };
}

/** Merges at least one group. `unmerged` lists the statistics without a common value, and why. */
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
  const of = (variable: 'duration' | 'pending') => groups.flatMap((group) => group[variable] ?? []);
  const sketched = [...of('duration'), ...of('pending')].every(isSketched);
  const probes = new Set(groups.flatMap((group) => Object.keys(group.probes)));
  const measured = (probe: string) =>
    groups.flatMap((group) =>
      Object.entries(group.probes).flatMap(([name, one]) => (name === probe ? one : [])),
    );
  const unmergeable = SKETCHED_STATISTICS.join(', ');
  return {
    group: {
      name: groups[0]?.name ?? '',
      counts,
      exceptions,
      duration: mergeStatistics(of('duration')),
      pending: mergeStatistics(of('pending')),
      probes: Object.fromEntries([...probes].map((probe) => [probe, mergeStatistics(measured(probe))])),
    },
    unmerged: [
      ...(sketched
        ? []
        : [
            `${unmergeable}: some of these runs keep no sketches, or are of another version, and P² estimates do not merge`,
          ]),
      ...(probes.size === 0 ? [] : [`${unmergeable} of probes: runs keep no sketches of their values`]),
    ],
  };
}
