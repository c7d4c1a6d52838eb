/** Durations on the command line, as in files: `30s`, `5m`, `2h`, `1d`, `250ms`, or a number of seconds. */

import { InvalidArgumentError } from 'commander';
import { DURATION_PATTERN, durationSeconds, formatDuration } from '../text/duration.js';

/** Returns a parser of durations for commander, in seconds up to `most`, above 0 or with `from0` from 0. */
export function timeOption(most: number, from0 = false): (text: string) => number {
  return (text) => {
    const plain = /^\d+(\.\d+)?$/.test(text);
    const value = plain ? Number(text) : durationSeconds(text);
    const isTime = plain || DURATION_PATTERN.test(text);
    if (isTime && (value > 0 || from0) && value <= most) return value;
    const limits = `${from0 ? '' : 'above 0, '}${formatDuration(most)} at most`;
    throw new InvalidArgumentError(`It must be a duration like 30s, 5m, 12h or 7d, or seconds; ${limits}.`);
  };
}
