/** Shows a run while it goes on: as lines at the bottom of the terminal, or as a line from time to time. */

import type { MetricsSnapshot } from '../../model/metrics.js';
import type { RuleNow } from '../../run/rules-now.js';
import { keepBelow, print, terminalWidth } from '../output.js';
import { type Colors, colorsFor } from '../tables.js';
import { EndRate } from './rate.js';
import { endedJobs, type RunMoment, runLines, totalLine } from './run-lines.js';

/** `live`: at the bottom of the terminal. `plain`: a line now and then. */
export const PROGRESS = ['live', 'plain', 'none'] as const;
export type ProgressKind = (typeof PROGRESS)[number];

/** Minimum milliseconds between two updates. */
const LIVE_INTERVAL = 500;
const PLAIN_INTERVAL = 10_000;
/**
 * Minimum pause between updates, as a multiple of the time of an update, because the engine needs time for
 * thousands of groups.
 */
const COST = 20;
/** Rows of the terminal that stay for other output. */
const OTHER_ROWS = 4;
const MAX_ROWS = 14;

/** The parts of a run that are shown. */
export interface ShownRun {
  readonly paused: boolean;
  metrics(): Promise<MetricsSnapshot>;
  rules(): Promise<readonly RuleNow[]>;
}

/** Whether the terminal can erase lines. */
export function canErase(): boolean {
  return process.stdout.isTTY && process.env.TERM !== 'dumb';
}

export class LiveProgress {
  readonly #run: ShownRun;
  readonly #kind: ProgressKind;
  readonly #colors: Colors = colorsFor(process.stdout);
  readonly #rate = new EndRate();
  readonly #resized = () => this.#draw();
  #moment: RunMoment | null = null;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  readonly #problem: () => string | null;

  /** Nothing is shown for the kind `none`. `problem` returns the latest problem. */
  constructor(run: ShownRun, kind: ProgressKind, problem: () => string | null) {
    this.#run = run;
    this.#problem = problem;
    this.#kind = kind;
    if (kind === 'none') return;
    this.#rate.add(0, performance.now());
    if (kind === 'live') process.stdout.on('resize', this.#resized);
    this.#wait(this.#interval);
  }

  /** Removes the lines for good. Idempotent. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    process.stdout.off('resize', this.#resized);
    keepBelow([]);
  }

  get #interval(): number {
    return this.#kind === 'live' ? LIVE_INTERVAL : PLAIN_INTERVAL;
  }

  #wait(milliseconds: number): void {
    this.#timer = setTimeout(() => void this.#look(), milliseconds).unref();
  }

  async #look(): Promise<void> {
    const begun = performance.now();
    // A closed engine has no metrics.
    const state = await Promise.all([this.#run.metrics(), this.#run.rules()]).catch(() => null);
    if (this.#stopped || state === null) return;
    const [metrics, rules] = state;
    this.#moment = {
      ...{ metrics, rules, paused: this.#run.paused, problem: this.#problem() },
      rate: this.#rate.add(endedJobs(metrics), begun),
      now: Date.now() / 1000,
    };
    this.#draw();
    this.#wait(Math.max(this.#interval, COST * (performance.now() - begun)));
  }

  #draw(): void {
    const moment = this.#moment;
    if (moment === null || this.#stopped) return;
    // The last column stays free, because a cursor after it would wrap the line.
    const width = terminalWidth() - 1;
    if (this.#kind === 'plain') {
      print(totalLine(moment, Math.max(width, 79), this.#colors));
      return;
    }
    const height = Math.min(MAX_ROWS, Math.max(1, (process.stdout.rows || 24) - OTHER_ROWS));
    keepBelow(runLines(moment, { width, height }, this.#colors));
  }
}
