/** A thing that views look at again after each change. */

export class Observable {
  readonly #listeners = new Set<() => void>();

  /** Calls `listener` after each change, until the returned function is called. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  protected emit(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
