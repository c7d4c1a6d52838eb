/** Programs of the user that actions run. */

import type { Guarded } from './guarded.js';

/** The programs of a run. What one leaves running outside its process group (a daemon) lives as long as the run. */
export class Programs {
  readonly #running = new Set<Guarded>();

  /** Adds a program that has been started. */
  add(program: Guarded): void {
    this.#running.add(program);
    void program.gone.then(() => this.#running.delete(program));
  }

  /** Ends what still runs. Resolves when all of it is gone. Idempotent. */
  async close(): Promise<void> {
    await Promise.all([...this.#running].map((program) => program.kill()));
  }
}
