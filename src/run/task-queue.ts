/** Tasks of a run: most are performed one after another, some beside the others. Knows when none is pending. */

export class TaskQueue {
  readonly #onIdle: () => void;
  /** Settles when the tasks that were added have ended. */
  #tail: Promise<void> = Promise.resolve();
  /** Tasks that have not ended. */
  #pending = 0;
  /** While paused: what the queue waits for, and the function that ends the pause. */
  #paused: { over: Promise<void>; end(): void } | null = null;
  #stopped = false;

  /** `onIdle` is called each time when the last pending task has ended. */
  constructor(onIdle: () => void) {
    this.#onIdle = onIdle;
  }

  /** Whether no task is pending. */
  get idle(): boolean {
    return this.#pending === 0;
  }

  /** Whether the run has ended. Tasks that begin now have nothing to do but to count as dropped. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** The end of the pause; null where the queue is not paused. */
  get paused(): Promise<void> | null {
    return this.#paused?.over ?? null;
  }

  /** Performs a task after those that were added before. The task handles its errors. */
  add(task: () => void | Promise<void>): void {
    this.#tail = this.beside(
      this.#tail.then(async () => {
        while (this.#paused !== null) await this.#paused.over;
        await task();
      }),
    );
  }

  /**
   * As `add`, but later tasks do not wait for work that waits for something else: the task calls `release` when it begins
   * to wait.
   */
  addReleasable(task: (release: () => void) => Promise<void>): void {
    this.add(async () => {
      let release = () => {};
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      const work = this.beside(task(release));
      await Promise.race([work, released]);
    });
  }

  /** Counts work that is performed beside the queue as pending until it has ended. */
  beside<T>(work: Promise<T>): Promise<T> {
    this.#pending++;
    return work.finally(() => {
      this.#pending--;
      if (this.#pending === 0) this.#onIdle();
    });
  }

  /** Waits for something that the run may bring only when it goes on, so that nothing is pending meanwhile. */
  async waiting<T>(work: Promise<T>): Promise<T> {
    this.#pending--;
    if (this.#pending === 0) this.#onIdle();
    try {
      return await work;
    } finally {
      this.#pending++;
    }
  }

  /**
   * Performs parts of a task at once. Each may wait for itself, so they count as pending in place of the task. Rejects as the
   * first one that failed, after all have ended.
   */
  async together(parts: readonly (() => Promise<unknown>)[]): Promise<void> {
    // Each counts before the first one begins.
    const all = parts.map((part) => this.beside(Promise.resolve().then(part)));
    await this.waiting(Promise.allSettled(all));
    await Promise.all(all);
  }

  /** Tasks that have not begun wait. */
  pause(): void {
    if (this.#paused !== null || this.#stopped) return;
    let end = () => {};
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.#paused = { over, end };
  }

  /** The tasks that wait are performed, in their order. */
  resume(): void {
    this.#paused?.end();
    this.#paused = null;
  }

  /** The run has ended, and with it a pause. */
  stop(): void {
    this.#stopped = true;
    this.resume();
  }

  /** Resolves when the tasks that were added have ended, except work beside the queue. */
  settled(): Promise<void> {
    return this.#tail;
  }
}
