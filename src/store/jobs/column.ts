/** Columns of the table of jobs. A cell is computed when it is read, so a column of a million jobs takes no memory. */

export interface JobColumn {
  readonly name: string;
  /** `any`: numbers in some rows, texts in others. */
  readonly kind: 'number' | 'text' | 'any';
  /** The meaning of its numbers: seconds since the epoch, or seconds. */
  readonly unit: 'time' | 'seconds' | null;
  /** The number of a row; NaN where it is unknown or a text. */
  number(row: number): number;
  /** The text of a row, also of a number; null where it is unknown. */
  text(row: number): string | null;
  /** The cell as JSON text. */
  json(row: number): string;
}

/** A column of numbers; NaN where one is unknown. */
export function numberColumn(
  name: string,
  number: (row: number) => number,
  unit: JobColumn['unit'] = null,
): JobColumn {
  return {
    name,
    kind: 'number',
    unit,
    number,
    text: (row) => {
      const value = number(row);
      return Number.isNaN(value) ? null : String(value);
    },
    json: (row) => {
      const value = number(row);
      return Number.isFinite(value) ? String(value) : 'null';
    },
  };
}

/** A column of texts; null where one is unknown. */
export function textColumn(name: string, text: (row: number) => string | null): JobColumn {
  return {
    name,
    kind: 'text',
    unit: null,
    number: () => Number.NaN,
    text,
    json: (row) => JSON.stringify(text(row)),
  };
}

/** Returns the numbers of an array; `unknown` stands for a missing one. */
export function known(values: Int32Array | Uint32Array, unknown: number): (row: number) => number {
  return (row) => {
    const value = values[row];
    return value === undefined || value === unknown ? Number.NaN : value;
  };
}

/** Returns the numbers of an array in which NaN stands for a missing one. */
export function valuesOf(values: Float64Array): (row: number) => number {
  return (row) => values[row] ?? Number.NaN;
}
