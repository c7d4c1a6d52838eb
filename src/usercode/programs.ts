/** Programs of the user that actions run. */

import type { Guarded } from './guarded.js';

/** The programs of a run. A daemon outside of a program's process group lives until the end of the run. */
export class Programs {
  readonly #running = new Set<Guarded>();

  /** Adds a program that was started. */
  add(program: Guarded): void {
    this.#running.add(program);
    void program.gone.then(() => this.#running.delete(program));
  }

  /** Ends all programs. Resolves when they have ended. Idempotent. */
  async close(): Promise<void> {
    await Promise.all([...this.#running].map((program) => program.kill()));
  }
}
