/** The rows of an entry's parameters, which are made as they are taken. */

import { countRows, tablesOfValues } from '../language/sweep.js';
import type { Sweep } from '../model/ensemble.js';
import type { Row } from '../model/written.js';
import { rowsOfFile } from './file.js';

/** The rows of one table after the other. A table is taken in full before the next one. */
export type Tables = Generator<Iterable<Row>, never, void>;

/** Returns the tables of a sweep: that of the configuration, then those of later rounds. Taking rows throws RowError. */
export function* tablesOf(sweep: Sweep): Tables {
  if (sweep.kind === 'values') return yield* tablesOfValues(sweep);
  for (;;) yield rowsOfFile(sweep.file);
}

/** Returns the rows of the configuration. Taking them throws RowError. */
export function firstTable(sweep: Sweep): Iterable<Row> {
  return tablesOf(sweep).next().value;
}

/** The number of rows of a table; null where it is unknown before they are read. */
export function knownRows(sweep: Sweep): number | null {
  if (sweep.kind === 'values') return countRows(sweep);
  const { rows, first, last, where } = sweep.file;
  if (rows === null || where !== null) return null;
  return Math.max(0, Math.min(rows, last ?? rows) - first + 1);
}
