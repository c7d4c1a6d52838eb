/** The key of an array in the comment of its jobs. By it, an array is found whose submission got no answer. */

import type { JobArray } from './job.js';

/** A comment is one word without characters that Slurm or a shell treats in a special way. */
const safe = (run: string) => run.replace(/[^\w.-]/g, '_').slice(-80);

/** Returns the key: the run, the array's number in it, and where its first job comes from. */
export function keyOf(run: string, { number, jobs }: JobArray): string {
  const [firing, part, index, attempt] = jobs[0]?.facts.origin ?? [];
  return `ensemble=${safe(run)},array=${number},firing=${firing},part=${part},index=${index},attempt=${attempt}`;
}

/** Returns the number of an array of the run by the comment of its jobs; null for others. */
export function arrayOfKey(run: string, comment: string): number | null {
  const start = `ensemble=${safe(run)},array=`;
  if (!comment.startsWith(start)) return null;
  const number = /^\d+/.exec(comment.slice(start.length))?.[0];
  return number === undefined ? null : Number(number);
}
