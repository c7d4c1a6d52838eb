/** Columns of jobs as a run's log reports them, made by hand. */

import type { NativeJobColumns } from '../../src/engine/addon.js';
import { type JobResult, RESULTS } from '../../src/store/jobs/results.js';

export interface JobFacts {
  readonly id?: bigint;
  readonly group?: string;
  readonly entry?: number;
  readonly attempt?: number;
  readonly rule?: number;
  readonly firing?: number;
  readonly part?: number;
  readonly index?: number;
  readonly submit?: number;
  readonly start?: number;
  readonly finish?: number;
  readonly status?: number;
  readonly result?: JobResult;
  readonly exception?: string;
  readonly note?: string;
  /** JSON text. */
  readonly parameters?: string;
  readonly hosts?: string;
  /** By the number of the variable. */
  readonly measured?: readonly number[];
}

/** Facts that are missing are unknown. */
export function jobColumns(jobs: readonly JobFacts[]): NativeJobColumns {
  const groups = [...new Set(jobs.map(({ group = 'sim' }) => group))];
  const texts = [''];
  const text = (value = '') => {
    const place = texts.indexOf(value);
    return place >= 0 ? place : texts.push(value) - 1;
  };
  const numbers = (read: (job: JobFacts) => number | undefined, unknown = Number.NaN) =>
    jobs.map((job) => read(job) ?? unknown);
  return {
    ids: BigUint64Array.from(jobs, (job, i) => job.id ?? BigInt(i + 1)),
    groups,
    group: Uint32Array.from(jobs, ({ group = 'sim' }) => groups.indexOf(group)),
    entry: Int32Array.from(numbers((job) => job.entry, -1)),
    attempt: Uint32Array.from(numbers((job) => job.attempt, 0)),
    rule: Int32Array.from(numbers((job) => job.rule, -2)),
    firing: Float64Array.from(numbers((job) => job.firing)),
    part: Uint32Array.from(numbers((job) => job.part, 0)),
    index: Float64Array.from(numbers((job) => job.index)),
    submit: Float64Array.from(numbers((job) => job.submit)),
    start: Float64Array.from(numbers((job) => job.start)),
    finish: Float64Array.from(numbers((job) => job.finish)),
    clean: Float64Array.from(numbers(() => undefined)),
    status: Int32Array.from(numbers((job) => job.status, -1)),
    result: Uint8Array.from(jobs, ({ result = 'active' }) => RESULTS.indexOf(result)),
    texts,
    exception: Uint32Array.from(jobs, (job) => text(job.exception)),
    note: Uint32Array.from(jobs, (job) => text(job.note)),
    parameters: Uint32Array.from(jobs, (job) => text(job.parameters)),
    hosts: Uint32Array.from(jobs, (job) => text(job.hosts)),
    measuredRow: Uint32Array.from(jobs.flatMap(({ measured = [] }, row) => measured.map(() => row))),
    measuredVariable: Uint32Array.from(jobs.flatMap(({ measured = [] }) => measured.map((_, i) => i))),
    measuredValue: Float64Array.from(jobs.flatMap(({ measured = [] }) => measured)),
    toldRow: new Uint32Array(),
    toldName: new Uint32Array(),
    toldText: new Uint32Array(),
    addedRules: [],
  };
}
