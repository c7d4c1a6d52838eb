/** Durations as people write them: `30s`, `5m`, `2h`, `1d`, `250ms`, or a number of seconds. */

/** Seconds of each unit. */
export const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };

/** What a duration that is written as text looks like. */
export const DURATION_PATTERN = /^(\d+(?:\.\d+)?) ?(ms|s|m|h|d)$/;

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
