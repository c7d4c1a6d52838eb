/** The times of cron rules. The engine requests them, because the calendar and the time zone are JavaScript's. */

import type { CronPattern } from '../language/cron.js';
import type { TimeRequest } from './addon.js';

/** Number of times of a cron rule that are computed at once. */
const TIMES = 256;

/** Up to `count` times of a cron rule after `after`, in seconds since the epoch; empty when no time is left. */
export type NextTimes = (cron: CronPattern, after: number, count: number) => readonly number[];

export class CronTimes {
  readonly #nextTimes: NextTimes;
  /** By the index of the rule. */
  readonly #crons = new Map<number, CronPattern>();

  constructor(nextTimes: NextTimes) {
    this.#nextTimes = nextTimes;
  }

  add(rule: number, cron: CronPattern): void {
    this.#crons.set(rule, cron);
  }

  /** The requested times. */
  times({ rule, after }: TimeRequest): Float64Array {
    const cron = this.#crons.get(rule);
    return Float64Array.from(cron === undefined ? [] : this.#nextTimes(cron, after, TIMES));
  }
}
