/** Times of cron patterns; the library is croner. */

import { Cron } from 'croner';

/** "minute hour day month weekday", or six fields with seconds first, in a time zone (null: this process's). */
export interface CronPattern {
  readonly pattern: string;
  readonly timezone: string | null;
}

/**
 * The next times after `after`, at most `count`, in seconds since the epoch. Empty when no time is left. Throws
 * croner's error for an invalid pattern.
 */
export function nextTimes({ pattern, timezone }: CronPattern, after: number, count: number): number[] {
  const cron = new Cron(pattern, timezone === null ? {} : { timezone });
  const from = new Date(after * 1000);
  if (Number.isNaN(from.getTime())) return [];
  return cron.nextRuns(count, from).map((date) => date.getTime() / 1000);
}
