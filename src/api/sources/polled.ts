/** Keeps the state of an ensemble up to date: at every request, and again and again while there are watchers. */

import type { GroupStates } from '../../model/metrics.js';
import type { ExternalAction, ExternalOutcome } from '../../run/external-actions.js';
import { Pace } from '../../service/run/pace.js';
import { Feed } from '../changes/feed.js';
import type { SourcedEnsemble } from './source.js';

export abstract class PolledEnsemble implements SourcedEnsemble {
  abstract readonly id: string;
  readonly feed = new Feed();
  /** Milliseconds between two updates. */
  readonly #interval: number;
  readonly #pace = new Pace();
  #watchers = 0;
  #timer: NodeJS.Timeout | null = null;
  #refreshing: Promise<void> | null = null;
  #fresh = Number.NEGATIVE_INFINITY;

  constructor(interval: number) {
    this.#interval = interval;
  }

  refresh(): Promise<void> {
    if (this.#refreshing !== null) return this.#refreshing;
    const isFresh = performance.now() - this.#fresh < this.#pace.pause(this.#interval);
    return isFresh || this.feed.ended ? Promise.resolve() : this.update();
  }

  watch(): () => void {
    this.#watchers++;
    this.#schedule();
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.#watchers--;
      if (this.#watchers === 0) this.stop();
    };
  }

  abstract distributions(group: string): GroupStates | null;
  abstract act(action: ExternalAction, askedBy: string): Promise<ExternalOutcome>;
  abstract folder(): string | null;
  abstract configuration(): string | null;

  /** Updates the feed. Resolves with the milliseconds that this took on the event loop. */
  protected abstract take(): Promise<number>;

  /** Updates the feed now, or takes part in the update that goes on. */
  protected update(): Promise<void> {
    this.#refreshing ??= this.take()
      .then((cost) => {
        this.#pace.spent(cost);
        this.#fresh = performance.now();
      })
      .finally(() => {
        this.#refreshing = null;
      });
    return this.#refreshing;
  }

  /** Stops the updates of watchers. */
  protected stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #schedule(): void {
    if (this.#timer !== null || this.feed.ended) return;
    this.#timer = setTimeout(async () => {
      await this.update().catch(() => {});
      this.#timer = null;
      if (this.#watchers > 0) this.#schedule();
    }, this.#pace.pause(this.#interval));
    this.#timer.unref();
  }
}
