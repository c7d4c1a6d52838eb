/**
 * Outputs of jobs that name no file of their own, in the folder of the run. A job never fails because of them: it runs
 * without them where they can't be written.
 */

import { mkdirSync, stat, statfsSync, unlink } from 'node:fs';
import { join } from 'node:path';
import { MemberError } from '../../errors.js';
import type { LocalJob } from './job.js';

/** Bytes that must be free, or this part of a small disk. */
const NEEDED_SPACE = 64 * 2 ** 20;
const SMALL_DISK = 20;
/** Milliseconds between two looks at the free space. */
const LOOK_EVERY = 1000;
/** Milliseconds that the end of the run waits for the file system to remove empty files. */
const PATIENCE = 5000;

export class KeptOutputs {
  readonly #root: string;
  readonly #problem: (error: MemberError) => void;
  /** Folders that exist. */
  readonly #folders = new Set<string>();
  #reported = false;
  #space = true;
  #nextLook = 0;
  #removals = 0;
  #onSettled: (() => void) | null = null;

  /** `root` is the folder of all outputs of the run. `problem` is called at most once. */
  constructor(root: string, problem: (error: MemberError) => void) {
    this.#root = root;
    this.#problem = problem;
  }

  /**
   * Makes the folder of a job's files. The job keeps no outputs where this fails, and where the disk is nearly full: a
   * program may fail when it can't write.
   */
  prepare(job: LocalJob): void {
    if (job.kept === null) return;
    if (!this.#hasSpace()) {
      this.refused(job, `the disk of ${this.#root} is nearly full`);
      return;
    }
    const folder = join(this.#root, job.kept.folder);
    if (this.#folders.has(folder)) return;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      this.#folders.add(folder);
    } catch (cause) {
      this.refused(job, `${folder} can't be created: ${(cause as Error).message}`);
    }
  }

  /** Looks at the disk at most once a second. */
  #hasSpace(): boolean {
    const now = performance.now();
    if (now < this.#nextLook) return this.#space;
    this.#nextLook = now + LOOK_EVERY;
    try {
      const { bavail, bsize, blocks } = statfsSync(this.#root);
      this.#space = bavail * bsize >= Math.min(NEEDED_SPACE, (blocks * bsize) / SMALL_DISK);
    } catch {
      // The folder is missing; its creation says why.
      this.#space = true;
    }
    return this.#space;
  }

  /** A job's files can't be written. Its outputs are not kept from now on. */
  refused(job: LocalJob, reason: string): void {
    job.keepsOutputs = false;
    if (this.#reported) return;
    this.#reported = true;
    this.#problem(new MemberError(`outputs of jobs are not kept: ${reason}`));
  }

  /** Removes the empty files of a job that has ended. */
  ended(job: LocalJob): void {
    const { kept } = job;
    if (kept === null) return;
    for (const path of [kept.output, kept.error]) if (path !== null) this.#removeEmpty(path);
  }

  /** Resolves when the empty files are removed, or after a while. */
  async settled(): Promise<void> {
    if (this.#removals === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, PATIENCE);
      this.#onSettled = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #removeEmpty(path: string): void {
    this.#removals++;
    const done = () => {
      if (--this.#removals === 0) this.#onSettled?.();
    };
    stat(path, (error, stats) => {
      if (error !== null || stats.size > 0) done();
      else unlink(path, done);
    });
  }
}
