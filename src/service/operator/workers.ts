/** Runs a limited number of tasks at a time; the others wait in order. */

import { Refusal } from './refusal.js';

export class Workers {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Throws Refusal `busy` when the signal is aborted before there was a place. */
  async run<Result>(signal: AbortSignal, perform: () => Promise<Result>): Promise<Result> {
    await this.#place(signal);
    try {
      return await perform();
    } finally {
      const [next] = this.#waiting;
      if (next === undefined) this.#free++;
      else next();
    }
  }

  #place(signal: AbortSignal): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const given = () => {
        this.#waiting.delete(given);
        signal.removeEventListener('abort', givenUp);
        resolve();
      };
      const givenUp = () => {
        this.#waiting.delete(given);
        reject(new Refusal('busy', 'too many actions are under way; try again later'));
      };
      this.#waiting.add(given);
      signal.addEventListener('abort', givenUp, { once: true });
      if (signal.aborted) givenUp();
    });
  }
}
