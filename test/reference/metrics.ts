/** The metrics that rules name: their values at the latest time, and when they change by time alone. */

import type { PlanMetric } from '../../src/engine/plan/plan.js';
import type { ReferenceGroup } from './group.js';
import type { Stream } from './stream.js';

const kept = ['mean', 'variance', 'min', 'max', 'iqr', 'mad', 'q25', 'q50', 'q75'];

export class ReferenceMetrics {
  readonly #groups: readonly ReferenceGroup[];
  readonly #metrics: PlanMetric[] = [];
  /** When rates that were added later began. */
  readonly #watchedFrom = new Map<PlanMetric, number>();
  #begun: number | null = null;
  #time = 0;

  constructor(groups: readonly ReferenceGroup[]) {
    this.#groups = groups;
  }

  get time(): number {
    return this.#time;
  }

  get count(): number {
    return this.#metrics.length;
  }

  metric(index: number): PlanMetric | undefined {
    return this.#metrics[index];
  }

  /** Values of the metrics that are kept only on request, by name. */
  get named(): (readonly [string, number | null])[] {
    return this.#metrics
      .filter(
        ({ window, statistic, count }) => window > 0 || (count === null && !kept.includes(statistic ?? '')),
      )
      .map(
        (metric) => [metric.name, this.valueOf(metric) ?? (metric.statistic === 'count' ? 0 : null)] as const,
      );
  }

  add(metrics: readonly PlanMetric[]): void {
    for (const metric of metrics) {
      this.#metrics.push(metric);
      if (this.#begun !== null) this.#watchedFrom.set(metric, this.#time);
      this.#groups[metric.group]?.streamOf(metric)?.keep(metric);
    }
  }

  begin(now: number): void {
    this.#begun = now;
    this.pass(now);
  }

  pass(now: number): void {
    this.#time = Math.max(this.#time, now);
  }

  /** At a heartbeat, statistics of pending times include the ages of waiting jobs. */
  valueOf(metric: PlanMetric, view?: Stream): number | null {
    const group = this.#groups[metric.group] as ReferenceGroup;
    if (metric.count !== null) {
      if (metric.window === 0) return group.valueOf(metric.count) ?? (metric.fromZero ? 0 : null);
      return this.#time < this.#readyAt(metric)
        ? null
        : group.rateOf(metric.count, metric.window, this.#time);
    }
    const value = (view ?? group.streamOf(metric))?.valueOf(metric, this.#time) ?? null;
    return value ?? (metric.fromZero && metric.statistic === 'count' ? 0 : null);
  }

  nextChange(metric: PlanMetric): number {
    const { count, window } = metric;
    const group = this.#groups[metric.group] as ReferenceGroup;
    if (count === null) return (group.streamOf(metric) as Stream).nextChange(window, this.#time);
    const ready = this.#readyAt(metric);
    return this.#time < ready ? ready : group.nextChange(count, window, this.#time);
  }

  #readyAt(metric: PlanMetric): number {
    return (this.#watchedFrom.get(metric) ?? this.#begun ?? Number.POSITIVE_INFINITY) + metric.window;
  }
}
