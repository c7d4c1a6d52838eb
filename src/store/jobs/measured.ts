/** The values that probes measured of jobs as columns: `measured.energy`. */

import type { NativeJobColumns } from '../../engine/addon.js';
import { type JobColumn, numberColumn, valuesOf } from './column.js';
import { type NamesOf, SparseColumns } from './sparse-columns.js';

/** Names of the columns of measured values begin with it. */
export const MEASURED_PREFIX = 'measured.';

export class MeasuredColumns extends SparseColumns {
  /** `variablesOf` returns the names of a group's probe variables, in the order of its probes. */
  constructor(jobs: NativeJobColumns, variablesOf: NamesOf) {
    super(MEASURED_PREFIX, jobs, variablesOf);
  }

  protected read(nameOf: (row: number, variable: number) => string): [string, JobColumn][] {
    const { measuredRow, measuredVariable, measuredValue, ids } = this.jobs;
    const values = new Map<string, Float64Array>();
    measuredRow.forEach((row, i) => {
      const name = nameOf(row, measuredVariable[i] ?? 0);
      let column = values.get(name);
      if (column === undefined) {
        column = new Float64Array(ids.length).fill(Number.NaN);
        values.set(name, column);
      }
      column[row] = measuredValue[i] ?? Number.NaN;
    });
    return [...values].map(([name, column]) => [name, numberColumn(name, valuesOf(column))]);
  }
}
