/** How fast jobs end. */

/** Milliseconds over which the rate is computed. */
const WINDOW = 10_000;

export class EndRate {
  readonly #looks: { readonly time: number; readonly ended: number }[] = [];

  /** Takes the number of jobs that have ended by `time`, in milliseconds. Returns those a second, lately. */
  add(ended: number, time: number): number {
    this.#looks.push({ time, ended });
    // One look older than the window is needed as its beginning.
    while ((this.#looks[1]?.time ?? time) < time - WINDOW) this.#looks.shift();
    const first = this.#looks[0] ?? { time, ended };
    return time > first.time ? ((ended - first.ended) * 1000) / (time - first.time) : 0;
  }
}
