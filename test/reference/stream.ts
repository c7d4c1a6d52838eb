import type { PlanMetric } from '../../src/engine/plan/plan.js';
import type { SummaryValues } from '../../src/model/metrics.js';
import { Asked } from './asked.js';
import { P2Quantile } from './p2-quantile.js';

/** The statistics of one stream of numbers. */
export class Stream {
  #count = 0;
  #mean = 0;
  #squares = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  #q25 = new P2Quantile(0.25);
  #q50 = new P2Quantile(0.5);
  #q75 = new P2Quantile(0.75);
  #mad = new P2Quantile(0.5);
  #asked = new Asked();

  /** A copy for a heartbeat, to which ages are added. */
  view(): Stream {
    const copy = new Stream();
    copy.#count = this.#count;
    copy.#mean = this.#mean;
    copy.#squares = this.#squares;
    copy.#min = this.#min;
    copy.#max = this.#max;
    copy.#q25 = this.#q25.clone();
    copy.#q50 = this.#q50.clone();
    copy.#q75 = this.#q75.clone();
    copy.#mad = this.#mad.clone();
    copy.#asked = this.#asked.view();
    return copy;
  }

  /** Stores the data that the metric needs from now on. */
  keep(metric: PlanMetric): void {
    this.#asked.keep(metric, this.values);
  }

  nextChange(window: number, now: number): number {
    return this.#asked.nextChange(window, now);
  }

  valueOf(metric: PlanMetric, now: number): number | null {
    return this.#asked.valueOf(metric, this.values, now);
  }

  observe(x: number, time: number): void {
    this.#summarize(x);
    this.#asked.observe(x, time);
  }

  observeAge(x: number): void {
    this.#summarize(x);
    this.#asked.observeAge(x);
  }

  #summarize(x: number): void {
    this.#count += 1;
    const before = this.#mean;
    this.#mean += (1 / this.#count) * (x - before);
    this.#squares += (x - before) * (x - this.#mean);
    this.#min = Math.min(this.#min, x);
    this.#max = Math.max(this.#max, x);
    this.#q25.observe(x);
    this.#q50.observe(x);
    this.#q75.observe(x);
    this.#mad.observe(Math.abs(x - (this.#q50.value as number)));
  }

  get values(): SummaryValues {
    const count = this.#count;
    const some = count > 0;
    const q25 = this.#q25.value;
    const q75 = this.#q75.value;
    return {
      count,
      mean: some ? this.#mean : null,
      variance: some ? (count > 1 ? this.#squares / (count - 1) : 0) : null,
      min: some ? this.#min : null,
      max: some ? this.#max : null,
      iqr: q25 === null || q75 === null ? null : q75 - q25,
      mad: this.#mad.value,
      q25,
      q50: this.#q50.value,
      q75,
    };
  }
}
