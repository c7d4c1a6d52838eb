/**
 * The pending jobs of a member of a given size. Those that fit into it queue up; those larger than all of it
 * stand aside until it grows, as otherwise they would hold up the very jobs whose events could make a rule
 * grow it.
 */

import type { LocalJob } from './job.js';
import { HELD, PendingQueue } from './queue.js';

export class WaitingJobs {
  readonly #queue = new PendingQueue<LocalJob>();
  readonly #tooLarge = new Set<LocalJob>();
  #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  /** Takes in a job. False when it is larger than the member. */
  add(job: LocalJob): boolean {
    if (job.urgency === HELD) return true; // nothing can start it, so there is no need to know where it is
    const fits = job.batch.slots <= this.#size;
    if (fits) this.#queue.push(job);
    else this.#tooLarge.add(job);
    return fits;
  }

  remove(job: LocalJob): void {
    this.#queue.remove(job);
    this.#tooLarge.delete(job);
  }

  /** The job whose turn it is. */
  next(): LocalJob | undefined {
    return this.#queue.peek();
  }

  /** The jobs that stand aside. */
  tooLarge(): Iterable<LocalJob> {
    return this.#tooLarge;
  }

  /** Lets jobs stand aside or come back, where each finds its place in the order again. */
  resize(size: number): void {
    const shrinks = size < this.#size;
    this.#size = size;
    for (const job of [...(shrinks ? this.#queue : this.#tooLarge)]) {
      const fits = job.batch.slots <= size;
      if (fits !== shrinks) {
        this.remove(job);
        this.add(job);
      }
    }
  }
}
