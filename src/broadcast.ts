/** A stream that any number of consumers can follow with `for await`, each from when it began. */

interface Subscriber<T> {
  readonly queue: T[];
  wake: (() => void) | null;
}

export class Broadcast<T> {
  readonly #subscribers = new Set<Subscriber<T>>();
  #ended = false;

  /** Gives an item to every consumer; what a consumer has not taken yet waits for it. */
  push(item: T): void {
    for (const subscriber of this.#subscribers) {
      subscriber.queue.push(item);
      subscriber.wake?.();
    }
  }

  /** Consumers come to their end when they have taken what waits for them. */
  end(): void {
    this.#ended = true;
    for (const subscriber of this.#subscribers) subscriber.wake?.();
  }

  /** Follows the stream from this call on, not from the first `next()`. */
  subscribe(): AsyncIterableIterator<T> {
    const subscriber: Subscriber<T> = { queue: [], wake: null };
    this.#subscribers.add(subscriber);
    return this.#follow(subscriber);
  }

  async *#follow(subscriber: Subscriber<T>): AsyncGenerator<T, void, void> {
    try {
      for (;;) {
        const items = subscriber.queue.splice(0);
        yield* items;
        if (subscriber.queue.length > 0) continue;
        if (this.#ended) return;
        await new Promise<void>((resolve) => {
          subscriber.wake = resolve;
        });
        subscriber.wake = null;
      }
    } finally {
      this.#subscribers.delete(subscriber);
    }
  }
}
