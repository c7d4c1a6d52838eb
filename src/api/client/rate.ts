/** The rate at which jobs end, and the time that the present ones will take. */

/** Seconds that a rate looks back. */
const WINDOW = 60;
/** Seconds that are enough for a rate. */
const ENOUGH = 3;
const MOST_SAMPLES = 240;

interface Sample {
  readonly time: number;
  readonly done: number;
}

export class RateMeter {
  #samples: Sample[] = [];

  /** Takes the number of jobs that have ended until a time, in seconds. */
  add(time: number, done: number): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && (time < last.time || done < last.done)) this.#samples = [];
    if (last !== undefined && time - last.time < WINDOW / MOST_SAMPLES) return;
    this.#samples.push({ time, done });
    // One sample from before the window stays, so that the window is covered.
    while ((this.#samples[1]?.time ?? time) < time - WINDOW) this.#samples.shift();
  }

  /** Jobs a second over the last minute, or since the run began; null before both are known. */
  rate(now: number, done: number, elapsed: number | null): number | null {
    const [first] = this.#samples;
    if (first !== undefined && now - first.time >= ENOUGH && done > first.done) {
      return (done - first.done) / (now - first.time);
    }
    if (first !== undefined && now - first.time >= WINDOW) return 0;
    return elapsed !== null && elapsed > 0 && done > 0 ? done / elapsed : null;
  }
}

/** Seconds until the jobs that are left have ended; null for an unknown time. */
export function secondsLeft(left: number, rate: number | null): number | null {
  if (left === 0) return 0;
  return rate === null || rate <= 0 ? null : left / rate;
}
