/** The metrics that an ensemble's rules name: rules refer to them by index, each is there once. */

import type { MetricName, Statistic } from '../config/types.js';
import type { NativeStatistic, PlanMetric } from '../engine/plan.js';
import { quantileOf } from '../metrics/names.js';
import { formatMetricName } from './metric-name.js';

/** What the native engine calls a statistic. */
export function nativeStatistic(statistic: Statistic): { statistic: NativeStatistic; quantile: number } {
  const quantile = quantileOf(statistic);
  return quantile === null
    ? { statistic: statistic as NativeStatistic, quantile: 0 }
    : { statistic: 'quantile', quantile };
}

function compileMetric(metric: MetricName, group: number, fromZero: boolean): PlanMetric {
  const name = formatMetricName(metric);
  const counted = { name, group, statistic: null, variable: null, quantile: 0, fromZero };
  switch (metric.kind) {
    case 'count':
      return { ...counted, count: metric.count, window: 0 };
    case 'rate':
      return { ...counted, count: metric.count, window: metric.window };
    case 'statistic': {
      const { statistic, variable, window } = metric;
      const asked = { ...nativeStatistic(statistic), variable, window: window ?? 0 };
      return { name, group, count: null, ...asked, fromZero: false };
    }
  }
}

export class MetricTable {
  readonly #groupIndex: (name: string) => number;
  readonly #metrics: PlanMetric[] = [];
  readonly #indexes = new Map<string, number>();
  #taken = 0;

  constructor(groupIndex: (name: string) => number) {
    this.#groupIndex = groupIndex;
  }

  /**
   * The metric's index; one that is new comes behind those there are. `fromZero` lets a count that has never
   * changed be 0.
   */
  indexOf(metric: MetricName, fromZero = false): number {
    const compiled = compileMetric(metric, this.#groupIndex(metric.group), fromZero);
    const key = JSON.stringify([compiled.name, compiled.fromZero]);
    const known = this.#indexes.get(key);
    if (known !== undefined) return known;
    const index = this.#metrics.push(compiled) - 1;
    this.#indexes.set(key, index);
    return index;
  }

  /** Those that have come since the last call: what an engine does not know yet. */
  takeNew(): PlanMetric[] {
    const fresh = this.#metrics.slice(this.#taken);
    this.#taken = this.#metrics.length;
    return fresh;
  }
}
