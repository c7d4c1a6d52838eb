/** An axis of a plot: the values of a column, or equal parts of their range where there are many. */

import { compareTexts } from '../query.js';
import type { JobTable } from '../table.js';

/** Places of an axis at most. */
export const MOST_PLACES = 30;

export interface Axis {
  /** The value of each place: numbers in their order, or texts. For parts of a range, their middles. */
  readonly values: readonly (number | string)[];
  /** The width of a part; null where each place is one value. */
  readonly width: number | null;
  /** Jobs whose value has no place, because the column has too many texts. */
  readonly left: number;
  /** The place of a row; -1 without one. */
  placeOf(row: number): number;
}

/** The axis of a column; a range has at most `parts` parts. Throws EnsembleError `ERR_RUN` for an unknown column. */
export function axisOf(table: JobTable, name: string, rows: Uint32Array, parts = MOST_PLACES): Axis {
  const column = table.column(name);
  const numbers = new Set<number>();
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let hasTexts = false;
  for (const row of rows) {
    const number = column.number(row);
    if (!Number.isFinite(number)) {
      hasTexts ||= column.text(row) !== null;
      continue;
    }
    if (numbers.size <= MOST_PLACES) numbers.add(number);
    if (number < least) least = number;
    if (number > most) most = number;
  }
  if (hasTexts) return axisOfTexts((row) => column.text(row), rows);
  if (numbers.size > MOST_PLACES) return axisOfParts((row) => column.number(row), least, most, parts);
  const values = [...numbers].sort((a, b) => a - b);
  const places = new Map(values.map((value, place) => [value, place]));
  return { values, width: null, left: 0, placeOf: (row) => places.get(column.number(row)) ?? -1 };
}

function axisOfParts(number: (row: number) => number, least: number, most: number, parts: number): Axis {
  const width = (most - least) / parts;
  const values = Array.from({ length: parts }, (_, place) => least + (place + 0.5) * width);
  const placeOf = (row: number) => {
    const value = number(row);
    return Number.isFinite(value) ? Math.min(parts - 1, Math.floor((value - least) / width)) : -1;
  };
  return { values, width, left: 0, placeOf };
}

/** The most frequent texts. */
function axisOfTexts(text: (row: number) => string | null, rows: Uint32Array): Axis {
  const counts = new Map<string, number>();
  for (const row of rows) {
    const value = text(row);
    if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const frequent = [...counts].sort(([, a], [, b]) => b - a);
  const values = frequent.slice(0, MOST_PLACES).map(([value]) => value);
  const left = frequent.slice(MOST_PLACES).reduce((sum, [, count]) => sum + count, 0);
  values.sort(compareTexts);
  const places = new Map(values.map((value, place) => [value, place]));
  return { values, width: null, left, placeOf: (row) => places.get(text(row) ?? '') ?? -1 };
}
