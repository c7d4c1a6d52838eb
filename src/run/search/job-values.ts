/** The values of the jobs of a search while they run: told, measured, and those that their ends need. */

import type { NativeJobColumns } from '../../engine/addon.js';
import type { FiringEvent } from '../../model/firing.js';
import type { RowValues } from '../../model/search.js';
import type { GroupTells } from '../../model/tells.js';

interface Job {
  readonly values: Record<string, number | string>;
  /** Probes that have measured it, or failed to. */
  probes: number;
  /** Time of its start event, in seconds since the epoch; null without one. */
  start: number | null;
  /** Type of its gravest exception, and its severity. */
  exception: string;
  severity: number;
}

/** A severity below that of every exception. */
const NO_EXCEPTION = 8;

export class JobValues {
  readonly #tells: GroupTells;
  readonly #jobs = new Map<bigint, Job>();

  constructor(tells: GroupTells) {
    this.#tells = tells;
  }

  /** A job told values: the last one of each name counts. */
  told(job: bigint, context: FiringEvent['context']): void {
    const { values } = this.#of(job);
    for (const [name, value] of Object.entries(context ?? {})) {
      const isNumber =
        typeof value === 'number' && Number.isFinite(value) && this.#tells.numbers.includes(name);
      const isText = typeof value === 'string' && this.#tells.texts.includes(name);
      if (isNumber || isText) values[name] = value;
    }
  }

  /** A probe has measured a job; null when it found nothing. */
  measured(job: bigint, values: Readonly<Record<string, number>> | null): void {
    const found = this.#of(job);
    found.probes++;
    Object.assign(found.values, values);
  }

  /** Probes that have measured a job, or failed to. */
  probesOf(job: bigint): number {
    return this.#jobs.get(job)?.probes ?? 0;
  }

  started(job: bigint, time: number): void {
    this.#of(job).start = time;
  }

  raised(job: bigint, context: FiringEvent['context']): void {
    const { type, severity } = context ?? {};
    const found = this.#of(job);
    if (typeof type !== 'string' || typeof severity !== 'number' || severity >= found.severity) return;
    found.exception = type;
    found.severity = severity;
  }

  /** The last values of a job. */
  of(job: bigint): RowValues {
    return this.#jobs.get(job)?.values ?? {};
  }

  /** The type of the gravest exception of a job; empty without one. */
  exceptionOf(job: bigint): string {
    return this.#jobs.get(job)?.exception ?? '';
  }

  /** Seconds from the start of a job to `end`; null for one that never started. */
  durationOf(job: bigint, end: number): number | null {
    const start = this.#jobs.get(job)?.start ?? null;
    return start === null ? null : end - start;
  }

  forget(job: bigint): void {
    this.#jobs.delete(job);
  }

  /**
   * Takes in the jobs of the group from the log of a run that goes on: those that `isOpen`. `variables` are the names of
   * its numbers.
   */
  restore(
    jobs: NativeJobColumns,
    group: string,
    variables: readonly string[],
    isOpen: (job: bigint) => boolean,
  ): void {
    const index = jobs.groups.indexOf(group);
    const jobOf = (row: number) => {
      const id = jobs.ids[row] ?? 0n;
      return jobs.group[row] === index && isOpen(id) ? this.#of(id) : null;
    };
    jobs.measuredRow.forEach((row, i) => {
      const name = variables[jobs.measuredVariable[i] ?? -1];
      const job = jobOf(row);
      if (job !== null && name !== undefined) job.values[name] = jobs.measuredValue[i] ?? Number.NaN;
    });
    jobs.toldRow.forEach((row, i) => {
      const name = this.#tells.texts[jobs.toldName[i] ?? -1];
      const job = jobOf(row);
      if (job !== null && name !== undefined) job.values[name] = jobs.texts[jobs.toldText[i] ?? 0] ?? '';
    });
    for (const [row, start] of jobs.start.entries()) {
      const job = jobOf(row);
      if (job === null) continue;
      if (!Number.isNaN(start)) job.start = start;
      const exception = jobs.texts[jobs.exception[row] ?? 0] ?? '';
      if (exception !== '') Object.assign(job, { exception, severity: 0 });
    }
  }

  #of(job: bigint): Job {
    let found = this.#jobs.get(job);
    if (found === undefined) {
      found = { values: {}, probes: 0, start: null, exception: '', severity: NO_EXCEPTION };
      this.#jobs.set(job, found);
    }
    return found;
  }
}
