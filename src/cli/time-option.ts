/** Lengths of time on the command line, as in files: `30s`, `5m`, `2h`, `1d`, `250ms`, or a number of seconds. */

import { InvalidArgumentError } from 'commander';
import { DURATION_PATTERN, durationSeconds, formatDuration } from '../text/duration.js';

/** Reads a length of time up to `most` seconds for commander, above 0 or else `from0` on. It returns seconds. */
export function timeOption(most: number, from0 = false): (text: string) => number {
  return (text) => {
    const plain = /^\d+(\.\d+)?$/.test(text);
    const value = plain ? Number(text) : durationSeconds(text);
    const isTime = plain || DURATION_PATTERN.test(text);
    if (isTime && (value > 0 || from0) && value <= most) return value;
    const limits = `${from0 ? '' : 'above 0, '}${formatDuration(most)} at most`;
    throw new InvalidArgumentError(`It must be a time like 30s, 5m, 12h or 7d, or seconds; ${limits}.`);
  };
}
