/** What is kept of every job group, by name; the lists in the order in which the native engine keeps it. */

import { formatDuration } from '../config/duration.js';
import type { Count, KeptStatistic, MetricName, Statistic, Variable } from '../config/types.js';

/** The statistics kept for each variable of each group, whoever asks for them. */
export const STATISTICS = [
  'mean',
  'variance',
  'min',
  'max',
  'iqr',
  'mad',
  'q25',
  'q50',
  'q75',
] as const satisfies readonly KeptStatistic[];

/** Those kept where a rule names them; percentiles besides. */
export const ASKED_STATISTICS = [
  'median',
  'std',
  'sum',
  'last',
  'count',
  'ewma',
  'piqr',
  'pmad',
] as const satisfies readonly Statistic[];

/** What is measured of each job, in seconds. */
export const VARIABLES = ['duration', 'pending'] as const satisfies readonly Variable[];

/** What is counted for each group. */
export const COUNTS = [
  'submitted',
  'finished',
  'success',
  'failed',
  'canceled',
  'timeout',
  'exception',
  'retried',
  'pending',
  'running',
] as const satisfies readonly Count[];

/** Counts that rise and fall: how many jobs there are, not how many there were. */
export const GAUGES: readonly Count[] = ['pending', 'running'];

const PERCENTILE = /^p(\d{1,3}(?:\.\d+)?)$/;

/** The quantile, from 0 to 1, that `p95`, `p99.9` or `median` asks for; null when it is none of these. */
export function quantileOf(statistic: string): number | null {
  if (statistic === 'median') return 0.5;
  const percent = Number(PERCENTILE.exec(statistic)?.[1] ?? Number.NaN);
  return percent <= 100 ? percent / 100 : null;
}

/** Whether the statistic is kept of every stream. */
export function isKept(statistic: Statistic): statistic is KeptStatistic {
  return (STATISTICS as readonly string[]).includes(statistic);
}

/** Whether the text is the name of a statistic. */
export function isStatistic(text: string): text is Statistic {
  return (
    ([...STATISTICS, ...ASKED_STATISTICS] as readonly string[]).includes(text) || quantileOf(text) !== null
  );
}

/** Writes a metric's name so that `parseMetricName` (rules/metric-name.ts) reads the same one back. */
export function formatMetricName(metric: MetricName): string {
  switch (metric.kind) {
    case 'count':
      return `count.${metric.group}.${metric.count}`;
    case 'rate':
      return `rate(count.${metric.group}.${metric.count}, ${formatDuration(metric.window)})`;
    case 'statistic':
      return metric.window === null
        ? `${metric.statistic}.${metric.group}-${metric.variable}`
        : `${metric.statistic}(${metric.group}.${metric.variable}, ${formatDuration(metric.window)})`;
  }
}
