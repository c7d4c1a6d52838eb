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
  /** Counts that changed at least once: only those have a value for rules. */
  readonly #changed = new Set<Count>();

  constructor(name: string) {
    this.name = name;
  }

  add(count: Count, by: number): void {
    this.#counts[count] += by;
    this.#changed.add(count);
  }

  valueOf(count: Count): number | null {
    return this.#changed.has(count) ? this.#counts[count] : null;
  }

  stream(variable: Variable): Stream {
    return variable === 'pending' ? this.pending : this.duration;
  }

  get metrics(): GroupMetrics {
    return { count: { ...this.#counts }, duration: this.duration.values, pending: this.pending.values };
  }
}
