/** The streams of events that are open. Their number is bounded. */

import { ApiProblem } from '../problem.js';

export class EventStreams {
  readonly #most: number;
  readonly #open = new Set<AbortController>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Registers a stream: its signal, and the function for its end. Throws ApiProblem ERR_BUSY for one too many. */
  open(): { readonly signal: AbortSignal; abort(): void; closed(): void } {
    if (this.#open.size >= this.#most) {
      throw new ApiProblem('ERR_BUSY', `${this.#most} streams of events are open, the maximum`, {
        headers: { 'retry-after': '10' },
      });
    }
    const controller = new AbortController();
    this.#open.add(controller);
    return {
      signal: controller.signal,
      abort: () => controller.abort(),
      closed: () => this.#open.delete(controller),
    };
  }

  /** Ends all streams. */
  close(): void {
    for (const controller of this.#open) controller.abort();
  }
}
