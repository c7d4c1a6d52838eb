/** Statistics of a window, computed pane by pane from everything that was ever observed. */

import { sketchValue } from './sketch.js';

export interface Observation {
  readonly x: number;
  readonly time: number;
}

export const panes = 60;

export function paneOf(time: number, window: number): number {
  return Math.floor(time / (window / panes));
}

const double = new DataView(new ArrayBuffer(8));

/** The first time in the pane. */
function beginOf(pane: number, window: number): number {
  let time = pane * (window / panes);
  while (paneOf(time, window) < pane) {
    double.setFloat64(0, time);
    double.setBigUint64(0, double.getBigUint64(0) + 1n);
    time = double.getFloat64(0);
  }
  return time;
}

/** When the earliest of the times in the window leaves it; infinity for an empty window. */
export function nextChange(times: readonly number[], window: number, now: number): number {
  const newest = paneOf(now, window);
  const inside = times.map((time) => paneOf(time, window)).filter((pane) => pane > newest - panes);
  return inside.length === 0 ? Number.POSITIVE_INFINITY : beginOf(Math.min(...inside) + panes, window);
}

/** Moments of single numbers, and of parts. */
class Moments {
  count = 0;
  #mean = 0;
  #squares = 0;
  #sum = 0;
  #lost = 0;

  observe(x: number): void {
    this.count++;
    const before = this.#mean;
    this.#mean += (1 / this.count) * (x - before);
    this.#squares += (x - before) * (x - this.#mean);
    this.#add(x);
  }

  merge(part: Moments): void {
    if (part.count === 0) return;
    const share = part.count / (this.count + part.count);
    const apart = part.#mean - this.#mean;
    this.#mean += apart * share;
    this.#squares += part.#squares + apart * apart * (this.count * share);
    this.count += part.count;
    this.#add(part.#sum);
    this.#lost += part.#lost;
  }

  get mean(): number {
    return this.#mean;
  }
  get variance(): number {
    return this.count < 2 ? 0 : this.#squares / (this.count - 1);
  }
  get sum(): number {
    return this.#sum + this.#lost;
  }

  #add(x: number): void {
    const sum = this.#sum + x;
    this.#lost += Math.abs(this.#sum) >= Math.abs(x) ? this.#sum - sum + x : x - sum + this.#sum;
    this.#sum = sum;
  }
}

/** The sum in the order in which the engine adds. */
export function sumOf(numbers: readonly number[]): number {
  const moments = new Moments();
  for (const x of numbers) moments.observe(x);
  return moments.sum;
}

/**
 * A statistic of the numbers in a window that ends at `now`, and of some more numbers. Null without numbers,
 * and for a statistic that has no windowed form.
 */
export function windowValue(
  observations: readonly Observation[],
  window: number,
  now: number,
  more: readonly number[],
  statistic: string,
  q: number,
): number | null {
  const newest = paneOf(now, window);
  const numbers: number[] = [];
  const moments = new Moments();
  for (let pane = newest - panes + 1; pane <= newest; pane++) {
    const part = new Moments();
    for (const { x, time } of observations) {
      if (paneOf(time, window) !== pane) continue;
      part.observe(x);
      numbers.push(x);
    }
    moments.merge(part);
  }
  for (const x of more) {
    moments.observe(x);
    numbers.push(x);
  }
  if (numbers.length === 0) return null;
  switch (statistic) {
    case 'mean':
      return moments.mean;
    case 'variance':
      return moments.variance;
    case 'std':
      return Math.sqrt(moments.variance);
    case 'sum':
      return moments.sum;
    case 'count':
      return numbers.length;
    case 'min':
      return Math.min(...numbers);
    case 'max':
      return Math.max(...numbers);
    case 'last':
      return numbers.at(-1) as number;
    case 'quantile':
      return sketchValue(numbers, 'quantile', q);
    case 'q25':
    case 'q50':
    case 'q75':
      return sketchValue(numbers, 'quantile', Number(statistic.slice(1)) / 100);
    case 'iqr':
    case 'piqr':
      return sketchValue(numbers, 'piqr', 0);
    case 'mad':
    case 'pmad':
      return sketchValue(numbers, 'pmad', 0);
    default:
      return null;
  }
}
