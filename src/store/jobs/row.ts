/** Jobs of a run as plain objects, for programs. */

import type { Parameters } from '../../model/parameters.js';
import { parseParameters } from './parameters.js';
import { type JobResult, RESULTS } from './results.js';
import type { JobTable } from './table.js';

/** A job of a run; a job that was submitted again has one for each attempt. Unknown values are null. */
export interface JobRow {
  readonly id: bigint;
  /** In a tree of Flux instances: the number of the job's instance and its id there, as `2/ƒ31E8hNw`. */
  readonly source: string | null;
  readonly group: string | null;
  /** Index of its entry in the group. */
  readonly entry: number | null;
  /** Earlier submissions of the same job. */
  readonly attempt: number | null;
  readonly parameters: Parameters;
  /** Index of the rule that submitted it; -1 for a request from outside. */
  readonly rule: number | null;
  readonly ruleName: string | null;
  /** Number of the firing, of the submission in it (code of the user may return several), and the job's index in that. */
  readonly firing: number | null;
  readonly part: number | null;
  readonly index: number | null;
  /** Seconds since the epoch. */
  readonly submit: number | null;
  readonly start: number | null;
  readonly finish: number | null;
  /** Seconds. */
  readonly pending: number | null;
  readonly duration: number | null;
  readonly result: JobResult;
  /** The exit status; 128 plus the number of a signal. */
  readonly exit: number | null;
  /** Type and note of the exception that ended it. */
  readonly exception: string | null;
  readonly note: string | null;
  /** The nodes and tasks that it requested. */
  readonly nodes: number | null;
  readonly tasks: number | null;
  /** Absolute paths of its files. */
  readonly output: string | null;
  readonly error: string | null;
}

/** Returns a job of the table. */
export function jobRow(table: JobTable, row: number): JobRow {
  const { jobs } = table;
  const number = (name: string) => {
    const value = table.column(name).number(row);
    return Number.isNaN(value) ? null : value;
  };
  const text = (name: string) => table.column(name).text(row);
  return {
    id: jobs.ids[row] ?? 0n,
    source: text('source'),
    group: text('group'),
    entry: number('entry'),
    attempt: number('attempt'),
    parameters: (parseParameters(table.parametersOf(row)) ?? {}) as Parameters,
    rule: number('rule'),
    ruleName: text('rule.name'),
    firing: number('firing'),
    part: number('part'),
    index: number('index'),
    submit: number('submit'),
    start: number('start'),
    finish: number('finish'),
    pending: number('pending'),
    duration: number('duration'),
    result: RESULTS[jobs.result[row] ?? -1] ?? 'unknown',
    exit: number('exit'),
    exception: text('exception'),
    note: text('note'),
    nodes: number('nodes'),
    tasks: number('tasks'),
    output: text('output'),
    error: text('error'),
  };
}
