/** The query of the jobs table, and the pages that have been visited. */

export interface JobsQuery {
  readonly where: string;
  readonly group: string;
  readonly result: string;
  /** A column, with `:desc` for the opposite order; empty for the order of submission. */
  readonly sort: string;
}

export const EMPTY_QUERY: JobsQuery = { where: '', group: '', result: '', sort: '' };

export const RESULT_NAMES = [
  'active',
  'completed',
  'failed',
  'timeout',
  'refused',
  'canceled',
  'lost',
  'unknown',
] as const;

/** The query with another order by a column: first rising, then falling, then that of submission. */
export function sortedBy(query: JobsQuery, column: string): JobsQuery {
  const next = { [column]: `${column}:desc`, [`${column}:desc`]: '' }[query.sort] ?? column;
  return { ...query, sort: next };
}

/** The order of a column, as `aria-sort` has it. */
export function orderOf({ sort }: JobsQuery, column: string): 'ascending' | 'descending' | 'none' {
  if (sort === column) return 'ascending';
  return sort === `${column}:desc` ? 'descending' : 'none';
}

/** Parameters whose columns are shown. */
const MOST_PARAMETERS = 4;

/** Columns that can't be part of a query's columns come last. */
export function shownColumns(all: readonly string[]): string[] {
  const parameters = all.filter((name) => name.startsWith('parameters.')).slice(0, MOST_PARAMETERS);
  const usual = ['id', 'group', 'index', 'result', 'submit', 'pending', 'duration', 'exit'];
  return [...usual.filter((name) => all.includes(name)), ...parameters];
}
