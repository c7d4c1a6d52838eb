/** Facts about jobs that failed recently. */

import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { JobTrace } from '../../model/failure.js';
import type { Row } from '../../model/written.js';
import { lastLineOf } from '../last-line.js';

/** The files of a failed job, and the values that it had. */
export interface FailedJobFacts {
  readonly parameters: Row;
  readonly workdir: string;
  /** Relative to `workdir`; empty for none, and for standard error with its output. */
  readonly output: string;
  readonly error: string;
  /** Whether a path is that of a file in the folder of the run. Empty ones are removed. */
  readonly isKept: (path: string) => boolean;
}

/** Maximum jobs remembered. Callers ask within moments, and for few jobs. */
const MAX_JOBS = 4096;

export class FailedJobs {
  /** In order of their failure. */
  readonly #jobs = new Map<bigint, { readonly facts: () => FailedJobFacts; readonly line: string }>();

  /** `line` is the last line on its standard error, empty where it is unknown. */
  add(id: bigint, facts: () => FailedJobFacts, line: string): void {
    this.#jobs.set(id, { facts, line });
    if (this.#jobs.size <= MAX_JOBS) return;
    for (const oldest of this.#jobs.keys()) {
      this.#jobs.delete(oldest);
      return;
    }
  }

  async explain(id: bigint): Promise<JobTrace | null> {
    const found = this.#jobs.get(id);
    if (found === undefined) return null;
    const { parameters, workdir, isKept, ...files } = found.facts();
    const place = async (path: string) =>
      path === '' || (isKept(path) && !(await isFilled(path))) ? null : resolve(workdir, path);
    const output = await place(files.output);
    const error = await place(files.error);
    // Standard error without a file of its own goes to the output file.
    const written = error ?? output;
    const { line } = found;
    return {
      parameters: Object.keys(parameters).length === 0 ? null : parameters,
      line: line !== '' || written === null ? line || null : await lastLineOf(written),
      output,
      error,
    };
  }
}

/** Whether a file in the folder of the run has content. */
async function isFilled(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => null);
  return stats !== null && stats.size > 0;
}
