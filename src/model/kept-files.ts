/**
 * The files that a run keeps for the outputs of its jobs, where a job names no file of its own. Their names follow
 * from the job alone: `out/GROUP/FIRING/INDEX-ID.out` and `.err`.
 */

import { join } from 'node:path';
import { formatJobId } from './job-id.js';

/** The facts of a job that its files are named after. */
export interface KeptJob {
  readonly group: string;
  /** Number of the firing that submitted the job, and its index in the firing. */
  readonly firing: number;
  readonly index: number;
  readonly id: bigint;
}

/** Whether a member keeps outputs in the folder of the run. Flux keeps them itself. */
export const keepsOutputs = (member: string): boolean => member === 'local' || member === 'slurm';

/** Bytes that the kept outputs of a run may take by default. */
export const DEFAULT_OUTPUT_LIMIT = 10e9;
/** Bytes that the log of a run may take by default: about 100 million events. */
export const DEFAULT_LOG_LIMIT = 1e9;

/** Entries of a folder, up to which folders are quick on every file system. */
const MAX_ENTRIES = 1000;
/** Characters of a group's name; a file system takes 255 bytes. */
const MAX_NAME = 60;

/** Returns a group's name as the name of a folder. Two groups may share a folder: ids are unique in a run. */
export function folderName(group: string): string {
  const safe = group.replace(/[^\p{L}\p{N}\p{M}_.+=@,-]/gu, '_').replace(/^\./, '_');
  return [...safe].slice(0, MAX_NAME).join('') || '_';
}

/** `7`, and from 1,000 on `12k/12345`: a folder has at most 1,000 folders. */
function numbered(number: number): string {
  const block = Math.floor(number / MAX_ENTRIES);
  return block === 0 ? String(number) : join(`${block}k`, String(number));
}

/** Returns the paths of standard output and error, relative to the folder of outputs, and their folder. */
export function keptFiles({ group, firing, index, id }: KeptJob): {
  readonly folder: string;
  readonly output: string;
  readonly error: string;
} {
  const block = Math.floor(index / MAX_ENTRIES);
  const folder = join(folderName(group), numbered(firing), ...(block === 0 ? [] : [`${block}k`]));
  const name = join(folder, `${index}-${formatJobId(id, 'f')}`);
  return { folder, output: `${name}.out`, error: `${name}.err` };
}
