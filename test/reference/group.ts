/** The counts and statistics of one group. */

import type { Count, Variable } from '../../src/config/types.js';
import type { GroupMetrics } from '../../src/metrics/metrics.js';
import { Stream } from './stream.js';

export class ReferenceGroup {
  readonly name: string;
  readonly duration = new Stream();
  readonly pending = new Stream();
  readonly #counts: Record<Count, number> = {
    submitted: 0,
    finished: 0,
    success: 0,
    failed: 0,
    canceled: 0,
    timeout: 0,
    exception: 0,
    pending: 0,
    running: 0,
  };
  readonly #exceptions = new Map<string, number>();
  /** Counts that changed at least once: only those have a value for rules. */
  readonly #changed = new Set<Count>();

  constructor(name: string) {
    this.name = name;
  }

  add(count: Count, by: number): void {
    this.#counts[count] += by;
    this.#changed.add(count);
  }

  /** A job's first fatal exception; the 65th type and those after it count as `other`. */
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

  get metrics(): GroupMetrics {
    const exceptions = Object.fromEntries(this.#exceptions);
    return {
      count: { ...this.#counts },
      exceptions,
      duration: this.duration.values,
      pending: this.pending.values,
    };
  }
}
