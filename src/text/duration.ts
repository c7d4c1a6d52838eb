/** Durations as people write them: `30s`, `5m`, `2h`, `1d`, `250ms`, or a number of seconds. */

/** Seconds of each unit. */
export const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };

/** Matches a duration that is written as text. */
export const DURATION_PATTERN = /^(\d+(?:\.\d+)?) ?(ms|s|m|h|d)$/;

/** Beginning of the message about an invalid duration. */
export const NO_DURATION = 'must be a duration';

/** Seconds of a duration that the schema has accepted. */
export function durationSeconds(duration: number | string): number {
  if (typeof duration === 'number') return duration;
  const [, digits = '', unit = 's'] = DURATION_PATTERN.exec(duration) ?? [];
  return scaled(Number(digits), unit);
}

/** Converts `amount` of a unit to seconds, exact to its decimals: 250 ms are 0.25 s. */
export function scaled(amount: number, unit: string): number {
  // A division rounds once; 0.001 itself is rounded already.
  return unit === 'ms' ? amount / 1000 : amount * (UNITS[unit] ?? 1);
}

/** Formats seconds in the largest unit that divides them: `5m`, `1.5s`, `90s`. */
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
 * Converts the notation of another tool (`01:30:00`, `1-12:00:00`, `1h30m`, `2 hours`) to ours. Returns null for
 * other text.
 */
export function meantDuration(text: string): string | null {
  const clock = /^(?:(\d{1,3})-)?(\d{1,4}):(\d\d)(?::(\d\d))?$/.exec(text.trim());
  if (clock !== null) {
    const [days, first, second, third] = clock.slice(1).map((digits) => Number(digits ?? 0));
    const [d = 0, a = 0, b = 0, c = 0] = [days, first, second, third];
    // As in Slurm, two numbers are minutes and seconds; after a number of days they are hours and minutes.
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

/** Formats seconds in short form: `12 s`, `3 min`, `2 h`, `5 d`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${Math.max(0, seconds).toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}
