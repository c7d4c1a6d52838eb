/** Snapshots of what the engine keeps of every group, as plain objects. */

import type { Count, MetricName } from '../config/types.js';
import type { EngineStatus, NativeSnapshot } from '../engine/addon.js';
import { COUNTS, STATISTICS } from './names.js';

/** The statistics of one stream of numbers; null where there is no value yet. */
export interface SummaryValues {
  readonly count: number;
  readonly mean: number | null;
  /** Sample variance (ddof 1); 0 for a single observation. */
  readonly variance: number | null;
  readonly min: number | null;
  readonly max: number | null;
  /** Interquartile range, from the two P² estimates. */
  readonly iqr: number | null;
  /** Median absolute deviation, from P² medians. */
  readonly mad: number | null;
  readonly q25: number | null;
  readonly q50: number | null;
  readonly q75: number | null;
}

export interface GroupMetrics {
  readonly count: Readonly<Record<Count, number>>;
  /** Jobs by the type of their first fatal exception: `cancel`, `timeout`, `exec`, ... */
  readonly exceptions: Readonly<Record<string, number>>;
  /** Seconds from start to finish. */
  readonly duration: SummaryValues;
  /** Seconds from submit to start. */
  readonly pending: SummaryValues;
}

export interface MetricsSnapshot {
  readonly groups: ReadonlyMap<string, GroupMetrics>;
  readonly status: EngineStatus;
}

/** A native row as an object: NaN means that there is no value. */
export function readSummary(row: Float64Array): SummaryValues {
  const value = (index: number) => {
    const number = row[index];
    return number === undefined || Number.isNaN(number) ? null : number;
  };
  return {
    count: row[0] ?? 0,
    mean: value(1),
    variance: value(2),
    min: value(3),
    max: value(4),
    iqr: value(5),
    mad: value(6),
    q25: value(7),
    q50: value(8),
    q75: value(9),
  };
}

/** A native snapshot of these groups as objects. */
export function readSnapshot(groups: readonly string[], native: NativeSnapshot): MetricsSnapshot {
  // Each row is the count and every statistic.
  const width = 1 + STATISTICS.length;
  const result = new Map<string, GroupMetrics>();
  const known = Math.min(groups.length, native.counts.length / COUNTS.length);
  for (let index = 0; index < known; index++) {
    const count = {} as Record<Count, number>;
    for (const [i, key] of COUNTS.entries()) {
      count[key] = native.counts[index * COUNTS.length + i] as number;
    }
    const row = (variable: number) =>
      readSummary(
        native.statistics.subarray((index * 2 + variable) * width, (index * 2 + variable + 1) * width),
      );
    result.set(groups[index] as string, {
      count,
      exceptions: native.exceptions[index] ?? {},
      duration: row(0),
      pending: row(1),
    });
  }
  return { groups: result, status: native.status };
}

/** The value under a metric's name, or null when it has none. */
export function metricValue(metrics: MetricsSnapshot, name: MetricName): number | null {
  const group = metrics.groups.get(name.group);
  if (group === undefined) return null;
  return name.kind === 'count' ? group.count[name.count] : group[name.variable][name.statistic];
}
