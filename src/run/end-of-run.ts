/** The end of a run: it is over when something ends it, or by itself when nothing is left to do. */

import { setMaxListeners } from 'node:events';
import type { EnsembleError } from '../errors.js';
import type { EndedBy } from '../model/ended-by.js';
import type { EngineStatus } from '../model/metrics.js';

/** How a run came to its end. */
export type RunEnd =
  /** Nothing was left to do. */
  | 'idle'
  /** A rule, code of the user or an external request ended it: `by` of the result says which. */
  | 'terminated'
  /** The signal was aborted. */
  | 'interrupted'
  /** An action failed whose rule says `onError: stop`. */
  | 'stopped'
  /** The member failed. */
  | 'failed';

/** Whether a process can go on with a run that came to this end. */
export function isResumable(end: RunEnd): end is 'interrupted' | 'failed' {
  return end === 'interrupted' || end === 'failed';
}

/** The end of a run with its cause. */
export interface RunEnding {
  readonly end: RunEnd;
  /** The error that ended it, for `stopped` and `failed`. */
  readonly error: EnsembleError | null;
  /** The cause, for `terminated` and `stopped`. */
  readonly by: EndedBy | null;
}

export interface EndOfRunOptions {
  /** Stay when nothing is left to do. */
  readonly watch: boolean;
  /** The engine's status. By then, all that the engine fired before has been dispatched. */
  status(): Promise<EngineStatus>;
  /** Whether no action, retry or probe is pending. */
  actionsIdle(): boolean;
  /** Whether the member still has work of its own for the run. */
  expectsMore(): boolean;
  /** Lets the rules on the end fire, before the run ends by itself. Resolves with whether any did. */
  lastRules(): Promise<boolean>;
}

/** Whether the engine has nothing left to do: no job is active or on its way, and no timer could make a rule due. */
export function nothingLeft({ activeJobs, submitting, retrying, timeCouldFire }: EngineStatus): boolean {
  return activeJobs + submitting + retrying === 0 && !timeCouldFire;
}

export class EndDetector {
  /** Resolves when the run has ended. */
  readonly ended: Promise<void>;
  readonly #options: EndOfRunOptions;
  readonly #ending = new AbortController();
  #resolveEnded: () => void = () => {};
  #result: RunEnding | null = null;
  /** The start rules have fired. A run can't be over before. */
  #begun = false;
  #paused = false;
  /** Pieces of the journal that were given to the engine, and those that it has processed. */
  #given = 0;
  #processed = 0;
  #checking = false;
  /** Something has changed since the last check. */
  #changed = false;
  #onChange: (() => void)[] = [];

  constructor(options: EndOfRunOptions) {
    this.#options = options;
    // Each action under way listens.
    setMaxListeners(0, this.#ending.signal);
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
  }

  /** The end; null before. */
  get result(): RunEnding | null {
    return this.#result;
  }

  /** Aborted at the end. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Whether the start rules have fired and the run has not ended. */
  get running(): boolean {
    return this.#begun && this.#result === null;
  }

  /** The start rules have fired. */
  begin(): void {
    this.#begun = true;
  }

  /** A paused run does not end by itself. */
  setPaused(paused: boolean): void {
    this.#paused = paused;
    if (!paused) this.check();
  }

  /** A piece of the journal is on its way to the engine until the promise resolves. */
  given(processed: Promise<void>): void {
    this.#given++;
    processed.then(
      () => {
        this.#processed++;
        this.check();
      },
      // The caller ends the run.
      () => {},
    );
  }

  /** Ends the run, unless it has ended already. Returns whether this is the end. */
  finish(end: RunEnd, error: EnsembleError | null = null, by: EndedBy | null = null): boolean {
    if (this.#result !== null) return false;
    this.#result = { end, error, by };
    this.#ending.abort();
    this.#resolveEnded();
    this.#notifyChange();
    return true;
  }

  /** Something has changed that may have been the last thing: ends the run if nothing is left to do. */
  check(): void {
    this.#notifyChange();
    this.#changed = true;
    if (!this.#options.watch && !this.#checking) void this.#endWhenIdle();
  }

  /**
   * Waits until everything so far has had its consequences: records are processed, actions performed. Resolves with
   * false when the run has ended.
   */
  async settled(): Promise<boolean> {
    for (;;) {
      const given = this.#given;
      await this.#options.status().catch(() => null);
      if (this.#result !== null) return false;
      if (!this.#quiet) await new Promise<void>((resolve) => this.#onChange.push(resolve));
      // Records that were given meanwhile may have led to firings that are on their way.
      else if (given === this.#given) return true;
    }
  }

  get #quiet(): boolean {
    return this.running && !this.#paused && this.#processed === this.#given && this.#options.actionsIdle();
  }

  /**
   * The engine answers in order, so all that it fired before its status has been dispatched. A change during a check leads
   * to another check.
   */
  async #endWhenIdle(): Promise<void> {
    this.#checking = true;
    while (this.#changed && this.#quiet) {
      this.#changed = false;
      const given = this.#given;
      const status = await this.#options.status().catch(() => null);
      if (status === null) break;
      const unchanged = this.#quiet && given === this.#given && !this.#options.expectsMore();
      // After a change, the status may be older than what a submission has asked of the engine.
      if (!unchanged || this.#changed || !nothingLeft(status)) continue;
      if (await this.#options.lastRules().catch(() => false)) this.#changed = true;
      else this.finish('idle');
    }
    this.#checking = false;
  }

  #notifyChange(): void {
    for (const resolve of this.#onChange.splice(0)) resolve();
  }
}
