/** A token bucket: calls per second, and a burst. */

export class TokenBucket {
  readonly #perSecond: number;
  readonly #most: number;
  #left: number;
  #filled = performance.now();

  constructor(perSecond: number, most: number) {
    this.#perSecond = perSecond;
    this.#most = most;
    this.#left = most;
  }

  /** Takes a token. Returns how many milliseconds too early that was; 0 if it was not. */
  take(): number {
    const now = performance.now();
    this.#left = Math.min(this.#most, this.#left + ((now - this.#filled) / 1000) * this.#perSecond);
    this.#filled = now;
    if (this.#left < 1) return ((1 - this.#left) / this.#perSecond) * 1000;
    this.#left--;
    return 0;
  }

  /** Whether the bucket is full: nothing was taken for a while. */
  get full(): boolean {
    return this.#left + ((performance.now() - this.#filled) / 1000) * this.#perSecond >= this.#most;
  }
}

/** One bucket for each caller. Full buckets are forgotten, because there may be many callers. */
export class TokenBuckets {
  readonly #perSecond: number;
  readonly #most: number;
  readonly #buckets = new Map<string, TokenBucket>();
  #forgetAt = 1000;

  constructor(perSecond: number, most: number) {
    this.#perSecond = perSecond;
    this.#most = most;
  }

  /** Takes a token from the bucket of a caller. */
  take(key: string): number {
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      if (this.#buckets.size >= this.#forgetAt) this.#forget();
      bucket = new TokenBucket(this.#perSecond, this.#most);
      this.#buckets.set(key, bucket);
    }
    return bucket.take();
  }

  #forget(): void {
    for (const [key, bucket] of this.#buckets) if (bucket.full) this.#buckets.delete(key);
    this.#forgetAt = Math.max(1000, this.#buckets.size * 2);
  }
}
