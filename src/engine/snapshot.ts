/** Snapshots of the engine's groups, as plain objects. */

import {
  COUNTS,
  type Count,
  dividedBy,
  formatMetricName,
  GroupNames,
  isKept,
  isOwnVariable,
  type MetricName,
  OBJECTIVE,
  STATISTICS,
} from '../model/metric-names.js';
import type { GroupMetrics, GroupStates, MetricsSnapshot, SummaryValues } from '../model/metrics.js';
import type { NativeSnapshot } from './addon.js';
import { readStates, stateValue } from './mergeable.js';
import type { EnginePlan, PlanMetric } from './plan/plan.js';

/** Numbers of a row: the count and every kept statistic. */
const ROW_WIDTH = 1 + STATISTICS.length;

/** A native row as an object; NaN is a missing value. */
export function readSummary(row: Float64Array): SummaryValues {
  const values = { count: row[0] ?? 0 } as { -readonly [Name in keyof SummaryValues]: SummaryValues[Name] };
  for (const [index, name] of STATISTICS.entries()) {
    const value = row[index + 1];
    values[name] = value === undefined || Number.isNaN(value) ? null : value;
  }
  return values;
}

/** The names of the indexes in native snapshots. */
export interface SnapshotNames {
  readonly groups: readonly string[];
  readonly metrics: readonly PlanMetric[];
  /** Names of the probe variables by group; may be shorter than `groups`. */
  readonly probes: EnginePlan['probes'];
}

/** Whether every group has the metric. The best row of a search has a name of its own. */
function isInGroups({ name, count, statistic, window, bound, split }: PlanMetric): boolean {
  if (bound !== null || split !== null || name.startsWith('best.')) return false;
  return window === 0 && (count !== null || (STATISTICS as readonly (string | null)[]).includes(statistic));
}

function readNamed(metrics: readonly PlanMetric[], values: Float64Array): Map<string, number | null> {
  const named = new Map<string, number | null>();
  for (const [index, metric] of metrics.entries()) {
    const value = values[index];
    if (isInGroups(metric) || value === undefined) continue;
    // A metric by a parameter has a value only in the firing of a rule for one of its values.
    if (metric.split !== null && Number.isNaN(value)) continue;
    // Every count begins at 0.
    const unknown = metric.statistic === 'count' ? 0 : null;
    // A confidence sequence begins without an end.
    named.set(metric.name, Number.isFinite(value) ? value : unknown);
  }
  return named;
}

/** A native snapshot as objects. */
export function readSnapshot(
  { groups, metrics, probes }: SnapshotNames,
  native: NativeSnapshot,
): MetricsSnapshot {
  const streams = native.states === null ? null : readStates(native.states);
  const states = streams === null ? null : new Map<string, GroupStates>();
  const result = new Map<string, GroupMetrics>();
  const known = Math.min(groups.length, native.counts.length / COUNTS.length);
  let probe = 0;
  for (let index = 0; index < known; index++) {
    const measured = (probes[index] ?? []).map((name) => {
      const values = readSummary(native.probes.subarray(probe * ROW_WIDTH, (probe + 1) * ROW_WIDTH));
      probe++;
      return [name, values] as const;
    });
    const count = {} as Record<Count, number>;
    for (const [i, key] of COUNTS.entries()) {
      count[key] = native.counts[index * COUNTS.length + i] as number;
    }
    const row = (variable: number) =>
      readSummary(
        native.statistics.subarray(
          (index * 2 + variable) * ROW_WIDTH,
          (index * 2 + variable + 1) * ROW_WIDTH,
        ),
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

/** The value under a metric's name, null without a value, undefined for a metric that is not kept. */
function lookUp({ groups, named, states }: MetricsSnapshot, name: MetricName): number | null | undefined {
  if (name.kind === 'hours' || name.kind === 'fact' || name.kind === 'best')
    return named.get(formatMetricName(name));
  const group = groups.get(name.group);
  if (group === undefined) return null;
  if (dividedBy(name) !== null) return named.get(formatMetricName(name));
  if (name.kind === 'count') return group.count[name.count];
  const asked = named.get(formatMetricName(name));
  if (asked !== undefined || name.kind !== 'statistic' || name.window !== null) return asked;
  const { statistic, variable } = name;
  const values = isOwnVariable(variable) ? group[variable] : group.probes?.[variable];
  if (values === undefined) return undefined;
  if (isKept(statistic)) return values[statistic];
  if (statistic === 'count') return values.count;
  if (statistic === 'std') return values.variance === null ? null : Math.sqrt(values.variance);
  const state = isOwnVariable(variable) ? states?.get(name.group)?.[variable] : undefined;
  if (state === undefined) return undefined;
  if (state.count === 0) return null;
  return stateValue(state, statistic);
}

/** The names of a snapshot's groups, for the lookup of metrics by name. */
export function groupNames({ groups }: MetricsSnapshot): GroupNames {
  const probes = [...groups].map(([name, group]) => [name, Object.keys(group.probes ?? {})] as const);
  const searches = probes
    .filter(([, names]) => names.includes(OBJECTIVE))
    .map(([name]) => [name, null] as const);
  return new GroupNames(groups.keys(), new Map(probes), new Map(searches));
}

/** The value under a metric's name, or null without one: before an observation, or for a metric that is not kept. */
export function metricValue(metrics: MetricsSnapshot, name: MetricName): number | null {
  return lookUp(metrics, name) ?? null;
}

/** Whether the metric is kept. The statistics and counts of every group are; others are where a rule names them. */
export function isMetricKept(metrics: MetricsSnapshot, name: MetricName): boolean {
  return lookUp(metrics, name) !== undefined;
}
