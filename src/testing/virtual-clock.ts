/** A clock that its owner advances. */

import type { Alarm, Clock } from '../members/local/clock.js';

interface PendingAlarm {
  readonly time: number;
  readonly action: () => void;
}

export class VirtualClock implements Clock {
  #now: number;
  /**
   * In reverse order, so the next alarm is last. Alarms of the same time ring in the order in which they were set.
   */
  readonly #alarms: PendingAlarm[] = [];

  /** `start` is in seconds since the epoch. */
  constructor(start: number) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  after(seconds: number, action: () => void): Alarm {
    const alarm = { time: this.#now + Math.max(0, seconds), action };
    let [low, high] = [0, this.#alarms.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#alarms[middle] as PendingAlarm).time > alarm.time) low = middle + 1;
      else high = middle;
    }
    this.#alarms.splice(low, 0, alarm);
    return {
      cancel: () => {
        const index = this.#alarms.indexOf(alarm);
        if (index !== -1) this.#alarms.splice(index, 1);
      },
    };
  }

  /** The time of the next alarm; Infinity without one. */
  get next(): number {
    return this.#alarms.at(-1)?.time ?? Number.POSITIVE_INFINITY;
  }

  /** Advances the clock without ringing alarms. */
  set(time: number): void {
    this.#now = Math.max(this.#now, time);
  }

  /** Rings all alarms that are due, including those that these set. */
  ring(): void {
    while (this.next <= this.#now) this.#alarms.pop()?.action();
  }
}
