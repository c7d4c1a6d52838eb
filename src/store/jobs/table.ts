/** The table of a run's jobs. */

import { constants } from 'node:os';
import type { NativeJobColumns } from '../../engine/addon.js';
import { EnsembleError } from '../../errors.js';
import { instanceOfJob } from '../../model/instance-of-job.js';
import { formatJobId } from '../../model/job-id.js';
import { quote } from '../../text/describe.js';
import { didYouMean, thereAre } from '../../text/suggest.js';
import { type JobColumn, known, numberColumn, textColumn, valuesOf } from './column.js';
import { MeasuredColumns } from './measured.js';
import { ParameterColumns, parseParameters } from './parameters.js';
import { RESULTS } from './results.js';
import { ToldColumns } from './told.js';

/** Facts of a job that the configuration of its run knows; null for unknown ones. */
export interface JobPlace {
  readonly nodes: number | null;
  readonly tasks: number | null;
  /** Absolute paths of its files; null where a job has no such file. */
  readonly output: string | null;
  readonly error: string | null;
}

export interface JobTableOptions {
  readonly jobs: NativeJobColumns;
  /** Returns the title of the rule with an index; null for an unknown one. */
  readonly titleOf: (rule: number) => string | null;
  /** Returns the names of a group's probe variables, in the order of its probes. */
  readonly variablesOf: (group: string) => readonly string[];
  /** Returns the names of the texts that a group's jobs tell, in the order of the file. */
  readonly textsOf: (group: string) => readonly string[];
  /** Looks up what the log does not hold. Called only for columns that need it. */
  readonly place: (row: number) => JobPlace;
}

const SIGNALS = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));
const UNKNOWN_STATUS = -1;

/** The exit status as shells show it, from a status of wait(2). */
function exitOf(status: number): number {
  return (status & 0x7f) === 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f);
}

/** The sub-instance of a job, and the id that it has there; null for a job outside of sub-instances. */
function sourceOf(job: bigint): string | null {
  const { instance, id } = instanceOfJob(job);
  return instance === 0 ? null : `${instance}/${formatJobId(id)}`;
}

/** Rounds to microseconds: a time in seconds since the epoch is not more exact. */
function rounded(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6;
}

export class JobTable {
  readonly jobs: NativeJobColumns;
  readonly #columns = new Map<string, JobColumn>();
  readonly #parameters: ParameterColumns;
  readonly #measured: MeasuredColumns;
  readonly #told: ToldColumns;

  constructor({ jobs, titleOf, variablesOf, textsOf, place }: JobTableOptions) {
    this.jobs = jobs;
    this.#parameters = new ParameterColumns(jobs);
    this.#measured = new MeasuredColumns(jobs, variablesOf);
    this.#told = new ToldColumns(jobs, textsOf);
    const { ids, groups, group, texts, status, submit, start, finish, rule } = jobs;
    const status_ = known(status, UNKNOWN_STATUS);
    const exit = (row: number) => {
      const value = status_(row);
      return Number.isNaN(value) ? value : exitOf(value);
    };
    const since = (from: Float64Array, to: Float64Array) => (row: number) =>
      rounded((to[row] ?? Number.NaN) - (from[row] ?? Number.NaN));
    const textOf = (places: Uint32Array) => (row: number) => texts[places[row] ?? 0] || null;
    const number = (value: number | null) => value ?? Number.NaN;
    for (const column of [
      textColumn('id', (row) => formatJobId(ids[row] ?? 0n)),
      textColumn('jobid', (row) => String(ids[row] ?? 0n)),
      textColumn('group', (row) => groups[group[row] ?? 0] ?? null),
      numberColumn('entry', known(jobs.entry, -1)),
      numberColumn('attempt', (row) => jobs.attempt[row] ?? Number.NaN),
      numberColumn('rule', known(rule, -2)),
      textColumn('rule.name', (row) => (rule[row] === -1 ? 'requested' : titleOf(rule[row] ?? -2))),
      numberColumn('firing', valuesOf(jobs.firing)),
      numberColumn('part', (row) => jobs.part[row] ?? Number.NaN),
      numberColumn('index', valuesOf(jobs.index)),
      numberColumn('submit', valuesOf(submit), 'time'),
      numberColumn('start', valuesOf(start), 'time'),
      numberColumn('finish', valuesOf(finish), 'time'),
      numberColumn('pending', since(submit, start), 'seconds'),
      numberColumn('duration', since(start, finish), 'seconds'),
      textColumn('result', (row) => RESULTS[jobs.result[row] ?? -1] ?? 'unknown'),
      numberColumn('exit', exit),
      textColumn('signal', (row) => {
        const value = exit(row);
        return value > 128 ? (SIGNALS.get(value - 128) ?? null) : null;
      }),
      numberColumn('status', status_),
      textColumn('exception', textOf(jobs.exception)),
      textColumn('note', textOf(jobs.note)),
      numberColumn('nodes', (row) => number(place(row).nodes)),
      numberColumn('tasks', (row) => number(place(row).tasks)),
      textColumn('hosts', textOf(jobs.hosts)),
      textColumn('source', (row) => sourceOf(ids[row] ?? 0n)),
      textColumn('output', (row) => place(row).output),
      textColumn('error', (row) => place(row).error),
    ]) {
      this.#columns.set(column.name, column);
    }
  }

  get length(): number {
    return this.jobs.ids.length;
  }

  /** Names of all columns. */
  get names(): string[] {
    return [...this.#columns.keys(), ...this.parameterNames, ...this.#measured.names, ...this.#told.names];
  }

  /** Names of the columns of parameters: `parameters.T`. */
  get parameterNames(): string[] {
    return this.#parameters.names;
  }

  /** Names of the columns of measured values: `measured.energy`. */
  get measuredNames(): string[] {
    return this.#measured.names;
  }

  /** The column with this name; null without one. `job.parameters.T` is another name of `parameters.T`. */
  find(name: string): JobColumn | null {
    const found = this.#columns.get(name) ?? this.#measured.column(name) ?? this.#told.column(name);
    return found ?? this.#parameters.column(name.replace(/^job\./, ''));
  }

  /** As `find`. Throws EnsembleError `ERR_RUN` for an unknown name. */
  column(name: string): JobColumn {
    const found = this.find(name);
    if (found !== null) return found;
    throw new EnsembleError('ERR_RUN', `unknown column ${quote(name)}${this.hint(name)}`);
  }

  /** Words about the known names, to append to a message about an unknown one. */
  hint(name: string): string {
    const { names } = this;
    return `${didYouMean(name, names)}${thereAre(names)}`;
  }

  /** JSON text of a job's parameters; `{}` without parameters. */
  parametersOf(row: number): string {
    const text = this.jobs.texts[this.jobs.parameters[row] ?? 0] ?? '';
    return parseParameters(text) === null ? '{}' : text;
  }
}
