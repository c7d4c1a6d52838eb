/** What is kept of the tables of a run, and of one column of them, however many rows there are. */

export class Column {
  /** Rows whose value is a number. */
  count = 0;
  first = Number.NaN;
  /** Of the last row, also where it is no number. */
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
    // Welford's form, which loses nothing over millions of rows.
    this.mean += (value - this.mean) / this.count;
  }

  /** How far the last row is from the first, relative to the first: 0.01 is a percent. */
  get drift(): number {
    if (this.last === this.first) return 0;
    return Math.abs(this.last - this.first) / Math.abs(this.first);
  }
}

/** Nobody prints so many; a file that is no log might. */
const MOST_COLUMNS = 1 << 16;

/** The tables of one run, or of all. */
export class Run {
  rows = 0;
  /** Rows with a value that is no number: LAMMPS prints `nan` and `inf` once a system has blown up. */
  brokenRows = 0;
  /** By their names, as the log has them: `Temp`, `TotEng`, `c_msd[4]`. */
  readonly columns = new Map<string, Column>();

  add(names: readonly string[], values: readonly number[]): void {
    this.rows++;
    if (!values.every(Number.isFinite)) this.brokenRows++;
    for (const [index, name] of names.entries()) this.#column(name)?.add(values[index] ?? Number.NaN);
  }

  #column(name: string): Column | null {
    const column = this.columns.get(name);
    if (column !== undefined) return column;
    if (this.columns.size === MOST_COLUMNS) return null;
    const added = new Column();
    this.columns.set(name, added);
    return added;
  }
}
