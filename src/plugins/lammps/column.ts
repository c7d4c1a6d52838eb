/** Summaries of the tables of a run, in constant memory for any number of rows. */

export class Column {
  /** Rows whose value is a number. */
  count = 0;
  first = Number.NaN;
  /** Value of the last row; NaN if it is not a number. */
  last = Number.NaN;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  mean = 0;

  add(value: number): void {
    this.last = value;
    if (!Number.isFinite(value)) return;
    if (this.count === 0) this.first = value;
    this.count++;
    this.min = Math.min(this.min, value);
    this.max = Math.max(this.max, value);
    // Welford's form, which keeps its precision over millions of rows.
    this.mean += (value - this.mean) / this.count;
  }

  /** Difference of the last row from the first, relative to the first: 0.01 is one percent. */
  get drift(): number {
    if (this.last === this.first) return 0;
    return Math.abs(this.last - this.first) / Math.abs(this.first);
  }
}

/** Limits memory for a file that is not a log. */
const MAX_COLUMNS = 1 << 16;

/** The tables of one run, or of all runs. */
export class Run {
  rows = 0;
  /** Rows with a value that is not a number. LAMMPS prints `nan` and `inf` after a system has blown up. */
  brokenRows = 0;
  /** By their names in the log: `Temp`, `TotEng`, `c_msd[4]`. */
  readonly columns = new Map<string, Column>();

  add(names: readonly string[], values: readonly number[]): void {
    this.rows++;
    if (!values.every(Number.isFinite)) this.brokenRows++;
    for (const [index, name] of names.entries()) this.#column(name)?.add(values[index] ?? Number.NaN);
  }

  #column(name: string): Column | null {
    const column = this.columns.get(name);
    if (column !== undefined) return column;
    if (this.columns.size === MAX_COLUMNS) return null;
    const added = new Column();
    this.columns.set(name, added);
    return added;
  }
}
