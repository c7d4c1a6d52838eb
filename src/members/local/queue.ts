/**
 * Jobs that wait for slots: higher urgency first, then first come first served. A binary heap in which every
 * item knows its place, so that taking one out of the middle (a cancel) costs no more than adding one.
 */

/** What the queue keeps in an item; -1 when it is not in a queue. */
export interface Queueable {
  readonly urgency: number;
  /** Order of submission. */
  readonly sequence: number;
  queueIndex: number;
}

/** Urgency of a job that is held: it must not be queued, as nothing may start it. */
export const HELD = 0;

function isBefore(a: Queueable, b: Queueable): boolean {
  return a.urgency !== b.urgency ? a.urgency > b.urgency : a.sequence < b.sequence;
}

export class PendingQueue<Item extends Queueable> {
  readonly #heap: Item[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** The item that is next, which stays in the queue. */
  peek(): Item | undefined {
    return this.#heap[0];
  }

  /** Adds an item, in its place by urgency and sequence whenever it comes. */
  push(item: Item): void {
    this.#rise(item, this.#heap.length);
  }

  /** Takes an item out; false when it is not here. */
  remove(item: Item): boolean {
    const index = item.queueIndex;
    if (index < 0) return false;
    item.queueIndex = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === item) return true;
    // The last item fills the gap, from where it may have to go either way.
    this.#rise(last, index);
    this.#sink(last, last.queueIndex);
    return true;
  }

  /** The items in no particular order. */
  [Symbol.iterator](): Iterator<Item> {
    return this.#heap[Symbol.iterator]();
  }

  #rise(item: Item, start: number): void {
    let index = start;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.#heap[parentIndex];
      if (parent === undefined || !isBefore(item, parent)) break;
      this.#place(parent, index);
      index = parentIndex;
    }
    this.#place(item, index);
  }

  #sink(item: Item, start: number): void {
    let index = start;
    while (true) {
      const left = this.#heap[2 * index + 1];
      const right = this.#heap[2 * index + 2];
      const child = right !== undefined && left !== undefined && isBefore(right, left) ? right : left;
      if (child === undefined || !isBefore(child, item)) break;
      const next = child.queueIndex;
      this.#place(child, index);
      index = next;
    }
    this.#place(item, index);
  }

  #place(item: Item, index: number): void {
    this.#heap[index] = item;
    item.queueIndex = index;
  }
}
