/** A stream that any number of consumers can follow with `for await`, each from its own beginning. */

import { ItemStream } from '../engine/item-stream.js';

/** Items that wait for a consumer before its first request, which may never come. */
const MAX_UNREQUESTED = 4096;
/** Items that wait for a consumer after its first request. */
const MAX_WAITING = 1_048_576;

/** The part of a consumer. */
export interface Subscription<T> extends AsyncIterableIterator<T> {
  /** Items without room; the oldest ones, each time. */
  readonly dropped: number;
}

export class Broadcast<T> {
  readonly #subscribers = new Set<Subscriber<T>>();
  #ended = false;

  /** Gives an item to every consumer; items that are not taken yet wait, up to a bound. */
  push(item: T): void {
    for (const subscriber of this.#subscribers) {
      if (!subscriber.push(item)) this.#subscribers.delete(subscriber);
    }
  }

  /** Consumers come to their end when they have taken what waits for them. */
  end(): void {
    this.#ended = true;
    for (const subscriber of this.#subscribers) subscriber.wake();
    this.#subscribers.clear();
  }

  /**
   * Follows the stream from this call on, not from the first `next()`. Before it, the latest 4,096 items wait;
   * after it, up to 1,048,576. No items wait for a subscription that was returned, or is no longer referenced.
   */
  subscribe(): Subscription<T> {
    const subscriber = new Subscriber<T>();
    const stream = new BroadcastStream<T>(subscriber, () => this.#ended);
    if (!this.#ended) this.#subscribers.add(subscriber);
    return stream;
  }
}

/** The broadcast's end of a subscription. Holds it only while its consumer waits for an item. */
class Subscriber<T> {
  stream: WeakRef<BroadcastStream<T>> | null = null;
  /** Only the promise that the consumer waits for may hold the consumer. */
  waiting: BroadcastStream<T> | null = null;

  /** False when the item can no longer be requested. */
  push(item: T): boolean {
    return this.stream?.deref()?.push(item) ?? false;
  }

  wake(): void {
    this.stream?.deref()?.wake();
  }
}

class BroadcastStream<T> extends ItemStream<T> implements Subscription<T> {
  dropped = 0;
  readonly #subscriber: Subscriber<T>;
  readonly #queue: Queue<T>;
  #asked = false;

  constructor(subscriber: Subscriber<T>, ended: () => boolean) {
    const queue = new Queue<T>();
    super({
      take: () => queue.take(),
      ended,
      release: () => {
        queue.clear();
        subscriber.stream = null;
        subscriber.waiting = null;
      },
    });
    this.#subscriber = subscriber;
    this.#queue = queue;
    subscriber.stream = new WeakRef(this);
  }

  push(item: T): boolean {
    this.#queue.add(item);
    this.wake();
    this.dropped += this.#queue.keep(this.#asked ? MAX_WAITING : MAX_UNREQUESTED);
    return true;
  }

  override wake(): void {
    super.wake();
    this.#hold();
  }

  override next(): Promise<IteratorResult<T, void>> {
    this.#asked = true;
    const result = super.next();
    this.#hold();
    return result;
  }

  #hold(): void {
    this.#subscriber.waiting = this.waiting ? this : null;
  }
}

/** First in, first out, in constant time. */
class Queue<T> {
  #in: T[] = [];
  /** The items to take, the next one last. */
  #out: T[] = [];

  add(item: T): void {
    this.#in.push(item);
  }

  take(): T | undefined {
    if (this.#out.length === 0) {
      this.#out = this.#in.reverse();
      this.#in = [];
    }
    return this.#out.pop();
  }

  /** Drops the oldest beyond this many, in large steps: each costs as much as all that stay. Returns how many. */
  keep(most: number): number {
    const length = this.#in.length + this.#out.length;
    if (length <= 2 * most) return 0;
    const all = [...this.#out.reverse(), ...this.#in];
    this.#out = [];
    this.#in = all.slice(-most);
    return length - most;
  }

  clear(): void {
    this.#in = [];
    this.#out = [];
  }
}
