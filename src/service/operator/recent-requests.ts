/**
 * Answers to requests that may be sent again because their answer got lost. Growing twice for one wish is what must
 * not happen; so a request with an id is done once, and asked again it gets the answer of the first time.
 */

/** Requests that are remembered; each is some hundred bytes. */
const MOST = 1000;
/** Milliseconds; longer than any client tries again. */
const KEPT = 10 * 60 * 1000;

interface Entry<Answer> {
  readonly answer: Promise<Answer>;
  readonly time: number;
}

export class RecentRequests<Answer> {
  readonly #entries = new Map<string, Entry<Answer>>();

  /**
   * The answer that is there for `key`, also one that is still under way, or else that of `perform`. A failure is not
   * remembered: what was not done may be tried again.
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

  /** The oldest are first. */
  #forgetOld(): void {
    for (const [key, { time }] of this.#entries) {
      if (this.#entries.size < MOST && performance.now() - time < KEPT) return;
      this.#entries.delete(key);
    }
  }
}
