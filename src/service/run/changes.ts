/** Collects what has changed, and what has happened, for the next message. Memory is bounded. */

import type { GroupMetrics } from '../../model/metrics.js';

/** Items that wait to be sent; older ones are dropped and counted. */
const MAX_WAITING = 256;

/** Every change of a statistic also changes a count. */
function signature({ count, duration, pending, probes = {} }: GroupMetrics): string {
  const { submitted, finished, success, failed, canceled, timeout, exception, running, queued } = count;
  return [
    [submitted, finished, success, failed, canceled, timeout, exception, count.pending, running, queued],
    [duration, pending, ...Object.values(probes)].map((values) => values.count),
  ].join();
}

/** Items that were sent, by their keys. An item has changed when its text has. */
export class Changed<Item> {
  readonly #keyOf: (item: Item) => string | number;
  readonly #textOf: (item: Item) => string;
  readonly #sent = new Map<string | number, string>();

  constructor(keyOf: (item: Item) => string | number, textOf: (item: Item) => string = JSON.stringify) {
    this.#keyOf = keyOf;
    this.#textOf = textOf;
  }

  /** Those that have changed since the last call. */
  take(items: Iterable<Item>): Item[] {
    const changed: Item[] = [];
    for (const item of items) {
      const [key, text] = [this.#keyOf(item), this.#textOf(item)];
      if (this.#sent.get(key) === text) continue;
      this.#sent.set(key, text);
      changed.push(item);
    }
    return changed;
  }
}

/** Groups that were sent. */
export class ChangedGroups extends Changed<readonly [string, GroupMetrics]> {
  constructor() {
    super(
      ([name]) => name,
      ([, group]) => signature(group),
    );
  }
}

/** Objects that are the same as long as they do not change. */
export class ChangedObjects<Item extends object> {
  #before = new Set<Item>();

  /** Those that were not among the objects of the last call. */
  take(items: readonly Item[]): Item[] {
    const changed = items.filter((item) => !this.#before.has(item));
    this.#before = new Set(items);
    return changed;
  }
}

/** Items that were taken to be sent, and the number of dropped ones. */
export interface Taken<Item> {
  readonly items: Item[];
  readonly dropped: number;
}

/** Items that wait to be sent, the latest ones. */
export class WaitingItems<Item> {
  #waiting: Item[] = [];
  #dropped = 0;

  add(item: Item): void {
    this.#waiting.push(item);
    // Cut in large steps, because removing the first item for each new one would be slow.
    if (this.#waiting.length > 2 * MAX_WAITING) this.#cut();
  }

  take(): Taken<Item> {
    this.#cut();
    const taken = { items: this.#waiting, dropped: this.#dropped };
    this.#waiting = [];
    this.#dropped = 0;
    return taken;
  }

  /** Returns items that could not be sent. They are older than the waiting ones. */
  putBack({ items, dropped }: Taken<Item>): void {
    this.#waiting = [...items, ...this.#waiting];
    this.#dropped += dropped;
    this.#cut();
  }

  #cut(): void {
    const over = this.#waiting.length - MAX_WAITING;
    if (over <= 0) return;
    this.#waiting = this.#waiting.slice(over);
    this.#dropped += over;
  }
}
