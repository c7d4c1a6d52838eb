/** The metrics that an ensemble's rules name: rules refer to them by index, each is there once. */

import type { MetricName } from '../config/types.js';
import type { PlanMetric } from '../engine/plan.js';
import { formatMetricName } from './metric-name.js';

function compileMetric(metric: MetricName, group: number): PlanMetric {
  const name = formatMetricName(metric);
  return metric.kind === 'count'
    ? { name, group, count: metric.count, statistic: null, variable: null }
    : { name, group, count: null, statistic: metric.statistic, variable: metric.variable };
}

export class MetricTable {
  readonly #groupIndex: (name: string) => number;
  readonly #metrics: PlanMetric[] = [];
  readonly #indexes = new Map<string, number>();
  #taken = 0;

  constructor(groupIndex: (name: string) => number) {
    this.#groupIndex = groupIndex;
  }

  /** The metric's index; one that is new comes behind those there are. */
  indexOf(metric: MetricName): number {
    const compiled = compileMetric(metric, this.#groupIndex(metric.group));
    const known = this.#indexes.get(compiled.name);
    if (known !== undefined) return known;
    const index = this.#metrics.push(compiled) - 1;
    this.#indexes.set(compiled.name, index);
    return index;
  }

  /** Those that have come since the last call: what an engine does not know yet. */
  takeNew(): PlanMetric[] {
    const fresh = this.#metrics.slice(this.#taken);
    this.#taken = this.#metrics.length;
    return fresh;
  }
}
