/** The counts and statistics of one group. */

import type { PlanMetric } from '../../src/engine/plan/plan.js';
import type { Count, Variable } from '../../src/model/metric-names.js';
import type { GroupMetrics } from '../../src/model/metrics.js';
import { Stream } from './stream.js';
import { nextChange, paneOf, panes } from './window.js';

export class ReferenceGroup {
  readonly name: string;
  readonly duration = new Stream();
  readonly pending = new Stream();
  /** Probe variables, by name. */
  readonly probes: ReadonlyMap<string, Stream>;
  readonly #counts: Record<Count, number> = {
    submitted: 0,
    finished: 0,
    success: 0,
    failed: 0,
    canceled: 0,
    timeout: 0,
    exception: 0,
    retried: 0,
    queued: 0,
    pending: 0,
    running: 0,
  };
  readonly #exceptions = new Map<string, number>();
  /** Counts that have changed at least once. Other counts have no value for rules. */
  readonly #changed = new Set<Count>();
  readonly #times: { readonly count: Count; readonly time: number }[] = [];

  constructor(name: string, probes: readonly string[] = []) {
    this.name = name;
    this.probes = new Map(probes.map((probe) => [probe, new Stream()]));
  }

  add(count: Count, by: number, time: number): void {
    this.#counts[count] += by;
    this.#changed.add(count);
    if (by > 0) this.#times.push({ count, time });
  }

  /** The count at a time was zero; the time is null where it is not known any more. */
  takeBack(count: Count, time: number | null): void {
    this.#counts[count] -= 1;
    this.#changed.add(count);
    const index = this.#times.findIndex((one) => one.count === count && one.time === time);
    if (index !== -1) this.#times.splice(index, 1);
  }

  nextChange(count: Count, window: number, now: number): number {
    const times = this.#times.filter(({ count: other }) => other === count).map(({ time }) => time);
    return nextChange(times, window, now);
  }

  /** Growth of the count per second, over the last `window` seconds. */
  rateOf(count: Count, window: number, now: number): number {
    const newest = paneOf(now, window);
    const recent = this.#times.filter(
      ({ count: other, time }) =>
        other === count && paneOf(time, window) > newest - panes && paneOf(time, window) <= newest,
    );
    return recent.length / window;
  }

  /** A job's first fatal exception. The 65th type and later ones count as `other`. */
  addException(type: string): void {
    const counted = this.#exceptions.has(type) || this.#exceptions.size < 64 ? type : 'other';
    this.#exceptions.set(counted, (this.#exceptions.get(counted) ?? 0) + 1);
  }

  valueOf(count: Count): number | null {
    return this.#changed.has(count) ? this.#counts[count] : null;
  }

  stream(variable: Variable): Stream {
    return variable === 'pending' ? this.pending : this.duration;
  }

  /** The variable of the metric; undefined for a count. */
  streamOf({ variable, probe }: PlanMetric): Stream | undefined {
    if (probe !== null) return [...this.probes.values()][probe];
    return variable === null ? undefined : this.stream(variable);
  }

  get metrics(): GroupMetrics {
    const exceptions = Object.fromEntries(this.#exceptions);
    return {
      count: { ...this.#counts },
      exceptions,
      duration: this.duration.values,
      pending: this.pending.values,
      ...(this.probes.size === 0
        ? {}
        : { probes: Object.fromEntries([...this.probes].map(([name, { values }]) => [name, values])) }),
    };
  }
}
