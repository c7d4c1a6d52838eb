/** Numbers of a run's jobs that several sections show. They are computed once, from columns. */

import { lastAttempts } from '../../store/jobs/last-attempts.js';
import {
  intervalsOf,
  type Occupation,
  occupationOf,
  type Span,
  spanOf,
} from '../../store/jobs/occupation.js';
import { quantile } from '../../store/jobs/quantile.js';
import { hasFailed, RESULTS } from '../../store/jobs/results.js';
import type { JobTable } from '../../store/jobs/table.js';
import type { ReportContent } from './content.js';

/** Times of a group's jobs, ascending, in seconds. */
export interface Times {
  readonly values: Float64Array;
  readonly mean: number;
  /** The quantile; NaN without a value. */
  at(q: number): number;
}

/** A number that probes measured or jobs told, of a group. */
export interface MeasuredFigures {
  readonly name: string;
  readonly values: Times;
}

export interface GroupFigures {
  readonly name: string;
  /** Jobs; attempts of one job count once. */
  readonly jobs: number;
  readonly failed: number;
  /** Submissions. */
  readonly attempts: number;
  readonly duration: Times;
  readonly pending: Times;
  /** The last value of each job. */
  readonly measured: readonly MeasuredFigures[];
}

/** Columns of the timelines. */
export const BINS = 240;

export interface Timeline extends Span {
  readonly running: Occupation;
  readonly pending: Occupation;
}

/** The measured numbers of each group's jobs. */
function measuredByGroup(table: JobTable): MeasuredFigures[][] {
  const { group, groups } = table.jobs;
  const figures: MeasuredFigures[][] = groups.map(() => []);
  for (const name of table.measuredNames) {
    const column = table.column(name);
    const values: number[][] = groups.map(() => []);
    group.forEach((of, row) => {
      const value = column.number(row);
      if (!Number.isNaN(value)) values[of]?.push(value);
    });
    for (const [of, all] of values.entries()) {
      if (all.length === 0) continue;
      const sorted = Float64Array.from(all).sort();
      figures[of]?.push({ name: name.slice(name.indexOf('.') + 1), values: timesOf(sorted) });
    }
  }
  return figures;
}

export class JobFigures {
  /** Jobs by result, in the order of `RESULTS`; attempts of one job count once. */
  readonly results = new Uint32Array(RESULTS.length);
  /** Rows of the last attempts. */
  readonly last: Uint32Array;
  /** Those with the most submissions first. */
  readonly groups: readonly GroupFigures[];
  readonly #content: ReportContent;
  #timeline: Timeline | null = null;

  constructor(content: ReportContent) {
    this.#content = content;
    const { jobs } = content.table;
    const counts = new Uint32Array(jobs.groups.length);
    const failed = new Uint32Array(jobs.groups.length);
    const attempts = new Uint32Array(jobs.groups.length);
    this.last = lastAttempts(jobs);
    for (const row of this.last) {
      const group = jobs.group[row] as number;
      const result = jobs.result[row] as number;
      (this.results[result] as number)++;
      (counts[group] as number)++;
      if (hasFailed(result)) (failed[group] as number)++;
    }
    for (const group of jobs.group) (attempts[group] as number)++;
    const durations = intervals(jobs.group, attempts, jobs.start, jobs.finish);
    const pendings = intervals(jobs.group, attempts, jobs.submit, jobs.start);
    const measured = measuredByGroup(content.table);
    const groups = jobs.groups.map((name, i) => ({
      name,
      jobs: counts[i] as number,
      failed: failed[i] as number,
      attempts: attempts[i] as number,
      duration: timesOf(durations[i] as Float64Array),
      pending: timesOf(pendings[i] as Float64Array),
      measured: measured[i] as MeasuredFigures[],
    }));
    this.groups = groups.sort((a, b) => b.attempts - a.attempts);
  }

  /** Null without a job. */
  get timeline(): Timeline | null {
    this.#timeline ??= timelineOf(this.#content);
    return this.#timeline;
  }
}

/** For each group the known differences of two times, ascending. */
function intervals(
  group: Uint32Array,
  counts: Uint32Array,
  from: Float64Array,
  to: Float64Array,
): Float64Array[] {
  const all = [...counts].map((count) => new Float64Array(count));
  const filled = new Uint32Array(counts.length);
  group.forEach((place, row) => {
    const seconds = (to[row] as number) - (from[row] as number);
    if (Number.isNaN(seconds)) return;
    // The clock may have been set back.
    (all[place] as Float64Array)[filled[place] as number] = Math.max(0, seconds);
    (filled[place] as number)++;
  });
  return all.map((values, place) => values.subarray(0, filled[place]).sort());
}

function timesOf(values: Float64Array): Times {
  const sum = values.reduce((total, each) => total + each, 0);
  return { values, mean: sum / values.length, at: (q) => quantile(values, q) };
}

function timelineOf({ table, until }: ReportContent): Timeline | null {
  const rows = Uint32Array.from({ length: table.length }, (_, row) => row);
  const span = spanOf(table, rows, until);
  if (span === null) return null;
  const { running, pending } = intervalsOf(table, rows, span);
  return { ...span, running: occupationOf(running, span, BINS), pending: occupationOf(pending, span, BINS) };
}
