/** The data of a stream that a metric requires, from the time of the request on, without a limit. */

import type { PlanMetric } from '../../src/engine/plan/plan.js';
import type { SummaryValues } from '../../src/model/metrics.js';
import { sketchValue } from './sketch.js';
import { nextChange, type Observation, sumOf, windowValue } from './window.js';

const summarized: ReadonlySet<string> = new Set([
  ...['mean', 'variance', 'min', 'max', 'iqr', 'mad', 'q25', 'q50', 'q75'],
  ...['std', 'count'],
]);

export class Asked {
  /** Earlier observations, as one number. Only the sum includes them. */
  #before: number[] = [];
  #tallied: number[] | null = null;
  #sketched: number[] | null = null;
  readonly #windows = new Map<number, Observation[]>();
  /** Ages of waiting jobs, in a view. */
  readonly #ages: number[] = [];

  keep({ statistic, window }: PlanMetric, summary: SummaryValues): void {
    if (window === 0 && summarized.has(statistic as string)) return;
    if (this.#tallied === null) {
      this.#tallied = [];
      if (summary.mean !== null) this.#before = [summary.mean * summary.count];
    }
    if (window > 0) this.#windows.set(window, this.#windows.get(window) ?? []);
    else if (['quantile', 'piqr', 'pmad'].includes(statistic as string)) this.#sketched ??= [];
  }

  observe(x: number, time: number): void {
    this.#tallied?.push(x);
    this.#sketched?.push(x);
    for (const observations of this.#windows.values()) observations.push({ x, time });
  }

  nextChange(window: number, now: number): number {
    const times = (this.#windows.get(window) ?? []).map(({ time }) => time);
    return nextChange(times, window, now);
  }

  /** Adds the age of a waiting job to a view. The stored data never includes it. */
  observeAge(x: number): void {
    this.#tallied?.push(x);
    this.#sketched?.push(x);
    this.#ages.push(x);
  }

  view(): Asked {
    const copy = new Asked();
    copy.#before = this.#before;
    copy.#tallied = this.#tallied && [...this.#tallied];
    copy.#sketched = this.#sketched && [...this.#sketched];
    for (const [window, observations] of this.#windows) copy.#windows.set(window, observations);
    return copy;
  }

  valueOf({ statistic, quantile, window }: PlanMetric, summary: SummaryValues, now: number): number | null {
    if (window > 0) {
      const observations = this.#windows.get(window) ?? [];
      return windowValue(observations, window, now, this.#ages, statistic as string, quantile);
    }
    switch (statistic) {
      case null:
        return null;
      case 'std':
        return summary.variance === null ? null : Math.sqrt(summary.variance);
      case 'count':
        return summary.count === 0 ? null : summary.count;
      case 'sum':
        return summary.count === 0 ? null : sumOf([...this.#before, ...(this.#tallied ?? [])]);
      case 'last':
        return this.#tallied?.at(-1) ?? null;
      case 'ewma':
        return this.#tallied?.length ? this.#tallied.reduce((mean, x) => mean + 0.1 * (x - mean)) : null;
      case 'quantile':
      case 'piqr':
      case 'pmad':
        return sketchValue(this.#sketched ?? [], statistic, quantile);
      default:
        return summary[statistic];
    }
  }
}
