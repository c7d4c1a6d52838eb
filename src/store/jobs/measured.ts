/** The values that probes measured of jobs as columns: `measured.energy`. */

import type { NativeJobColumns } from '../../engine/addon.js';
import { type JobColumn, numberColumn, valuesOf } from './column.js';

/** Names of the columns of measured values begin with it. */
export const MEASURED_PREFIX = 'measured.';

export class MeasuredColumns {
  readonly #jobs: NativeJobColumns;
  readonly #variablesOf: (group: string) => readonly string[];
  #columns: ReadonlyMap<string, JobColumn> | null = null;

  /** `variablesOf` returns the names of a group's probe variables, in the order of its probes. */
  constructor(jobs: NativeJobColumns, variablesOf: (group: string) => readonly string[]) {
    this.#jobs = jobs;
    this.#variablesOf = variablesOf;
  }

  /** The columns' names, in the order of the first job that has each. */
  get names(): string[] {
    return [...this.#all.keys()];
  }

  /** Returns the column with this name; null for another name, and for a variable that no job has. */
  column(name: string): JobColumn | null {
    return name.startsWith(MEASURED_PREFIX) ? (this.#all.get(name) ?? null) : null;
  }

  get #all(): ReadonlyMap<string, JobColumn> {
    this.#columns ??= this.#read();
    return this.#columns;
  }

  #read(): ReadonlyMap<string, JobColumn> {
    const { measuredRow, measuredVariable, measuredValue, groups, group, ids } = this.#jobs;
    const values = new Map<string, Float64Array>();
    const names = new Map<number, readonly string[]>();
    measuredRow.forEach((row, i) => {
      const ofGroup = group[row] ?? 0;
      let variables = names.get(ofGroup);
      if (variables === undefined) {
        variables = this.#variablesOf(groups[ofGroup] ?? '');
        names.set(ofGroup, variables);
      }
      const variable = measuredVariable[i] ?? 0;
      // The configuration of the run may be damaged. The values then go by their numbers.
      const name = `${MEASURED_PREFIX}${variables[variable] ?? variable}`;
      let column = values.get(name);
      if (column === undefined) {
        column = new Float64Array(ids.length).fill(Number.NaN);
        values.set(name, column);
      }
      column[row] = measuredValue[i] ?? Number.NaN;
    });
    return new Map([...values].map(([name, column]) => [name, numberColumn(name, valuesOf(column))]));
  }
}
