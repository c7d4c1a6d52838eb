/** The jobs of a submission that are made when they are submitted. The engine counts them as queued until then. */

import type { Engine } from '../../engine/engine.js';

export class UnmadeJobs {
  readonly #engine: Pick<Engine, 'addUnmade'>;
  readonly #group: number;
  /** Jobs that the engine counts. */
  #counted = 0;
  /** Jobs that are not made; null where their number is unknown. */
  #left: number | null;

  /** `jobs` is null where their number is unknown: then none are counted. */
  constructor(engine: Pick<Engine, 'groups' | 'addUnmade'>, group: string, jobs: number | null) {
    this.#engine = engine;
    this.#group = engine.groups.indexOf(group);
    this.#left = jobs;
    this.#report();
  }

  /** Jobs were made. Their submission, which may queue them again, follows. */
  made(count: number): void {
    if (this.#left === null) return;
    this.#left = Math.max(0, this.#left - count);
    this.#report();
  }

  /** No more jobs are made. */
  end(): void {
    this.#left = 0;
    this.#report();
  }

  /** Tells the engine what has changed since the last call. */
  #report(): void {
    const change = (this.#left ?? 0) - this.#counted;
    if (change === 0) return;
    this.#counted += change;
    // The run may be closed.
    this.#engine.addUnmade(this.#group, change).catch(() => {});
  }
}
