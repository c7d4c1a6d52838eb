import { Timer } from './timer.js';

/** Something that will be done at its time unless it is canceled before. */
export interface Alarm {
  cancel(): void;
}

/** Where a member has its time from: the system, or whoever makes it up. */
export interface Clock {
  /** Seconds since the epoch. */
  now(): number;
  /** Does something in so many seconds. */
  after(seconds: number, action: () => void): Alarm;
}

/**
 * The time of day in seconds since the epoch with digits below the millisecond, which Date alone doesn't
 * give. Follows Date when the system's clock is set: the spawner's reports are on that clock too.
 */
let offset = performance.timeOrigin;

function now(): number {
  const wall = Date.now();
  const monotonic = performance.now();
  const estimate = offset + monotonic;
  // Date.now() is cut off: the true time lies within the millisecond that begins there.
  if (estimate < wall) offset = wall - monotonic;
  else if (estimate > wall + 1) offset = wall + 1 - monotonic;
  return (offset + monotonic) / 1000;
}

export const systemClock: Clock = { now, after: (seconds, action) => new Timer(seconds, action) };
