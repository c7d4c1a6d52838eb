/** Tables as CSV and as JSON lines, piece by piece. */

import type { JobColumn } from './column.js';
import { PARAMETER_PREFIX } from './parameters.js';
import type { JobTable } from './table.js';

/** All columns, in a table that has a column for each parameter. */
export function allColumns(table: JobTable): JobColumn[] {
  return table.names.map((name) => table.column(name));
}

/** All columns but those of parameters, which JSON has in one object. */
export function plainColumns(table: JobTable): JobColumn[] {
  return allColumns(table).filter(({ name }) => !name.startsWith(PARAMETER_PREFIX));
}

/** A field of CSV (RFC 4180): in quotes where it has a comma, a quote or a line break. */
export function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Yields lines of CSV, titles first. An unknown value is an empty field, and an empty text is `""`. */
export function* csvLines(rows: Iterable<number>, columns: readonly JobColumn[]): Generator<string> {
  yield columns.map(({ name }) => csvField(name)).join(',');
  for (const row of rows) {
    yield columns
      .map((column) => {
        const text = column.text(row);
        return text === '' ? '""' : csvField(text ?? '');
      })
      .join(',');
  }
}

/** Yields a JSON object for each job. All parameters are in one object where `columns` has none of them. */
export function* jsonLines(
  table: JobTable,
  rows: Iterable<number>,
  columns: readonly JobColumn[],
  withParameters: boolean,
): Generator<string> {
  const keys = columns.map(({ name }) => JSON.stringify(name));
  for (const row of rows) {
    const members = columns.map((column, i) => `${keys[i]}:${column.json(row)}`);
    if (withParameters) members.push(`"parameters":${table.parametersOf(row)}`);
    yield `{${members.join(',')}}`;
  }
}
