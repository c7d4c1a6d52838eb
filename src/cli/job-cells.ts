/** Jobs as tables for the terminal. */

import { type JobsOfValue, STATISTICS } from '../store/jobs/by.js';
import type { JobColumn } from '../store/jobs/column.js';
import { FAILED } from '../store/jobs/results.js';
import type { JobTable } from '../store/jobs/table.js';
import { escapeControls } from '../text/describe.js';
import { timeOf } from '../text/local-time.js';
import { show } from '../text/show.js';
import type { Column, Table } from '../text/table.js';
import { shortened } from '../text/width.js';
import { headOf, type TitledColumn } from './job-columns.js';
import type { Colors } from './tables.js';

/** Columns of a cell that may be long. */
const MAX_CELL = 32;

export interface ShownColumn extends TitledColumn {
  readonly column: JobColumn;
}

/** The columns of a table with these titles. Throws EnsembleError `ERR_RUN` for an unknown name. */
export function shownColumns(table: JobTable, titled: readonly TitledColumn[]): ShownColumn[] {
  return titled.map((each) => ({ ...each, column: table.column(each.name) }));
}

function cellOf(column: JobColumn, row: number, whole: boolean, colors: Colors): string {
  const number = column.number(row);
  if (column.unit === 'time') return Number.isNaN(number) ? '-' : timeOf(number);
  if (column.unit === 'seconds') return show(Number.isNaN(number) ? null : number);
  const text = column.text(row);
  if (text === null) return '-';
  const escaped = escapeControls(text);
  const cell = whole ? escaped : shortened(escaped, MAX_CELL);
  return column.name === 'result' && (FAILED as readonly string[]).includes(text) ? colors.red(cell) : cell;
}

/** `whole`: no cell is shortened. */
export function jobTable(
  shown: readonly ShownColumn[],
  rows: Uint32Array,
  whole: boolean,
  colors: Colors,
): Table {
  return {
    columns: shown.map((each) => headOf(each, each.column.kind === 'text' || each.column.unit === 'time')),
    rows: Array.from(rows, (row) => shown.map(({ column }) => cellOf(column, row, whole, colors))),
  };
}

/** Counts and durations in seconds for each value of a column. */
export function byTable(name: string, values: readonly JobsOfValue[]): Table {
  const number = (value: number) => show(Number.isNaN(value) ? null : value);
  return {
    columns: [
      { title: escapeControls(name), align: 'left' },
      ...STATISTICS.map((title): Column => ({ title, align: 'right' })),
    ],
    rows: values.map((each) => [
      each.value === null ? '-' : escapeControls(each.value),
      ...STATISTICS.map((key) =>
        key === 'count' || key === 'failed' ? String(each[key]) : number(each[key]),
      ),
    ]),
  };
}
