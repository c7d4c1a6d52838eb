/** Numbers of jobs over time. Old points are thinned, so that the memory is bounded however long the page is open. */

const MOST_POINTS = 600;

export interface Point {
  /** Seconds since the epoch. */
  readonly time: number;
  readonly pending: number;
  readonly running: number;
}

export class Timeline {
  #points: Point[] = [];
  /** The time before the page was opened is in it. */
  complete = false;
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

  /** Puts points of the time before the page was opened in front. */
  prepend(earlier: readonly Point[]): void {
    this.complete = true;
    const first = this.#points[0]?.time ?? Number.POSITIVE_INFINITY;
    this.#points = [...earlier.filter(({ time }) => time < first), ...this.#points];
    while (this.#points.length > MOST_POINTS) {
      this.#step *= 2;
      this.#points = thinned(this.#points, this.#step);
    }
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

/** Times of one job, in seconds since the epoch; null for unknown ones. */
export interface JobTimes {
  readonly submit: number | null;
  readonly start: number | null;
  readonly finish: number | null;
}

/** The numbers of pending and running jobs at each time at which they changed. */
export function pointsOf(jobs: Iterable<JobTimes>): Point[] {
  const changes: [number, number, number][] = [];
  for (const { submit, start, finish } of jobs) {
    if (submit !== null) changes.push([submit, 1, 0]);
    if (start !== null) changes.push([start, submit === null ? 0 : -1, 1]);
    // A job that was canceled before its start leaves the pending ones.
    if (finish !== null)
      changes.push(start === null ? [finish, submit === null ? 0 : -1, 0] : [finish, 0, -1]);
  }
  changes.sort(([a], [b]) => a - b);
  const points: Point[] = [];
  let [pending, running] = [0, 0];
  for (const [time, ofPending, ofRunning] of changes) {
    pending += ofPending;
    running += ofRunning;
    if (points.at(-1)?.time === time) points.pop();
    points.push({ time, pending, running });
  }
  return points;
}
