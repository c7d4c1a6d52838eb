/** Numbers of jobs over time. Old points are thinned, so that the memory is bounded however long the page is open. */

import type { TimelineResource } from '../api/types.js';

type ServerTimeline = NonNullable<TimelineResource['timeline']>;

const MOST_POINTS = 600;

export interface Point {
  /** Seconds since the epoch. */
  readonly time: number;
  readonly pending: number;
  readonly running: number;
}

export class Timeline {
  #points: Point[] = [];
  /** The least seconds between two points. */
  #step = 0.25;

  /** Oldest first. */
  get points(): readonly Point[] {
    return this.#points;
  }

  add(point: Point): void {
    const last = this.#points.at(-1);
    if (last !== undefined && point.time < last.time) return;
    const before = this.#points.at(-2);
    // The last point is always the latest state.
    if (last !== undefined && before !== undefined && last.time - before.time < this.#step) {
      this.#points[this.#points.length - 1] = point;
      return;
    }
    this.#points.push(point);
    if (this.#points.length <= MOST_POINTS) return;
    this.#step *= 2;
    this.#points = thinned(this.#points, this.#step);
  }
}

/** Points with at least this many seconds in between, and the last one. */
function thinned(points: readonly Point[], step: number): Point[] {
  const kept: Point[] = [];
  for (const point of points) {
    const last = kept.at(-1);
    if (last === undefined || point.time - last.time >= step) kept.push(point);
  }
  const last = points.at(-1);
  if (last !== undefined && kept.at(-1) !== last) kept.push(last);
  return kept;
}

/** The points of a timeline of the server, and after it those that the page has seen. */
export function joined({ begin, end, running, pending }: ServerTimeline, seen: readonly Point[]): Point[] {
  const width = (end - begin) / running.means.length;
  const points = running.means.map((mean, part) => ({
    time: begin + (part + 0.5) * width,
    running: mean,
    pending: pending.means[part] ?? 0,
  }));
  return [...points, ...seen.filter(({ time }) => time > end)];
}
