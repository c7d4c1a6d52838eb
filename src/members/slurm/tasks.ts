/** Names tasks of arrays as Slurm's commands take them. */

import { formatIdset } from '../local/slots.js';
import type { JobArray, SlurmJob } from './job.js';

/** Indexes in one name, which is an argument of a command. */
const MOST_INDEXES = 10_000;

/** Slurm's own name for the task of a job; null where Slurm has not named it yet. */
export function taskName({ array, index }: Pick<SlurmJob, 'array' | 'index'>): string | null {
  return array?.slurmId ? `${array.slurmId}_${index}` : null;
}

/** Returns names of the jobs' tasks, few even for many jobs: `12`, `13_[0-3,7]`. With `whole`, an array may stand for
 * its active jobs if these are all of them. Jobs without an array in Slurm are skipped. */
export function taskSets(jobs: Iterable<SlurmJob>, whole: boolean): string[] {
  const byArray = new Map<JobArray, number[]>();
  for (const { array, index } of jobs) {
    if (array === null || array.slurmId === null) continue;
    const indexes = byArray.get(array) ?? [];
    indexes.push(index);
    byArray.set(array, indexes);
  }
  return [...byArray].flatMap(([array, indexes]) => {
    if (whole && indexes.length === array.active) return [`${array.slurmId}`];
    const sorted = indexes.sort((a, b) => a - b);
    const sets: string[] = [];
    for (let begin = 0; begin < sorted.length; begin += MOST_INDEXES) {
      sets.push(`${array.slurmId}_[${formatIdset(sorted.slice(begin, begin + MOST_INDEXES))}]`);
    }
    return sets;
  });
}
