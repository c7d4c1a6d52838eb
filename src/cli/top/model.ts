/** The facts about a run that views show. */

import type { FollowedRun } from '../../api/client/followed-run.js';
import type { JobWithFiles } from '../../api/schemas/job.js';

/** A job of a page, by columns. */
export type JobRow = Readonly<Record<string, unknown>>;

/** A part of the jobs that match the filter. */
export interface JobsWindow {
  /** Index of the first row among those that match. */
  readonly from: number;
  readonly rows: readonly JobRow[];
  readonly matching: number;
  readonly total: number;
  /** The columns of the rows. */
  readonly columns: readonly string[];
  /** Why there are no jobs; null without a reason. */
  readonly error: string | null;
}

export interface ShownJob {
  readonly job: JobWithFiles | null;
  readonly error: string | null;
}

/** The end of the output of a job. */
export interface ShownOutput {
  readonly lines: readonly string[];
  /** Bytes before the first line. */
  readonly skipped: number;
  readonly error: string | null;
}

/** The parts of a followed run that views show. */
export type ShownRun = Pick<
  FollowedRun,
  'ensemble' | 'groups' | 'rules' | 'failures' | 'firings' | 'problems' | 'connection' | 'rate'
>;

export interface TopModel {
  readonly run: ShownRun;
  readonly jobs: JobsWindow | null;
  readonly job: ShownJob | null;
  readonly output: ShownOutput | null;
  /** Seconds since the epoch. */
  readonly now: number;
}

/** Whether no process goes on with the run. */
export function isOver({ ensemble }: Pick<ShownRun, 'ensemble'>): boolean {
  return ensemble?.status === 'ended' || ensemble?.status === 'lost';
}
