/** Mistakes in files of rows. */

/** The place of a mistake in a file of rows. */
export interface RowPlace {
  readonly path: string;
  /** Line of the file, or row of a Parquet file, counted from 1; null for the file as a whole. */
  readonly line: number | null;
  /** Number of the column, counted from 1, and its name; null for the whole line. */
  readonly column: number | null;
  readonly name: string | null;
}

/** A mistake in a file of rows, or a file that can't be read. */
export class RowError extends Error {
  readonly place: RowPlace;
  /** The mistake without its place. */
  readonly reason: string;

  constructor(place: RowPlace, reason: string, options?: ErrorOptions) {
    super(`${describePlace(place)}: ${reason}`, options);
    this.place = place;
    this.reason = reason;
  }
}

/** The place in words: `samples.csv, line 7, column 2 (pressure)`. */
function describePlace({ path, line, column, name }: RowPlace): string {
  const unit = path.endsWith('.parquet') ? 'row' : 'line';
  const where = line === null ? '' : `, ${unit} ${line}`;
  const which = column === null ? '' : `, column ${column}`;
  return `${path}${where}${which}${name === null ? '' : ` (${name})`}`;
}
