/**
 * The member's knowledge of its jobs after its process has died, in the folder of the run:
 *
 *     ledger           shapes, programs, jobs and arrays, one JSON object a line, only appended
 *     arrays/N/        an array: its batch script, the programs of its tasks (wrapper.ts), messages of Slurm
 *     spool/NODE       notes of the tasks (notes.ts)
 *
 * A job is in the ledger before the run knows it, and an array before Slurm knows it.
 */

import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { makeFolders } from '../../text/folders.js';
import type { JobArray, JobFacts, Shape, SlurmJob } from './job.js';
import { batchScript, rowFiles } from './wrapper.js';

/** An array of an earlier process. */
export interface KeptArray {
  readonly number: number;
  readonly jobs: readonly bigint[];
  slurmId: number | null;
  revoked: boolean;
}

export interface KeptState {
  readonly jobs: ReadonlyMap<bigint, JobFacts>;
  readonly arrays: ReadonlyMap<number, KeptArray>;
}

type Line =
  | { readonly shape: number; readonly of: Omit<Shape, 'number'> }
  | { readonly program: number; readonly text: string }
  | ({ readonly job: string; readonly of: readonly [shape: number, program: number] } & Omit<
      JobFacts,
      'id' | 'shape' | 'program'
    >)
  | { readonly array: number; readonly jobs: readonly string[] }
  | { readonly array: number; readonly slurm: number }
  | { readonly array: number; readonly revoked: true };

export class Store {
  readonly folder: string;
  #file: number | null = null;
  readonly #shapes = new Map<string, Shape>();
  /** The last program, which most jobs of a submission share. */
  #program = '';
  #programs = 0;
  #arrays = 0;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** The folder of the tasks' notes. */
  get spool(): string {
    return join(this.folder, 'spool');
  }

  /** Opens the store, and returns what it has. Throws the system's errors. */
  open(): KeptState {
    for (const name of ['arrays', 'spool']) makeFolders(join(this.folder, name));
    const path = join(this.folder, 'ledger');
    const state = this.#read(path);
    this.#file = openSync(path, 'a', 0o600);
    return state;
  }

  /** Returns what the store has, without opening it. Throws the system's errors. */
  peek(): KeptState {
    return this.#read(join(this.folder, 'ledger'));
  }

  /** Whether all tasks of an array have ended, as far as it is known. */
  hasEnded(array: Pick<JobArray, 'number'>): boolean {
    return !existsSync(this.#folderOf(array));
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  /** Removes everything, for a run that is not kept. */
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Returns the shape with these properties, which all jobs of such an array share. */
  shapeOf(of: Omit<Shape, 'number'>): Shape {
    const key = JSON.stringify(of);
    const known = this.#shapes.get(key);
    if (known !== undefined) return known;
    const shape = { number: this.#shapes.size, ...of };
    this.#shapes.set(key, shape);
    this.#append({ shape: shape.number, of });
    return shape;
  }

  /** Keeps jobs. */
  addJobs(jobs: readonly JobFacts[]): void {
    const lines: Line[] = [];
    for (const { id, shape, program, ...facts } of jobs) {
      if (program !== this.#program || this.#programs === 0) {
        lines.push({ program: this.#programs++, text: program });
        this.#program = program;
      }
      lines.push({ job: String(id), of: [shape.number, this.#programs - 1], ...facts });
    }
    this.#append(...lines);
  }

  /** Makes an array of jobs, with the files that its tasks read. Throws the system's errors. */
  makeArray(jobs: readonly SlurmJob[]): JobArray {
    const array: JobArray = { number: ++this.#arrays, jobs, slurmId: null, active: jobs.length };
    this.#append({ array: array.number, jobs: jobs.map(({ idText }) => idText) });
    const folder = this.#folderOf(array);
    mkdirSync(folder, { mode: 0o700 });
    const files = rowFiles(jobs).set('script', batchScript(this.folder, array.number));
    for (const name of ['rows', 'ran']) mkdirSync(join(folder, name), { mode: 0o700 });
    for (const [name, text] of files) writeFileSync(join(folder, name), text, { mode: 0o600 });
    return array;
  }

  /** Path of a file of an array. */
  fileOf(array: JobArray, name: 'script' | 'log'): string {
    return join(this.#folderOf(array), name);
  }

  /** Slurm has taken an array. */
  accepted(array: JobArray, slurmId: number): void {
    this.#note({ array: array.number, slurm: slurmId });
  }

  /** Forbids the tasks of an array to run. False when one of them was faster. Throws the system's errors. */
  revoke(array: JobArray): boolean {
    const link = join(this.#folderOf(array), 'fate');
    try {
      symlinkSync('revoked', link);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST' && readlinkSync(link) !== 'revoked') return false;
      // Without its folder, no task of it runs.
      if (code !== 'EEXIST' && code !== 'ENOENT') throw error;
    }
    this.#note({ array: array.number, revoked: true });
    return true;
  }

  /** All tasks of an array have ended. Its files are no longer needed. */
  removeArray(array: Pick<JobArray, 'number'>): void {
    try {
      rmSync(this.#folderOf(array), { recursive: true, force: true });
    } catch {
      // A network file system keeps files that a node has open.
    }
  }

  #folderOf({ number }: Pick<JobArray, 'number'>): string {
    return join(this.folder, 'arrays', String(number));
  }

  /** Keeps a fact. Without it, the next process finds it out later. */
  #note(line: Line): void {
    try {
      this.#append(line);
    } catch {
      // The disk is full.
    }
  }

  #append(...lines: readonly Line[]): void {
    if (this.#file === null || lines.length === 0) return;
    writeSync(this.#file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  }

  #read(path: string): KeptState {
    const jobs = new Map<bigint, JobFacts>();
    const arrays = new Map<number, KeptArray>();
    const shapes: Shape[] = [];
    for (const line of this.#lines(path)) {
      if ('shape' in line) {
        const shape = { number: line.shape, ...line.of };
        shapes[line.shape] = shape;
        this.#shapes.set(JSON.stringify(line.of), shape);
      } else if ('program' in line) {
        this.#program = line.text;
        this.#programs = line.program + 1;
      } else if ('job' in line) {
        const { job, of, ...facts } = line;
        const shape = shapes[of[0]];
        // A program stands before the jobs that have it.
        if (shape !== undefined)
          jobs.set(BigInt(job), { id: BigInt(job), shape, program: this.#program, ...facts });
      } else if ('jobs' in line) {
        const array = { number: line.array, jobs: line.jobs.map(BigInt), slurmId: null, revoked: false };
        arrays.set(line.array, array);
        this.#arrays = Math.max(this.#arrays, line.array);
      } else {
        const array = arrays.get(line.array);
        if (array !== undefined && 'slurm' in line) array.slurmId = line.slurm;
        else if (array !== undefined) array.revoked = true;
      }
    }
    return { jobs, arrays };
  }

  /** Reads the ledger, and cuts off a line that its process could not finish. */
  #lines(path: string): Line[] {
    let bytes: Buffer;
    try {
      bytes = readFileSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
    const end = bytes.lastIndexOf(0x0a) + 1;
    if (end < bytes.length) truncateSync(path, end);
    return bytes
      .toString('utf8', 0, end)
      .split('\n')
      .flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Line]));
  }
}

/** A job in the store of an earlier process. */
export interface KeptJob extends Pick<JobFacts, 'id' | 'origin'> {
  /** Its array has ended. Other jobs may have ended, too. */
  readonly ended: boolean;
}

/** Returns the jobs in the store of a folder. Throws the system's errors. */
export function keptJobs(folder: string): KeptJob[] {
  const store = new Store(folder);
  const { jobs, arrays } = store.peek();
  const ended = new Set<bigint>();
  for (const array of arrays.values()) {
    for (const id of array.jobs) {
      // The last array of a job counts.
      if (!array.revoked && store.hasEnded(array)) ended.add(id);
      else ended.delete(id);
    }
  }
  return [...jobs.values()].map(({ id, origin }) => ({ id, origin, ended: ended.has(id) }));
}
