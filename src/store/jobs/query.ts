/** Selects and sorts jobs of a table. */

import { EnsembleError } from '../../errors.js';
import { quote } from '../../text/describe.js';
import { didYouMean, thereAre } from '../../text/suggest.js';
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

function sortRows(table: JobTable, rows: Uint32Array, sort: string): void {
  const { name, descending } = parseSort(sort);
  const column = table.column(name);
  const sign = descending ? -1 : 1;
  // Keys are read once for each row, not for each comparison. Equal rows keep their order.
  const numbers = new Float64Array(table.length);
  const texts: (string | null)[] | null = column.kind === 'number' ? null : [];
  for (const row of rows) {
    numbers[row] = column.number(row);
    if (texts !== null) texts[row] = column.text(row);
  }
  rows.sort((a, b) => {
    const [first, second] = [numbers[a] as number, numbers[b] as number];
    if (first < second) return -sign;
    if (first > second) return sign;
    if (first === second) return a - b;
    if (texts === null) {
      const missing = Number(Number.isNaN(first)) - Number(Number.isNaN(second));
      return missing || a - b;
    }
    const [one, other] = [texts[a] ?? null, texts[b] ?? null];
    if (one === null || other === null) return Number(one === null) - Number(other === null) || a - b;
    return sign * compareTexts(one, other) || a - b;
  });
}
