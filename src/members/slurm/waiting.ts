/** Jobs that wait to be given to Slurm, in the groups that can share an array. */

import type { SlurmJob } from './job.js';

interface Group {
  readonly urgency: number;
  /** In the order of their submission. Jobs that have left are skipped when they come up. */
  jobs: SlurmJob[];
  taken: number;
}

export class WaitingJobs {
  readonly #groups = new Map<string, Group>();
  /** The groups of the jobs that wait. */
  readonly #groupOf = new Map<SlurmJob, Group>();

  get size(): number {
    return this.#groupOf.size;
  }

  push(job: SlurmJob): void {
    const key = `${job.urgency} ${job.facts.shape.number}`;
    const group = this.#groups.get(key) ?? { urgency: job.urgency, jobs: [], taken: 0 };
    this.#groups.set(key, group);
    group.jobs.push(job);
    this.#groupOf.set(job, group);
  }

  /** Removes a job, if it waits. */
  remove(job: SlurmJob): void {
    this.#groupOf.delete(job);
  }

  /** The urgency of a job has changed. */
  move(job: SlurmJob): void {
    if (!this.#groupOf.has(job)) return;
    this.remove(job);
    this.push(job);
  }

  /**
   * Takes up to `most` jobs of one group: the most urgent one, the first one among equals. Jobs for which `isReady` is
   * false wait on, and so do those after them.
   */
  take(most: number, isReady: (job: SlurmJob) => boolean): SlurmJob[] {
    for (const group of [...this.#groups.values()].sort((a, b) => b.urgency - a.urgency)) {
      const jobs: SlurmJob[] = [];
      for (; group.taken < group.jobs.length && jobs.length < most; group.taken++) {
        const job = group.jobs[group.taken] as SlurmJob;
        if (this.#groupOf.get(job) !== group) continue;
        if (!isReady(job)) break;
        this.#groupOf.delete(job);
        jobs.push(job);
      }
      this.#tidy(group);
      if (jobs.length > 0) return jobs;
    }
    return [];
  }

  #tidy(group: Group): void {
    if (group.taken < group.jobs.length) {
      if (group.taken < 1024) return;
      group.jobs = group.jobs.slice(group.taken);
    } else {
      group.jobs = [];
    }
    group.taken = 0;
  }

  [Symbol.iterator](): Iterator<SlurmJob> {
    return this.#groupOf.keys();
  }
}
