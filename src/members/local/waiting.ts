/**
 * The pending jobs of a member of a given size. Jobs that fit into it are queued. Larger jobs are kept aside until
 * it grows: in the queue they would block jobs whose events could make a rule grow the member.
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

  /** Adds a job. Returns false when it is larger than the member. */
  add(job: LocalJob): boolean {
    if (job.urgency === HELD) return true; // A held job never starts, so it needs no place.
    const fits = job.batch.slots <= this.#size;
    if (fits) this.#queue.push(job);
    else this.#tooLarge.add(job);
    return fits;
  }

  remove(job: LocalJob): void {
    this.#queue.remove(job);
    this.#tooLarge.delete(job);
  }

  /** Returns the next job to start. */
  next(): LocalJob | undefined {
    return this.#queue.peek();
  }

  /** The jobs larger than the member. */
  tooLarge(): Iterable<LocalJob> {
    return this.#tooLarge;
  }

  /** Moves jobs between the queue and those kept aside. Each finds its place in the order again. */
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
