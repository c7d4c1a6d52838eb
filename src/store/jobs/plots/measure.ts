/** Numbers of jobs that plots compare: those of a column, and whether a job failed. */

import { hasFailed, RESULTS } from '../results.js';
import type { JobTable } from '../table.js';

/** The name of the measure that is 1 for failed jobs and 0 for others. Its mean is the share of failures. */
export const FAILURE = 'failure';

/** Results of jobs that say nothing about failures. */
const isOpen = RESULTS.map((name) => ['active', 'canceled', 'lost', 'unknown'].includes(name));

/** Returns the numbers of a measure; NaN for an unknown one. Throws EnsembleError `ERR_RUN` for an unknown name. */
export function measureOf(table: JobTable, name: string): (row: number) => number {
  if (name !== FAILURE) {
    const column = table.column(name);
    return (row) => column.number(row);
  }
  const { result } = table.jobs;
  return (row) => {
    const number = result[row] as number;
    return isOpen[number] === true ? Number.NaN : Number(hasFailed(number));
  };
}

/** The mean of the numbers at each place. */
export class MeanAtPlaces {
  readonly counts: Uint32Array;
  readonly means: Float64Array;

  constructor(places: number) {
    this.counts = new Uint32Array(places);
    this.means = new Float64Array(places);
  }

  add(place: number, number: number): void {
    const count = (this.counts[place] as number) + 1;
    const mean = this.means[place] as number;
    this.counts[place] = count;
    // As Welford 1962: a sum of large numbers would lose digits.
    this.means[place] = mean + (number - mean) / count;
  }
}
