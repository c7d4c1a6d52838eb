/** `measure:` of a run: finds the files of jobs that have ended, and reports the values that are missing. */

import { join } from 'node:path';
import type { ActionContext } from '../actions/context.js';
import { jobOf } from '../actions/job-facts.js';
import { EnsembleError } from '../errors.js';
import { tailOf } from '../measure/document.js';
import type { Measurer } from '../measure/measurer.js';
import type { MeasuredJob } from '../measure/messages.js';
import { streamOf } from '../members/flux/output-log.js';
import type { FiringEvent } from '../model/firing.js';
import type { JobFacts } from '../model/job-facts.js';
import { formatJobId } from '../model/job-id.js';
import { keepsOutputs, keptFiles } from '../model/kept-files.js';
import type { Findings, Measurement } from '../model/measure.js';
import { counted } from '../text/counted.js';
import { quote } from '../text/describe.js';

/** Seconds for which a missing file or value is waited for, where the files may be on a network file system. */
const WAIT = 5;

/** A value that was not found for some jobs. */
interface Missing {
  readonly measurement: Measurement;
  readonly group: string;
  readonly name: string;
  readonly example: bigint;
  jobs: number;
}

export class Measurements {
  readonly #context: Pick<ActionContext, 'config' | 'member' | 'observer'>;
  readonly #measurer: Measurer;
  readonly #outputs: string | null;
  readonly #missing = new Map<string, Missing>();
  /** The number of jobs that were measured. */
  readonly #measured = new Map<Measurement, number>();

  /** `outputs` is the folder where outputs of jobs are kept; null without one. */
  constructor(context: ActionContext, measurer: Measurer, outputs: string | null) {
    this.#context = context;
    this.#measurer = measurer;
    this.#outputs = outputs;
  }

  /** Returns the values of a job that were found, by name. Reports the first job without a value. Throws Aborted. */
  async measure(
    event: FiringEvent,
    group: string,
    measurement: Measurement,
    signal: AbortSignal,
  ): Promise<Record<string, number>> {
    const wait = measurement.wait ?? (this.#context.member.name === 'local' ? 0 : WAIT);
    const jobOf = () => this.#jobOf(event, group, measurement);
    const findings = await this.#measurer.measure(measurement, jobOf, { wait, signal });
    this.#measured.set(measurement, (this.#measured.get(measurement) ?? 0) + 1);
    await this.#report(event.job, group, measurement, findings);
    return Object.fromEntries(
      findings.values.flatMap(({ name, value }) => (value === null ? [] : [[name, value]])),
    );
  }

  /** Reports values that more than one job did not have, once. */
  reportCounts(): void {
    for (const { measurement, group, name, jobs, example } of this.#missing.values()) {
      if (jobs === 1) continue;
      const all = this.#measured.get(measurement) ?? jobs;
      this.#problem(
        `${quote(name)} of group ${quote(group)} was not found for ${jobs} of ${counted(all, 'job')}, for example ` +
          formatJobId(example),
      );
    }
    this.#missing.clear();
  }

  async #report(
    job: bigint,
    group: string,
    measurement: Measurement,
    { values, tail }: Findings,
  ): Promise<void> {
    for (const finding of values) {
      if (finding.value !== null) continue;
      const { name, reason } = finding;
      const key = JSON.stringify([group, name]);
      const known = this.#missing.get(key);
      if (known !== undefined) {
        known.jobs++;
        continue;
      }
      this.#missing.set(key, { measurement, group, name, example: job, jobs: 1 });
      const last = tail.length > 0 ? tail : lastLinesOf(await this.#logOf(job));
      const end = last.length === 0 ? '' : `. Its output ends with:\n${last.join('\n')}`;
      this.#problem(`${quote(name)} of job ${formatJobId(job)} of group ${quote(group)}: ${reason}${end}`);
    }
  }

  #problem(message: string): void {
    this.#context.observer.problem?.(new EnsembleError('ERR_MEASURE', message));
  }

  /** The job with its files. Throws Error for a job that is not of the file. */
  async #jobOf(event: FiringEvent, group: string, measurement: Measurement): Promise<MeasuredJob> {
    const { config } = this.#context;
    const facts = jobOf(event, config);
    if (facts === null) throw new Error(`the job does not belong to an entry of group ${quote(group)}`);
    const kept = this.#keptOf(event, facts);
    const isUnknown = kept === null && (facts.output === null || facts.error === null);
    const log = isUnknown && readsOutput(measurement) ? await this.#logOf(event.job) : null;
    return { facts, kept, log };
  }

  /** The eventlog of the output of a job; null where it is in files or unknown. */
  async #logOf(job: bigint): Promise<string | null> {
    return (await this.#context.member.outputLog?.(job).catch(() => null)) ?? null;
  }

  #keptOf({ origin }: FiringEvent, { id, group }: JobFacts): MeasuredJob['kept'] {
    if (this.#outputs === null || origin === null || !keepsOutputs(this.#context.member.name)) return null;
    const { output, error } = keptFiles({ group, firing: origin.firing, index: origin.index, id });
    return { output: join(this.#outputs, output), error: join(this.#outputs, error) };
  }
}

function lastLinesOf(log: string | null): readonly string[] {
  return log === null ? [] : tailOf({ kind: 'text', name: '', text: streamOf(log, 'output') });
}

function readsOutput({ entries }: Measurement): boolean {
  return entries.some(({ source }) => source.kind !== 'python' && source.file.kind !== 'path');
}
