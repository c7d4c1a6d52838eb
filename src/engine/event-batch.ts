/** Raw events as columns, the way they cross from the native engine. */

import type { NativeEventBatch } from './addon.js';

export interface EventStreamOptions {
  /** Events that may wait for the consumer; 65,536 by default. */
  readonly capacity?: number;
  /**
   * When there is no room: `drop` (the default) leaves events out of the stream and counts them, `hold` makes
   * the engine wait, and with it the rules and the source.
   */
  readonly overflow?: 'drop' | 'hold';
}

/** One event of a batch as an object, an alternative to columns. */
export interface EventRow {
  readonly id: bigint;
  /** Seconds since the epoch. */
  readonly timestamp: number;
  readonly name: string;
  /** The job's group, or null for a job that is not of this ensemble. */
  readonly group: string | null;
}

export class EventBatch {
  /** Job ids. */
  readonly ids: BigUint64Array;
  /** Seconds since the epoch. */
  readonly timestamps: Float64Array;
  /** Numbers for `kindName`. */
  readonly kinds: Uint16Array;
  /** Indexes of groups, -1 for jobs that are not of this ensemble. */
  readonly groups: Int32Array;
  /** Events left out since the previous batch, because the consumer was too slow. */
  readonly dropped: number;
  /** The name of an event by its number in `kinds`. */
  readonly kindName: (kind: number) => string;
  readonly #groupNames: readonly string[];

  constructor(native: NativeEventBatch, kindName: (kind: number) => string, groupNames: readonly string[]) {
    this.ids = native.ids;
    this.timestamps = native.timestamps;
    this.kinds = native.kinds;
    this.groups = native.groups;
    this.dropped = native.dropped;
    this.kindName = kindName;
    this.#groupNames = groupNames;
  }

  get length(): number {
    return this.ids.length;
  }

  /** The name of a group by its number in `groups`; null for -1. */
  groupName(group: number): string | null {
    return this.#groupNames[group] ?? null;
  }

  *[Symbol.iterator](): Generator<EventRow, void, void> {
    for (let i = 0; i < this.length; i++) {
      yield {
        id: this.ids[i] as bigint,
        timestamp: this.timestamps[i] as number,
        name: this.kindName(this.kinds[i] as number),
        group: this.groupName(this.groups[i] as number),
      };
    }
  }
}
