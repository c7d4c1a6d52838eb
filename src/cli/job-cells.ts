/** Jobs as tables for the terminal. */

import { type JobsOfValue, STATISTICS } from '../store/jobs/by.js';
import type { JobColumn } from '../store/jobs/column.js';
import { PARAMETER_PREFIX } from '../store/jobs/parameters.js';
import { FAILED } from '../store/jobs/results.js';
import type { JobTable } from '../store/jobs/table.js';
import { escapeControls } from '../text/describe.js';
import { timeOf } from '../text/local-time.js';
import { show } from '../text/show.js';
import type { Column, Table } from '../text/table.js';
import { shortened } from '../text/width.js';
import type { Colors } from './tables.js';

/** Columns of a cell that may be long. */
const MAX_CELL = 32;

/** Columns that are shown without `--columns`; a narrow table leaves out those with the highest number first. */
const SHOWN: readonly (readonly [name: string, spare: number | null])[] = [
  ['id', null],
  ['group', null],
  ['result', null],
  ['exit', 1],
  ['duration', 2],
  ['pending', 5],
  ['submit', 6],
  ['attempt', 7],
  ['exception', 8],
  ['note', 9],
];
const PARAMETER_SPARE = 3;

export interface ShownColumn {
  readonly column: JobColumn;
  readonly title: string;
  readonly spare: number | null;
}

/** The columns without `--columns`: the most important facts, and all parameters. */
export function usualColumns(table: JobTable): ShownColumn[] {
  const parameters = table.parameterNames;
  const shown: ShownColumn[] = SHOWN.map(([title, spare]) => ({ column: table.column(title), title, spare }));
  const ofParameters = parameters.map((name, i) => ({
    column: table.column(name),
    title: name.slice(PARAMETER_PREFIX.length),
    // The last ones are left out first.
    spare: PARAMETER_SPARE + i / parameters.length,
  }));
  shown.splice(3, 0, ...ofParameters);
  return shown;
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
    columns: shown.map(({ column, title: plain, spare }): Column => {
      const { name, kind } = column;
      const title = escapeControls(plain);
      const isLeft = kind === 'text' || column.unit === 'time';
      const nothing = name === 'attempt' ? '0' : '-';
      return { title, align: isLeft ? 'left' : 'right', ...(spare === null ? {} : { spare, nothing }) };
    }),
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
