/** The bars of jobs over time. Places are in percent of the width. */

import type { TimelineResource } from '../api/types.js';
import { formatValue } from '../format/text.js';
import { formatSeconds, formatTime } from '../format/times.js';

type Job = TimelineResource['latest'][number];

export type BarKind = 'success' | 'failed' | 'canceled' | 'running' | 'unknown';

export interface Piece {
  readonly left: number;
  readonly width: number;
}

export interface GanttRow {
  readonly id: string;
  readonly group: string;
  readonly kind: BarKind;
  /** Null where it did not wait in the time that is shown. */
  readonly pending: Piece | null;
  /** Null for a job that has not started. */
  readonly running: Piece | null;
  /** The row in words. */
  readonly text: string;
}

export interface Gantt {
  /** Seconds since the epoch. */
  readonly begin: number;
  readonly end: number;
  readonly rows: readonly GanttRow[];
}

const KINDS: Readonly<Record<string, BarKind>> = {
  active: 'running',
  completed: 'success',
  failed: 'failed',
  timeout: 'failed',
  refused: 'failed',
  lost: 'failed',
  canceled: 'canceled',
};
/** The part of the width in which jobs may wait before the first start. */
const BEFORE = 0.15;

const rounded = (percent: number) => Number(percent.toFixed(3));
const timeOf = (job: Job, name: string) => (typeof job[name] === 'number' ? (job[name] as number) : null);

/** The bars of these jobs until a time, in seconds since the epoch; null without a job. */
export function ganttOf(jobs: readonly Job[], until: number): Gantt | null {
  const all = (name: string) => jobs.map((job) => timeOf(job, name)).filter((time) => time !== null);
  const submits = all('submit');
  if (submits.length === 0) return null;
  // The time after the last end of a job would only make the bars narrow.
  const isOpen = jobs.some((job) => job.result === 'active');
  const end = Math.max(...(isOpen ? [until] : []), ...all('finish'), ...all('start'), ...submits);
  const firstSubmit = Math.min(...submits);
  const firstStart = Math.min(end, ...all('start'));
  // A job may have waited for hours; its bar is cut off at the left.
  const shown = Math.max(1e-3, end - firstStart) / (1 - BEFORE);
  const begin = firstStart === end ? firstSubmit : Math.max(firstSubmit, end - shown);
  const span = Math.max(1e-3, end - begin);
  const piece = (from: number, to: number): Piece | null => {
    const left = Math.max(0, (from - begin) / span);
    const right = Math.min(1, (to - begin) / span);
    return right < left ? null : { left: rounded(100 * left), width: rounded(100 * (right - left)) };
  };
  return { begin, end, rows: jobs.map((job) => rowOf(job, end, piece)) };
}

function rowOf(job: Job, end: number, piece: (from: number, to: number) => Piece | null): GanttRow {
  const [id, group, result] = [formatValue(job.id), formatValue(job.group), formatValue(job.result)];
  const [submit, start, finish] = [timeOf(job, 'submit'), timeOf(job, 'start'), timeOf(job, 'finish')];
  const isActive = result === 'active';
  // The end of a job may be unknown.
  const last = finish ?? (isActive ? end : start);
  const waited = submit === null ? null : (start ?? finish ?? (isActive ? end : submit)) - submit;
  const word = !isActive ? result : start === null ? 'pending' : 'running';
  const facts = [
    word,
    ...(submit === null ? [] : [`submitted at ${formatTime(submit)}`]),
    ...(waited === null ? [] : [`pending ${formatSeconds(waited)}`]),
    ...(start === null || last === null
      ? []
      : [`${isActive ? 'running' : 'ran'} ${formatSeconds(last - start)}`]),
  ];
  return {
    id,
    group,
    kind: KINDS[result] ?? 'unknown',
    pending: submit === null || waited === null || waited <= 0 ? null : piece(submit, submit + waited),
    running: start === null || last === null ? null : piece(start, last),
    text: `${id} of ${group}: ${facts.join(', ')}`,
  };
}
