/** Queues: tasks with the same key run one after the other. */

export class Turns {
  /** The last task of each queue. Empty queues are removed. */
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
