/** Numbers of a run's jobs that several sections show. They are computed once, from columns. */

import { lastAttempts } from '../../store/jobs/last-attempts.js';
import { quantile } from '../../store/jobs/quantile.js';
import { hasFailed, RESULTS } from '../../store/jobs/results.js';
import type { ReportContent } from './content.js';

/** Times of a group's jobs, ascending, in seconds. */
export interface Times {
  readonly values: Float64Array;
  readonly mean: number;
  /** The quantile; NaN without a value. */
  at(q: number): number;
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
}

/** Columns of the timelines. */
export const BINS = 240;

/** Numbers of jobs over time: the mean of each of `BINS` equal parts of the time. */
export interface Occupation {
  readonly means: Float64Array;
  readonly peak: number;
  /** Sum of the times, in seconds. */
  readonly seconds: number;
}

export interface Timeline {
  readonly begin: number;
  readonly end: number;
  readonly running: Occupation;
  readonly pending: Occupation;
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
    const groups = jobs.groups.map((name, i) => ({
      name,
      jobs: counts[i] as number,
      failed: failed[i] as number,
      attempts: attempts[i] as number,
      duration: timesOf(durations[i] as Float64Array),
      pending: timesOf(pendings[i] as Float64Array),
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

function timelineOf({ table: { jobs }, until }: ReportContent): Timeline | null {
  let begin = Number.POSITIVE_INFINITY;
  let end = until;
  for (const time of jobs.submit) if (time < begin) begin = time;
  for (const time of jobs.finish) if (time > end) end = time;
  if (!(begin < Number.POSITIVE_INFINITY)) return null;
  if (end <= begin) end = begin + 1;
  const active = RESULTS.indexOf('active');
  const { submit, start, finish, result } = jobs;
  const endOf = (row: number) => {
    const time = finish[row] as number;
    if (!Number.isNaN(time)) return time;
    // A job whose end is unknown counts for no time, unless it is active.
    return result[row] === active ? end : Number.NaN;
  };
  const startOf = (row: number) => {
    const time = start[row] as number;
    return Number.isNaN(time) ? endOf(row) : time;
  };
  const span = { begin, end };
  const count = submit.length;
  return {
    ...span,
    running: occupation(count, (row) => start[row] as number, endOf, span),
    pending: occupation(count, (row) => submit[row] as number, startOf, span),
  };
}

function occupation(
  count: number,
  from: (row: number) => number,
  to: (row: number) => number,
  { begin, end }: Pick<Timeline, 'begin' | 'end'>,
): Occupation {
  const width = (end - begin) / BINS;
  const parts = new Float64Array(BINS + 1);
  // Whole bins as differences, which are summed up at the end.
  const whole = new Float64Array(BINS + 1);
  const firsts = new Float64Array(count);
  const lasts = new Float64Array(count);
  let known = 0;
  let seconds = 0;
  for (let row = 0; row < count; row++) {
    const [first, last] = [from(row), to(row)];
    if (!(last > first)) continue;
    firsts[known] = first;
    lasts[known++] = last;
    seconds += last - first;
    const [a, b] = [(first - begin) / width, (last - begin) / width];
    const [i, j] = [Math.min(BINS, Math.floor(a)), Math.min(BINS, Math.floor(b))];
    if (i === j) (parts[i] as number) += b - a;
    else {
      (parts[i] as number) += i + 1 - a;
      (parts[j] as number) += b - j;
      (whole[i + 1] as number)++;
      (whole[j] as number)--;
    }
  }
  const means = new Float64Array(BINS);
  let sum = 0;
  for (let i = 0; i < BINS; i++) {
    sum += whole[i] as number;
    means[i] = Math.max(0, sum + (parts[i] as number));
  }
  return { means, seconds, peak: peakOf(firsts.subarray(0, known).sort(), lasts.subarray(0, known).sort()) };
}

/** The most intervals at one time; `firsts` and `lasts` are ascending. */
function peakOf(firsts: Float64Array, lasts: Float64Array): number {
  let peak = 0;
  let ended = 0;
  for (let i = 0; i < firsts.length; i++) {
    while ((lasts[ended] as number) <= (firsts[i] as number)) ended++;
    peak = Math.max(peak, i + 1 - ended);
  }
  return peak;
}
