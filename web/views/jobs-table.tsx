/** A page of jobs. */

import type { JobsPage } from '../api/types.js';
import { formatNumber } from '../format/numbers.js';
import { formatValue } from '../format/text.js';
import { formatSeconds, formatTime } from '../format/times.js';
import { type JobsQuery, orderOf, shownColumns, sortedBy } from '../store/jobs-query.js';

type Job = JobsPage['jobs'][number];

const MARKS = { ascending: ' ▲', descending: ' ▼', none: '' } as const;
const KINDS: Readonly<Record<string, string>> = {
  completed: 'good-text',
  failed: 'bad',
  timeout: 'bad',
  refused: 'bad',
  lost: 'bad',
};

/** The value of a column. A parameter is in the object `parameters`. */
export function cellValue(job: Job, column: string): unknown {
  const [, name] = /^parameters\.(.*)$/.exec(column) ?? [];
  const parameters = job.parameters as Readonly<Record<string, unknown>> | null | undefined;
  return name === undefined || column in job ? job[column] : parameters?.[name];
}

function cellText(column: string, value: unknown): string {
  if (typeof value !== 'number') return formatValue(value);
  if (column === 'submit' || column === 'start' || column === 'finish') return formatTime(value);
  return column === 'pending' || column === 'duration' ? formatSeconds(value) : formatNumber(value);
}

interface TableProps {
  readonly page: JobsPage;
  readonly query: JobsQuery;
  readonly change: (query: JobsQuery) => void;
  readonly open: (job: string) => void;
}

export function JobsTable({ page, query, change, open }: TableProps) {
  const columns = shownColumns(page.columns);
  const isNumber = (column: string) => page.jobs.some((job) => typeof cellValue(job, column) === 'number');
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a keyboard scrolls the table only when it can have the focus
    <section class="scrolls" tabIndex={0} aria-label="Table of jobs">
      <table class="plain jobs">
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column}
                scope="col"
                aria-sort={orderOf(query, column)}
                class={isNumber(column) ? 'number' : ''}
              >
                <button type="button" class="quiet" onClick={() => change(sortedBy(query, column))}>
                  {column.replace(/^parameters\./, '')}
                  <span aria-hidden="true">{MARKS[orderOf(query, column)]}</span>
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {page.jobs.map((job, row) => (
            <tr key={`${job.id} ${row}`}>
              {columns.map((column) => (
                <td key={column} class={isNumber(column) ? 'number' : ''}>
                  {column === 'id' ? (
                    <button type="button" class="link" onClick={() => open(String(job.id))}>
                      {String(job.id)}
                    </button>
                  ) : (
                    <span class={column === 'result' ? (KINDS[String(job.result)] ?? '') : ''}>
                      {cellText(column, cellValue(job, column))}
                    </span>
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
