/**
 * Jobs that wait for slots: by urgency, highest first, then by order of submission. A binary heap in which every
 * item knows its index, so that a removal (a cancel) costs no more than an insertion.
 */

/** The queue's own state in an item: its index, or -1 outside of a queue. */
export interface Queueable {
  readonly urgency: number;
  /** Order of submission. */
  readonly sequence: number;
  queueIndex: number;
}

/** Urgency of a held job. Such a job must not be queued, because it must not start. */
export const HELD = 0;

function isBefore(a: Queueable, b: Queueable): boolean {
  return a.urgency !== b.urgency ? a.urgency > b.urgency : a.sequence < b.sequence;
}

export class PendingQueue<Item extends Queueable> {
  readonly #heap: Item[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** Returns the next item without removing it. */
  peek(): Item | undefined {
    return this.#heap[0];
  }

  /** Inserts an item by its urgency and sequence. */
  push(item: Item): void {
    this.#rise(item, this.#heap.length);
  }

  /** Removes an item. Returns false when it is not in the queue. */
  remove(item: Item): boolean {
    const index = item.queueIndex;
    if (index < 0) return false;
    item.queueIndex = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === item) return true;
    // The last item fills the gap, and may have to move up or down from there.
    this.#rise(last, index);
    this.#sink(last, last.queueIndex);
    return true;
  }

  /** Iterates over the items in arbitrary order. */
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
