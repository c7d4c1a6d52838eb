/** Selects and sorts jobs of a table. */

import { EnsembleError } from '../../errors.js';
import { quote } from '../../text/describe.js';
import { didYouMean, thereAre } from '../../text/suggest.js';
import type { JobColumn } from './column.js';
import { FAILED, type JobResult, RESULTS } from './results.js';
import type { JobTable } from './table.js';
import { compileWhere } from './where.js';

export interface JobQuery {
  /** Only jobs of these groups. */
  readonly groups?: readonly string[];
  /** Only jobs with these results. `failed` includes `timeout` and `refused`. */
  readonly results?: readonly string[];
  /** Only jobs that satisfy an expression: `duration > 1h and parameters.T >= 400`. */
  readonly where?: string;
  /** A column by which jobs are sorted, `duration` or `duration:desc`; unknown values are last. */
  readonly sort?: string;
  /** Maximum number of jobs. */
  readonly limit?: number;
}

/** Returns the indexes of the jobs, all that match without the limit. Throws EnsembleError `ERR_RUN`. */
export function selectJobs(table: JobTable, query: Omit<JobQuery, 'limit'>): Uint32Array {
  const { groups, results, where, sort } = query;
  const group = groups === undefined ? null : groupsOf(table, groups);
  const result = results === undefined ? null : resultsOf(results);
  const matches = where === undefined ? null : compileWhere(where, table);
  const rows = new Uint32Array(table.length);
  const { jobs } = table;
  let count = 0;
  for (let row = 0; row < table.length; row++) {
    if (group !== null && group[jobs.group[row] ?? 0] !== true) continue;
    if (result !== null && !result.has(jobs.result[row] ?? 0)) continue;
    if (matches !== null && !matches(row)) continue;
    rows[count++] = row;
  }
  const found = rows.subarray(0, count);
  if (sort !== undefined) sortRows(table, found, sort);
  return found;
}

/** For each group of the table, whether it is one of the names. */
function groupsOf({ jobs }: JobTable, names: readonly string[]): boolean[] {
  for (const name of names) {
    if (jobs.groups.includes(name)) continue;
    const hint = jobs.groups.length === 0 ? '' : didYouMean(name, jobs.groups) || thereAre(jobs.groups);
    throw new EnsembleError('ERR_RUN', `this run has no job of group ${quote(name)}${hint}`);
  }
  return jobs.groups.map((name) => names.includes(name));
}

function resultsOf(names: readonly string[]): ReadonlySet<number> {
  const found = new Set<number>();
  for (const name of names) {
    const isKnown = (RESULTS as readonly string[]).includes(name);
    if (!isKnown) {
      const hint = didYouMean(name, RESULTS) || thereAre(RESULTS);
      throw new EnsembleError('ERR_RUN', `unknown result ${quote(name)}${hint}`);
    }
    for (const result of name === 'failed' ? FAILED : [name as JobResult]) found.add(RESULTS.indexOf(result));
  }
  return found;
}

/** Splits `duration:desc`. */
export function parseSort(sort: string): { readonly name: string; readonly descending: boolean } {
  const [, name = sort, direction = 'asc'] = /^(.*):(asc|desc)$/s.exec(sort) ?? [];
  return { name, descending: direction === 'desc' };
}

/** Compares texts, and numbers within them by their values. */
export const compareTexts = new Intl.Collator('en', { numeric: true }).compare;

/**
 * The order of two values of a column, unknown ones last; 0 for equal ones. The number of a text is NaN, and a column of
 * numbers has no texts. Values are arguments of their own, because objects for each row would take longer than the sort.
 */
function compareValues(
  first: number,
  firstText: string | null,
  second: number,
  secondText: string | null,
  sign: 1 | -1,
): number {
  if (first < second) return -sign;
  if (first > second) return sign;
  if (first === second) return 0;
  const isMissing = (number: number, text: string | null) => Number.isNaN(number) && text === null;
  const missing = Number(isMissing(first, firstText)) - Number(isMissing(second, secondText));
  if (missing !== 0 || firstText === null || secondText === null) return missing;
  return sign * compareTexts(firstText, secondText);
}

/** The text of a row in a column by which rows are sorted. */
function sortText(column: JobColumn, row: number): string | null {
  return column.kind === 'number' ? null : column.text(row);
}

function sortRows(table: JobTable, rows: Uint32Array, sort: string): void {
  const { name, descending } = parseSort(sort);
  const column = table.column(name);
  const sign = descending ? -1 : 1;
  // Values are read once for each row, not for each comparison. Equal rows keep their order.
  const numbers = new Float64Array(table.length);
  const texts: (string | null)[] | null = column.kind === 'number' ? null : [];
  for (const row of rows) {
    numbers[row] = column.number(row);
    if (texts !== null) texts[row] = column.text(row);
  }
  const textOf = (row: number) => texts?.[row] ?? null;
  rows.sort(
    (a, b) => compareValues(numbers[a] as number, textOf(a), numbers[b] as number, textOf(b), sign) || a - b,
  );
}

/** A place in sorted rows. It is found again after other rows have come, or have changed. */
export interface RowPlace {
  readonly row: number;
  /** The value by which the row is sorted; null for an unknown one, and without an order. */
  readonly key: number | string | null;
}

/** The place of a row. */
export function placeOf(table: JobTable, row: number, sort: string | undefined): RowPlace {
  if (sort === undefined) return { row, key: null };
  const column = table.column(parseSort(sort).name);
  const number = column.number(row);
  return { row, key: Number.isNaN(number) ? sortText(column, row) : number };
}

/** Returns the index of the first of the sorted rows after a place. */
export function indexAfter(
  table: JobTable,
  rows: Uint32Array,
  sort: string | undefined,
  { row, key }: RowPlace,
): number {
  const { name, descending } = parseSort(sort ?? '');
  const column = sort === undefined ? null : table.column(name);
  const number = typeof key === 'number' ? key : Number.NaN;
  const text = key === null || column?.kind === 'number' ? null : String(key);
  const orderTo = (other: number) =>
    column === null
      ? 0
      : compareValues(number, text, column.number(other), sortText(column, other), descending ? -1 : 1);
  const isAfter = (other: number) => {
    const order = orderTo(other);
    return order < 0 || (order === 0 && row < other);
  };
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isAfter(rows[middle] as number)) high = middle;
    else low = middle + 1;
  }
  return low;
}
