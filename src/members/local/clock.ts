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

/** The time of day in milliseconds since the epoch, with digits that Date.now() cuts off where they are known. */
function timeOfDay(): number {
  const wall = Date.now();
  const estimate = performance.timeOrigin + performance.now();
  // Beyond the millisecond that begins with what Date says, the clock has been set since this process began.
  return Math.min(Math.max(estimate, wall), wall + 1);
}

/** Milliseconds on the system's monotonic clock when performance.now() was 0. */
const monotonicOrigin = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/**
 * The time of day as it was when this was made, and steady from then on: whoever sets the system's clock changes
 * nothing here. So a run's times never go back, and the lengths of its intervals are true.
 */
export class SteadyClock implements Clock {
  /** Milliseconds since the epoch when performance.now() was 0. */
  readonly #origin = timeOfDay() - performance.now();

  now(): number {
    return (this.#origin + performance.now()) / 1000;
  }

  /** The time of a moment that another process tells in seconds on the system's monotonic clock. */
  timeOf(monotonic: number): number {
    return (this.#origin - monotonicOrigin) / 1000 + monotonic;
  }

  after(seconds: number, action: () => void): Alarm {
    return new Timer(seconds, action);
  }
}
