/** Lets those who want the same thing have it one after the other. */

export class Turns {
  /** The end of each line; a line that nobody stands in is forgotten. */
  readonly #lines = new Map<string, Promise<unknown>>();

  /** Performs when all that were called for `key` before have ended, however they did. */
  async take<Result>(key: string, perform: () => Promise<Result>): Promise<Result> {
    const before = this.#lines.get(key) ?? Promise.resolve();
    const turn = before.then(perform, perform);
    this.#lines.set(key, turn);
    try {
      return await turn;
    } finally {
      if (this.#lines.get(key) === turn) this.#lines.delete(key);
    }
  }
}
