/** Types of the columns of jobs in files and databases. */

import type { JobColumn } from './column.js';

/** Columns of whole numbers. */
const INTEGERS = new Set([
  'entry',
  'attempt',
  'rule',
  'firing',
  'part',
  'index',
  'exit',
  'status',
  'nodes',
  'tasks',
]);

export type ColumnType = 'STRING' | 'TIMESTAMP' | 'INT64' | 'DOUBLE';

/** The type of all values of a column; a parameter with numbers and texts is one of texts. */
export function typeOf(column: JobColumn, rows: Uint32Array): ColumnType {
  const { name, kind, unit } = column;
  const isText = (row: number) => Number.isNaN(column.number(row)) && column.text(row) !== null;
  if (kind === 'text' || (kind === 'any' && rows.some(isText))) return 'STRING';
  if (unit === 'time') return 'TIMESTAMP';
  return INTEGERS.has(name) ? 'INT64' : 'DOUBLE';
}
