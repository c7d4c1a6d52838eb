/**
 * Answers to requests that may be repeated because the answer was lost. One request must not grow a cluster twice.
 * Therefore a request with an id is performed once, and later receives the same answer.
 */

/** Maximum remembered requests; each takes some hundred bytes. */
const MAX_REQUESTS = 1000;
/** Milliseconds, longer than the retries of any client. */
const KEPT = 10 * 60 * 1000;

interface Entry<Answer> {
  readonly answer: Promise<Answer>;
  readonly time: number;
}

export class RecentRequests<Answer> {
  readonly #entries = new Map<string, Entry<Answer>>();

  /**
   * Returns the stored or pending answer of `key`, otherwise that of `perform`. A failure is not stored, so the
   * request can be repeated.
   */
  once(key: string, perform: () => Promise<Answer>): Promise<Answer> {
    this.#forgetOld();
    const known = this.#entries.get(key);
    if (known !== undefined) return known.answer;
    const answer = perform();
    this.#entries.set(key, { answer, time: performance.now() });
    answer.catch(() => this.#entries.delete(key));
    return answer;
  }

  /** The oldest entries come first. */
  #forgetOld(): void {
    for (const [key, { time }] of this.#entries) {
      if (this.#entries.size < MAX_REQUESTS && performance.now() - time < KEPT) return;
      this.#entries.delete(key);
    }
  }
}
