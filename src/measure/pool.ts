/** Workers that do one piece of work at a time. More are made while work waits. */

export interface Closable {
  close(): Promise<void>;
}

export class Pool<Worker extends Closable> {
  readonly #make: () => Worker;
  readonly #most: number;
  readonly #patience: number;
  readonly #workers: Worker[] = [];
  readonly #idle: Worker[] = [];
  readonly #waiting: ((worker: Worker) => void)[] = [];

  /** Another worker is made where `patience` pieces of work wait for each of them, up to `most` workers. */
  constructor(make: () => Worker, { most, patience }: { readonly most: number; readonly patience: number }) {
    this.#make = make;
    this.#most = most;
    this.#patience = patience;
  }

  /** Does a piece of work, in the order of the calls. Settles as the work does. */
  async use<T>(work: (worker: Worker) => Promise<T>): Promise<T> {
    const worker = await this.#take();
    try {
      return await work(worker);
    } finally {
      this.#give(worker);
    }
  }

  /** Closes all workers. Resolves when they are closed. Idempotent. */
  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.close()));
  }

  #take(): Promise<Worker> | Worker {
    const idle = this.#idle.pop();
    if (idle !== undefined) return idle;
    const count = this.#workers.length;
    if (count === 0 || (count < this.#most && this.#waiting.length >= this.#patience * count)) {
      const made = this.#make();
      this.#workers.push(made);
      return made;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #give(worker: Worker): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(worker);
    else next(worker);
  }
}
