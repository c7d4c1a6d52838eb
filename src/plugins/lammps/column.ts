/** What is kept of one column of thermodynamic output, however many rows there are. */

export class Column {
  /** Rows whose value is a number. */
  count = 0;
  /** Rows whose value is none: LAMMPS prints `nan` and `inf` once a system has blown up. */
  broken = 0;
  first = Number.NaN;
  /** Of the last row, also where it is no number. */
  last = Number.NaN;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  mean = 0;

  add(value: number): void {
    this.last = value;
    if (!Number.isFinite(value)) {
      this.broken++;
      return;
    }
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

/** Columns by their names, as the log has them: `Temp`, `TotEng`, `c_msd[4]`. */
export type Columns = Map<string, Column>;

/** Nobody prints so many; a file that is no log might. */
const MOST_COLUMNS = 4096;

export function addRow(columns: Columns, names: readonly string[], values: readonly number[]): void {
  for (const [index, name] of names.entries()) {
    let column = columns.get(name);
    if (column === undefined) {
      if (columns.size === MOST_COLUMNS) return;
      column = new Column();
      columns.set(name, column);
    }
    column.add(values[index] ?? Number.NaN);
  }
}
