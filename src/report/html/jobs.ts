/** The slowest jobs, and the failed jobs. */

import { hasFailed } from '../../store/jobs/results.js';
import type { JobTable } from '../../store/jobs/table.js';
import type { ReportContent, Section } from './content.js';
import type { JobFigures } from './figures.js';
import { type Html, html } from './html.js';
import { cut, type HtmlColumn, left, leftOut, right, span, stamp, table } from './parts.js';

const SLOWEST = 20;
const FAILED = 100;
/** Characters of a cell. */
const MAX_CELL = 160;

function jobsTable(caption: string, jobs: JobTable, rows: readonly number[]): Html {
  const text = (name: string) => (row: number) => cut(jobs.column(name).text(row) ?? '-', MAX_CELL);
  const seconds = (name: string) => (row: number) => span(jobs.column(name).number(row));
  const columns: readonly (readonly [HtmlColumn, (row: number) => string])[] = [
    [left('job'), text('id')],
    [left('group'), text('group')],
    [left('result'), text('result')],
    [right('exit'), text('exit')],
    [right('duration'), seconds('duration')],
    [right('pending'), seconds('pending')],
    [left('start'), (row) => timeText(jobs.column('start').number(row))],
    [left('host'), text('hosts')],
    [left('parameters'), (row) => parametersText(jobs.parametersOf(row))],
    [left('note'), text('note')],
  ];
  const used = columns.filter(
    ([{ title }, cell]) => title === 'job' || rows.some((row) => !isEmpty(cell(row))),
  );
  return table(
    caption,
    used.map(([column]) => column),
    rows.map((row) => used.map(([, cell]) => cell(row))),
  );
}

const isEmpty = (text: string) => text === '-' || text === '';
const timeText = (seconds: number) => (Number.isNaN(seconds) ? '-' : stamp(seconds));

function parametersText(json: string): string {
  const all = Object.entries(JSON.parse(json) as Record<string, unknown>);
  const text = all.map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return cut(text.join(' '), MAX_CELL);
}

/** The rows with the largest values, the largest first; NaN is left out. */
function largest(rows: Uint32Array, most: number, value: (row: number) => number): number[] {
  const values = Float64Array.from(rows, value).filter((each) => !Number.isNaN(each));
  const limit = values.sort().at(-most) ?? values[0] ?? Number.POSITIVE_INFINITY;
  return [...rows.filter((row) => value(row) >= limit)]
    .sort((a, b) => value(b) - value(a) || a - b)
    .slice(0, most);
}

export function slowestJobsSection({ table: jobs }: ReportContent, { last }: JobFigures): Section {
  const duration = jobs.column('duration');
  const rows = largest(last, SLOWEST, (row) => duration.number(row));
  return {
    id: 'slowest',
    title: 'Slowest jobs',
    body:
      rows.length === 0
        ? html`<p>No job has ended.</p>`
        : html`${jobsTable(`The ${rows.length} jobs with the longest duration`, jobs, rows)}`,
  };
}

export function failedJobsSection({ table: jobs }: ReportContent, { last }: JobFigures): Section {
  const all = last.filter((row) => hasFailed(jobs.jobs.result[row]));
  const rows = [...all.subarray(0, FAILED)];
  return {
    id: 'failed',
    title: 'Failed jobs',
    body:
      rows.length === 0
        ? html`<p>No job failed.</p>`
        : html`${jobsTable('Failed jobs, in the order of their submission', jobs, rows)}${leftOut(
            rows.length,
            all.length,
            'failed jobs',
            'ensemble jobs --result failed',
          )}`,
  };
}
