/** Columns of values that only some jobs have. The log has the values by rows and by the numbers of their names. */

import type { NativeJobColumns } from '../../engine/addon.js';
import type { JobColumn } from './column.js';

/** Returns the names of a group's values, in the order of their numbers. */
export type NamesOf = (group: string) => readonly string[];

/** They are read at their first use. */
export abstract class SparseColumns {
  protected readonly jobs: NativeJobColumns;
  readonly #prefix: string;
  readonly #namesOf: NamesOf;
  #columns: ReadonlyMap<string, JobColumn> | null = null;

  /** Names of the columns begin with `prefix`. */
  constructor(prefix: string, jobs: NativeJobColumns, namesOf: NamesOf) {
    this.jobs = jobs;
    this.#prefix = prefix;
    this.#namesOf = namesOf;
  }

  /** The columns' names, in the order of the first job that has each. */
  get names(): string[] {
    return [...this.#all.keys()];
  }

  /** Returns the column with this name; null for another name, and for a value that no job has. */
  column(name: string): JobColumn | null {
    return name.startsWith(this.#prefix) ? (this.#all.get(name) ?? null) : null;
  }

  /** Reads all columns by their names. `nameOf` returns the name of the column of a value. */
  protected abstract read(
    nameOf: (row: number, value: number) => string,
  ): Iterable<readonly [name: string, column: JobColumn]>;

  get #all(): ReadonlyMap<string, JobColumn> {
    this.#columns ??= new Map(this.read(this.#names()));
    return this.#columns;
  }

  #names(): (row: number, value: number) => string {
    const { groups, group } = this.jobs;
    const known = new Map<number, readonly string[]>();
    return (row, value) => {
      const ofGroup = group[row] ?? 0;
      let names = known.get(ofGroup);
      if (names === undefined) {
        names = this.#namesOf(groups[ofGroup] ?? '').map((name) => `${this.#prefix}${name}`);
        known.set(ofGroup, names);
      }
      // The configuration of the run may be damaged. The values then go by their numbers.
      return names[value] ?? `${this.#prefix}${value}`;
    };
  }
}
