/** A stream of items for `for await`, over a collector. */

export interface ItemSource<T> {
  /** The next item; undefined when none waits. An error that it throws ends the stream. */
  take(): T | undefined;
  /** No items follow after the waiting ones. */
  ended(): boolean;
  /** The consumer has left, or has taken everything: its items can be freed. Called once. */
  release(): void;
}

/**
 * Unlike a generator, it releases its source immediately on `return()`: also before the first `next()`, and while a
 * call waits.
 */
export class ItemStream<T> implements AsyncGenerator<T, void, void> {
  readonly #source: ItemSource<T>;
  /** Calls of `next()` that wait. */
  #asked: ((result: IteratorResult<T, void>) => void)[] = [];
  #over = false;

  constructor(source: ItemSource<T>) {
    this.#source = source;
  }

  /** A consumer waits for the next item. */
  get waiting(): boolean {
    return this.#asked.length > 0;
  }

  /** An item was added, or the end was reached. */
  wake(): void {
    while (this.waiting) {
      const result = this.#step();
      if (result === null) return;
      this.#asked.shift()?.(result);
    }
  }

  async next(): Promise<IteratorResult<T, void>> {
    const result = this.waiting ? null : this.#step();
    return result ?? new Promise((resolve) => this.#asked.push(resolve));
  }

  async return(): Promise<IteratorResult<T, void>> {
    this.#finish();
    return { done: true, value: undefined };
  }

  async throw(error: unknown): Promise<IteratorResult<T, void>> {
    this.#finish();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#finish();
  }

  /** Null while there is no change. */
  #step(): IteratorResult<T, void> | null {
    if (this.#over) return { done: true, value: undefined };
    let item: T | undefined;
    try {
      item = this.#source.take();
    } catch (error) {
      this.#finish();
      throw error;
    }
    if (item !== undefined) return { done: false, value: item };
    if (!this.#source.ended()) return null;
    this.#finish();
    return { done: true, value: undefined };
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    const asked = this.#asked;
    this.#asked = [];
    for (const resolve of asked) resolve({ done: true, value: undefined });
    this.#source.release();
  }
}
