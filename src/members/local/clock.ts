import { Timer } from './timer.js';

/** A scheduled action that can be canceled. */
export interface Alarm {
  cancel(): void;
}

/** The source of a member's time: the system, or a virtual clock. */
export interface Clock {
  /** Seconds since the epoch. */
  now(): number;
  /** Runs an action after this many seconds. */
  after(seconds: number, action: () => void): Alarm;
}

/** Returns the time of day in milliseconds since the epoch, with the digits below 1 ms that Date.now() omits. */
function timeOfDay(): number {
  const wall = Date.now();
  const estimate = performance.timeOrigin + performance.now();
  // An estimate outside of Date's millisecond means that the clock has been set since this process began.
  return Math.min(Math.max(estimate, wall), wall + 1);
}

/** Milliseconds on the system's monotonic clock when performance.now() was 0. */
const monotonicOrigin = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/**
 * Starts at the current time of day and then runs steadily, even if the system's clock is set. Therefore a run's
 * times never go back, and its intervals have the right lengths.
 */
export class SteadyClock implements Clock {
  /** Milliseconds since the epoch when performance.now() was 0. */
  readonly #origin = timeOfDay() - performance.now();

  now(): number {
    return (this.#origin + performance.now()) / 1000;
  }

  /** Converts a time of another process, in seconds on the system's monotonic clock. */
  timeOf(monotonic: number): number {
    return (this.#origin - monotonicOrigin) / 1000 + monotonic;
  }

  after(seconds: number, action: () => void): Alarm {
    return new Timer(seconds, action);
  }
}
