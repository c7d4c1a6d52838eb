/** The table of jobs, of which one window is known. */

import { PARAMETER_PREFIX } from '../../store/jobs/parameters.js';
import { escapeControls } from '../../text/describe.js';
import { timeOf } from '../../text/local-time.js';
import { show } from '../../text/show.js';
import { tableLines } from '../../text/table.js';
import { shortened } from '../../text/width.js';
import { headOf, usualColumns } from '../job-columns.js';
import type { Colors } from '../tables.js';
import type { JobRow, JobsWindow } from './model.js';

/** Columns of a cell; at most a third of a narrow table, so that a long name leaves room for the result. */
const MAX_CELL = 24;
const MIN_CELL = 8;
/** Parameters with a column. */
const MAX_PARAMETERS = 4;
/** Columns that are aligned at the left. */
const LEFT = ['id', 'group', 'result', 'submit', 'note'];

/** The columns of the table with these parameters. The screen of a job has its exception. */
const shownColumns = (parameters: readonly string[]) =>
  usualColumns(parameters).filter(({ name }) => name !== 'exception');

const isParameter = (name: string) => name.startsWith(PARAMETER_PREFIX);

/** The columns that are requested, of all that the run has. */
export function requestedColumns(all: readonly string[]): string[] {
  const usual = [...shownColumns([]).map(({ name }) => name), 'start'];
  const parameters = all.filter(isParameter).slice(0, MAX_PARAMETERS);
  return [...usual.filter((name) => all.length === 0 || all.includes(name)), ...parameters];
}

const numberOf = (value: unknown) => (typeof value === 'number' ? value : null);

/** An active job runs, or waits. */
export function resultWord(job: JobRow): string {
  if (job.result !== 'active') return typeof job.result === 'string' ? job.result : 'unknown';
  return numberOf(job.start) === null ? 'waiting' : 'running';
}

export function paintResult(word: string, colors: Colors): string {
  if (word === 'failed' || word === 'timeout' || word === 'refused' || word === 'lost')
    return colors.red(word);
  if (word === 'completed') return colors.green(word);
  return word === 'running' ? colors.cyan(word) : word;
}

/** How long a job has run, also one that runs. */
export function ranFor(job: JobRow, now: number): number | null {
  const [start, ran] = [numberOf(job.start), numberOf(job.duration)];
  if (ran !== null || start === null || job.result !== 'active') return ran;
  return Math.max(0, Math.round((now - start) * 10) / 10);
}

interface CellLook {
  readonly now: number;
  readonly colors: Colors;
  /** Columns of a text. */
  readonly room: number;
}

function cellOf(job: JobRow, name: string, { now, colors, room }: CellLook): string {
  if (name === 'result') return paintResult(resultWord(job), colors);
  if (name === 'duration') return show(ranFor(job, now));
  const value = job[name];
  if (value === null || value === undefined) return '-';
  if (name === 'submit' && typeof value === 'number') return timeOf(value);
  if (typeof value === 'number') return show(value);
  return shortened(escapeControls(String(value)), room);
}

export interface JobLines {
  readonly title: string;
  /** One for each row of the window. */
  readonly lines: readonly string[];
}

/** The lines of the table. */
export function jobLines(
  { rows, columns }: JobsWindow,
  width: number,
  now: number,
  colors: Colors,
): JobLines {
  const room = Math.min(MAX_CELL, Math.max(MIN_CELL, Math.floor(width / 3)));
  const shown = shownColumns(columns.filter(isParameter));
  const table = {
    columns: shown.map((each) => headOf(each, LEFT.includes(each.name))),
    rows: rows.map((job) => shown.map(({ name }) => cellOf(job, name, { now, colors, room }))),
  };
  const [title = '', ...lines] = tableLines(table, { width, narrow: 'drop', bold: colors.bold });
  return { title, lines };
}
