/** The mean of a measure for each value of a column, or each pair of values of two columns. */

import type { JobTable } from '../table.js';
import { type Axis, axisOf } from './axis.js';
import { MeanAtPlaces, measureOf } from './measure.js';

export interface HeatMapQuery {
  /** Columns; `y` is null for one row of cells. */
  readonly x: string;
  readonly y: string | null;
  /** A column of numbers, or `failure`. */
  readonly value: string;
}

/** Jobs with one pair of values. */
export interface HeatMapCell {
  /** Places on the axes. */
  readonly x: number;
  readonly y: number;
  readonly count: number;
  readonly mean: number;
}

export interface HeatMap {
  readonly x: Axis;
  readonly y: Axis;
  /** Pairs without a job are left out. */
  readonly cells: readonly HeatMapCell[];
  /** Jobs in the cells. */
  readonly jobs: number;
}

const ONE_ROW: Axis = { values: [''], width: null, left: 0, placeOf: () => 0 };

/** The map of these rows. Throws EnsembleError `ERR_RUN` for an unknown column. */
export function heatMapOf(table: JobTable, rows: Uint32Array, query: HeatMapQuery): HeatMap {
  const x = axisOf(table, query.x, rows);
  const y = query.y === null ? ONE_ROW : axisOf(table, query.y, rows);
  const value = measureOf(table, query.value);
  const width = x.values.length;
  const at = new MeanAtPlaces(width * y.values.length);
  let jobs = 0;
  for (const row of rows) {
    const number = value(row);
    const [i, j] = [x.placeOf(row), y.placeOf(row)];
    if (!Number.isFinite(number) || i < 0 || j < 0) continue;
    at.add(j * width + i, number);
    jobs++;
  }
  const cells: HeatMapCell[] = [];
  at.counts.forEach((count, place) => {
    const mean = at.means[place] as number;
    if (count > 0) cells.push({ x: place % width, y: Math.floor(place / width), count, mean });
  });
  return { x, y, cells, jobs };
}
