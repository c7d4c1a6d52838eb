/** Snapshots of what the engine keeps of every group, as plain objects. */

import {
  COUNTS,
  type Count,
  formatMetricName,
  GroupNames,
  isKept,
  isOwnVariable,
  type MetricName,
  quantileOf,
  STATISTICS,
} from '../model/metric-names.js';
import type { GroupMetrics, GroupStates, MetricsSnapshot, SummaryValues } from '../model/metrics.js';
import type { NativeSnapshot } from './addon.js';
import { readStates, stateIqr, stateMad, stateQuantile } from './mergeable.js';
import type { PlanMetric } from './plan/plan.js';

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

/** What the indexes in native snapshots stand for. */
export interface SnapshotNames {
  readonly groups: readonly string[];
  readonly metrics: readonly PlanMetric[];
  /** By group, as far as there are any. */
  readonly probes?: readonly (readonly string[])[];
}

/** Whether every group has the metric anyway. */
function isInGroups({ count, statistic, window }: PlanMetric): boolean {
  return window === 0 && (count !== null || (STATISTICS as readonly (string | null)[]).includes(statistic));
}

function readNamed(metrics: readonly PlanMetric[], values: Float64Array): Map<string, number | null> {
  const named = new Map<string, number | null>();
  for (const [index, metric] of metrics.entries()) {
    const value = values[index];
    if (isInGroups(metric) || value === undefined) continue;
    // Counts begin at 0, of whatever they are.
    const unknown = metric.statistic === 'count' ? 0 : null;
    named.set(metric.name, Number.isNaN(value) ? unknown : value);
  }
  return named;
}

/** A native snapshot as objects. */
export function readSnapshot(
  { groups, metrics, probes = [] }: SnapshotNames,
  native: NativeSnapshot,
): MetricsSnapshot {
  const streams = native.states === null ? null : readStates(native.states);
  const states = streams === null ? null : new Map<string, GroupStates>();
  // Each row is the count and every statistic.
  const width = 1 + STATISTICS.length;
  const result = new Map<string, GroupMetrics>();
  const known = Math.min(groups.length, native.counts.length / COUNTS.length);
  let probe = 0;
  for (let index = 0; index < known; index++) {
    const measured = (probes[index] ?? []).map((name) => {
      const values = readSummary(native.probes.subarray(probe * width, (probe + 1) * width));
      probe++;
      return [name, values] as const;
    });
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
      ...(measured.length > 0 ? { probes: Object.fromEntries(measured) } : {}),
    });
    const [duration, pending] = streams?.slice(index * 2, index * 2 + 2) ?? [];
    if (duration && pending) states?.set(groups[index] as string, { duration, pending });
  }
  return { groups: result, named: readNamed(metrics, native.metrics), states, status: native.status };
}

/** The value under a metric's name, null when it has none, undefined when it is not kept. */
function lookUp({ groups, named, states }: MetricsSnapshot, name: MetricName): number | null | undefined {
  const group = groups.get(name.group);
  if (group === undefined) return null;
  if (name.kind === 'count') return group.count[name.count];
  const asked = named.get(formatMetricName(name));
  if (asked !== undefined || name.kind === 'rate' || name.window !== null) return asked;
  const { statistic, variable } = name;
  const values = isOwnVariable(variable) ? group[variable] : group.probes?.[variable];
  if (values === undefined) return undefined;
  if (isKept(statistic)) return values[statistic];
  if (statistic === 'count') return values.count;
  if (statistic === 'std') return values.variance === null ? null : Math.sqrt(values.variance);
  const state = isOwnVariable(variable) ? states?.get(name.group)?.[variable] : undefined;
  if (state === undefined) return undefined;
  if (state.count === 0) return null;
  if (statistic === 'sum') return state.sum;
  if (statistic === 'piqr') return stateIqr(state);
  if (statistic === 'pmad') return stateMad(state);
  const quantile = quantileOf(statistic);
  return quantile === null ? undefined : stateQuantile(state, quantile);
}

/** The names of a snapshot's groups, for those who look for metrics by name. */
export function groupNames({ groups }: MetricsSnapshot): GroupNames {
  const probes = [...groups].map(([name, group]) => [name, Object.keys(group.probes ?? {})] as const);
  return new GroupNames(groups.keys(), new Map(probes));
}

/** The value under a metric's name, or null when it has none: without an observation, or because nobody keeps it. */
export function metricValue(metrics: MetricsSnapshot, name: MetricName): number | null {
  return lookUp(metrics, name) ?? null;
}

/** Whether the metric is kept: every group's statistics and counts are, others where a rule names them. */
export function isMetricKept(metrics: MetricsSnapshot, name: MetricName): boolean {
  return lookUp(metrics, name) !== undefined;
}
