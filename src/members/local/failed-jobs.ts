/** Facts about local jobs that failed recently. */

import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { JobTrace } from '../../model/failure.js';
import { lastLineOf } from '../last-line.js';
import type { LocalJob } from './job.js';

/** Maximum jobs remembered. Callers ask within moments, and for few jobs. */
const MAX_JOBS = 4096;

export class FailedJobs {
  /** In order of their failure. */
  readonly #jobs = new Map<bigint, { readonly job: LocalJob; readonly line: string }>();

  add(job: LocalJob, line: string): void {
    this.#jobs.set(job.id, { job, line });
    if (this.#jobs.size <= MAX_JOBS) return;
    for (const oldest of this.#jobs.keys()) {
      this.#jobs.delete(oldest);
      return;
    }
  }

  async explain(id: bigint): Promise<JobTrace | null> {
    const found = this.#jobs.get(id);
    if (found === undefined) return null;
    const { job, line } = found;
    const { parameters } = job.batch.template;
    const { workdir } = job.batch.files;
    const { out, err } = job.files();
    const { kept } = job;
    const place = async (path: string) =>
      path === '' || ((path === kept?.output || path === kept?.error) && !(await isFilled(path)))
        ? null
        : resolve(workdir, path);
    const output = await place(out);
    const error = await place(err);
    // Standard error without a file of its own goes to the output file.
    const written = error ?? output;
    return {
      parameters: Object.keys(parameters).length === 0 ? null : parameters,
      line: line !== '' || written === null ? line || null : await lastLineOf(written),
      output,
      error,
    };
  }
}

/** Whether a file in the folder of the run has content. Empty ones are removed. */
async function isFilled(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => null);
  return stats !== null && stats.size > 0;
}
