/**
 * Statistics of one group over many ensembles, as if all their jobs had been of one run.
 *
 * Counts add up, and count, mean, variance, minimum and maximum are those of all numbers together. Quantiles, and what is
 * made of them, merge where every run keeps sketches. P² estimates do not: they keep five markers, not where the numbers
 * were.
 */

import {
  emptyState,
  merge,
  stateIqr,
  stateMad,
  stateQuantile,
  stateVariance,
} from '../../engine/mergeable.js';
import type { StreamState } from '../../model/metrics.js';
import type { Counts, GroupState, StatisticsState } from './proto.js';

const QUANTILES = { q25: 0.25, q50: 0.5, q75: 0.75, p95: 0.95, p99: 0.99 } as const;

function stateOf({ count, mean, m2, min, max, sketch }: StatisticsState): StreamState {
  const moments = { ...emptyState, count, mean, squares: m2, min, max, sum: mean * count };
  if (sketch === null) return moments;
  const { sum, zeros, first, buckets } = sketch;
  return { ...moments, sum, zeros, first, buckets: Float64Array.from(buckets) };
}

/** Statistics by name, of those that have a value; `sketched` says whether the buckets hold all numbers. */
export function stateValues(state: StreamState, sketched: boolean): Record<string, number> {
  const variance = stateVariance(state);
  if (variance === null) return {};
  const { mean, min, max, sum } = state;
  const values: Record<string, number> = { mean, variance, std: Math.sqrt(variance), min, max, sum };
  if (!sketched) return values;
  for (const [name, q] of Object.entries(QUANTILES)) values[name] = stateQuantile(state, q) ?? 0;
  return { ...values, iqr: stateIqr(state) ?? 0, mad: stateMad(state) ?? 0 };
}

/** Whether it says where all of its numbers lie. */
const isSketched = ({ count, sketch }: StatisticsState) => count === 0 || sketch !== null;

function mergeStatistics(all: readonly StatisticsState[]): StatisticsState {
  const sketched = all.every(isSketched);
  const state = all.map(stateOf).reduce(merge, emptyState);
  const { count, mean, squares: m2, min, max, sum, zeros, first, buckets } = state;
  const sketch = sketched ? { sum, zeros, first, buckets: [...buckets] } : null;
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
        : ['q25, q50, q75, iqr, mad: some of these runs keep no sketches, and P² estimates do not merge']),
      ...(probes.size === 0
        ? []
        : ['q25, q50, q75, iqr, mad of what probes measure: no run keeps sketches of it']),
    ],
  };
}
