/** Durations as people write them: `30s`, `5m`, `2h`, `1d`, `250ms`, or a number of seconds. */

/** Seconds of each unit. */
export const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };

/** What a duration that is written as text looks like. */
export const DURATION_PATTERN = /^(\d+(?:\.\d+)?) ?(ms|s|m|h|d)$/;

/** How the message begins that is reported for a value which is no duration. */
export const NO_DURATION = 'must be a duration';

/** Seconds of a duration that the schema let pass. */
export function durationSeconds(duration: number | string): number {
  if (typeof duration === 'number') return duration;
  const [, digits = '', unit = 's'] = DURATION_PATTERN.exec(duration) ?? [];
  return scaled(Number(digits), unit);
}

/** `amount` of a unit in seconds, as exact as its decimals: 250 ms are 0.25 s. */
export function scaled(amount: number, unit: string): number {
  // Dividing rounds once; 0.001 itself is rounded already.
  return unit === 'ms' ? amount / 1000 : amount * (UNITS[unit] ?? 1);
}

/** Seconds as a person would write them: `5m`, `1.5s`, `90s`. */
export function formatDuration(seconds: number): string {
  for (const unit of ['d', 'h', 'm'] as const) {
    const size = UNITS[unit] as number;
    if (seconds >= size && seconds % size === 0) return `${seconds / size}${unit}`;
  }
  return `${seconds}s`;
}

const WORDS: Readonly<Record<string, string>> = {
  ...{ msec: 'ms', msecs: 'ms', millisecond: 'ms', milliseconds: 'ms' },
  ...{ sec: 's', secs: 's', second: 's', seconds: 's' },
  ...{ min: 'm', mins: 'm', minute: 'm', minutes: 'm' },
  ...{ hr: 'h', hrs: 'h', hour: 'h', hours: 'h', day: 'd', days: 'd' },
};

/**
 * The duration that is meant by how other tools write one (`01:30:00`, `1-12:00:00`, `1h30m`, `2 hours`), as it is
 * written here; null for anything else.
 */
export function meantDuration(text: string): string | null {
  const clock = /^(?:(\d{1,3})-)?(\d{1,4}):(\d\d)(?::(\d\d))?$/.exec(text.trim());
  if (clock !== null) {
    const [days, first, second, third] = clock.slice(1).map((digits) => Number(digits ?? 0));
    const [d = 0, a = 0, b = 0, c = 0] = [days, first, second, third];
    // As in Slurm, two numbers are minutes and seconds, behind days hours and minutes.
    const short = clock[4] === undefined && clock[1] === undefined;
    return formatDuration(d * 86_400 + (short ? a * 60 + b : a * 3600 + b * 60 + c));
  }
  if (!/^(?:\d{1,9}(?:\.\d{1,9})?\s*[a-z]+\s*)+$/i.test(text)) return null;
  let seconds = 0;
  for (const [, digits, word = ''] of text.matchAll(/([\d.]+)\s*([a-z]+)/gi)) {
    const unit = WORDS[word.toLowerCase()] ?? word.toLowerCase();
    if (UNITS[unit] === undefined) return null;
    seconds += scaled(Number(digits), unit);
  }
  return seconds < 1 ? `${seconds * 1000}ms` : formatDuration(seconds);
}
