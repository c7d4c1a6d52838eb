/** Two numbers of each job. A sample stands for many jobs, and the means are those of all. */

import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { RESULTS } from '../results.js';
import type { JobTable } from '../table.js';
import { axisOf, MOST_PLACES } from './axis.js';
import { MeanAtPlaces, measureOf } from './measure.js';

export interface ScatterQuery {
  /** A column of numbers. */
  readonly x: string;
  /** A column of numbers, or `failure`. */
  readonly y: string;
  /** A column of numbers, or `failure`; null for the results of the jobs alone. */
  readonly color: string | null;
  /** Points at most. */
  readonly points: number;
}

/** Jobs with one value of x, or in one part of its range. */
export interface ScatterMean {
  readonly x: number;
  readonly count: number;
  readonly mean: number;
}

export interface Scatter {
  /** The points in the order of x. */
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly results: readonly string[];
  /** Null without a color, and where it is unknown. */
  readonly colors: readonly (number | null)[];
  readonly means: readonly ScatterMean[];
  /** Jobs whose two numbers are known. */
  readonly jobs: number;
}

const SEED = 1;
/** The parts of a range of x, and the jobs of each on average. */
const LEAST_PARTS = 5;
const JOBS_OF_PART = 10;

/** The points of these rows. Throws EnsembleError `ERR_RUN` for an unknown column. */
export function scatterOf(table: JobTable, rows: Uint32Array, query: ScatterQuery): Scatter {
  const [x, y] = [measureOf(table, query.x), measureOf(table, query.y)];
  const color = query.color === null ? null : measureOf(table, query.color);
  const known = rows.filter((row) => Number.isFinite(x(row)) && Number.isFinite(y(row)));
  const sample = sampleOf(known, query.points).sort((a, b) => x(a) - x(b) || a - b);
  const colorOf = (row: number) => {
    const number = color?.(row) ?? Number.NaN;
    return Number.isFinite(number) ? number : null;
  };
  return {
    x: Array.from(sample, x),
    y: Array.from(sample, y),
    results: Array.from(sample, (row) => RESULTS[table.jobs.result[row] as number] ?? 'unknown'),
    colors: Array.from(sample, colorOf),
    means: meansOf(table, known, query.x, y),
    jobs: known.length,
  };
}

/**
 * A random sample (Vitter's algorithm R). Every k-th row could have the same parameters. Random numbers with a fixed seed
 * give the same sample again.
 */
function sampleOf(rows: Uint32Array, most: number): Uint32Array {
  const sample = rows.slice(0, most);
  const generator = xoroshiro128plus(SEED);
  for (let index = most; index < rows.length; index++) {
    const place = uniformInt(generator, 0, index);
    if (place < most) sample[place] = rows[index] as number;
  }
  return sample;
}

function meansOf(
  table: JobTable,
  rows: Uint32Array,
  name: string,
  y: (row: number) => number,
): ScatterMean[] {
  // A mean of few jobs would repeat their points.
  const parts = Math.min(MOST_PLACES, Math.max(LEAST_PARTS, Math.floor(rows.length / JOBS_OF_PART)));
  const axis = axisOf(table, name, rows, parts);
  const at = new MeanAtPlaces(axis.values.length);
  for (const row of rows) at.add(axis.placeOf(row), y(row));
  return axis.values.flatMap((value, place) => {
    const [count, mean] = [at.counts[place] as number, at.means[place] as number];
    return count === 0 || typeof value !== 'number' ? [] : [{ x: value, count, mean }];
  });
}
