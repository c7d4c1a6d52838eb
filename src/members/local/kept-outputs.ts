/**
 * Outputs of jobs that name no file of their own, in the folder of the run. A job never fails because of them: it runs
 * without them where they can't be written. Together they stay below a limit (output-limit.ts).
 */

import { type Stats, stat, statfsSync, unlink } from 'node:fs';
import { join } from 'node:path';
import { MemberError } from '../../errors.js';
import { SharedFolders } from '../../text/folders.js';
import type { LocalJob } from './job.js';
import { bytesOf, filesOf, OutputLimit, type OutputLimitOptions } from './output-limit.js';

/** Bytes that must be free, or this part of a small disk. */
const NEEDED_SPACE = 64 * 2 ** 20;
const SMALL_DISK = 20;
/** Milliseconds between two looks at the free space. */
const LOOK_EVERY = 1000;
/** Milliseconds that the end of the run waits for the file system to remove empty files. */
const PATIENCE = 5000;

export interface KeptOutputsOptions extends Pick<OutputLimitOptions, 'limit' | 'ended' | 'removed'> {
  /** Absolute path of the folder of all outputs of the run. */
  readonly folder: string;
}

export class KeptOutputs {
  readonly #root: string;
  readonly #limit: OutputLimit;
  readonly #problem: (error: MemberError) => void;
  readonly #folders = new SharedFolders();
  #reported = false;
  /** Bytes that must be free, but are not; 0 while they are. */
  #missing = 0;
  #nextLook = 0;
  #removals = 0;
  #onSettled: (() => void) | null = null;

  /** `problem` is called at most once for each kind of problem. */
  constructor({ folder, ...limit }: KeptOutputsOptions, problem: (error: MemberError) => void) {
    this.#root = folder;
    this.#problem = problem;
    this.#limit = new OutputLimit({
      ...limit,
      root: folder,
      missingSpace: () => this.#missingSpace(),
      problem,
    });
  }

  /** The run begins. */
  begin(): void {
    this.#limit.begin();
  }

  /**
   * Makes the folder of a job's files. The job keeps no outputs where this fails, and where the disk is nearly full: a
   * program may fail when it can't write.
   */
  prepare(job: LocalJob): void {
    if (job.kept === null) return;
    if (this.#missingSpace() > 0) {
      this.refused(job, `the disk of ${this.#root} is nearly full`);
      return;
    }
    const folder = join(this.#root, job.kept.folder);
    try {
      this.#folders.make(folder);
    } catch (cause) {
      this.refused(job, `${folder} can't be created: ${(cause as Error).message}`);
      return;
    }
    this.#limit.started(job);
  }

  /** Returns the bytes that must be free when they are not, else 0. Looks at the disk at most once a second. */
  #missingSpace(): number {
    const now = performance.now();
    if (now < this.#nextLook) return this.#missing;
    this.#nextLook = now + LOOK_EVERY;
    try {
      const { bavail, bsize, blocks } = statfsSync(this.#root);
      const needed = Math.min(NEEDED_SPACE, (blocks * bsize) / SMALL_DISK);
      this.#missing = bavail * bsize >= needed ? 0 : needed;
    } catch {
      // The folder is missing; its creation says why.
      this.#missing = 0;
    }
    return this.#missing;
  }

  /** A job's files can't be written. Its outputs are not kept from now on. */
  refused(job: LocalJob, reason: string): void {
    this.#limit.ended(job, 0);
    job.keepsOutputs = false;
    if (this.#reported) return;
    this.#reported = true;
    this.#problem(new MemberError(`outputs of jobs are not kept: ${reason}`));
  }

  /** Removes the empty files of a job that has ended. */
  ended(job: LocalJob): void {
    if (!this.#limit.follows(job)) return;
    const paths = filesOf(job);
    let left = paths.length;
    let bytes = 0;
    for (const path of paths) {
      this.#removeEmpty(path, (size) => {
        bytes += size;
        if (--left === 0) this.#limit.ended(job, bytes);
      });
    }
  }

  /** The run has ended. Resolves when the empty files are removed, or after a while. */
  async settled(): Promise<void> {
    if (this.#removals > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, PATIENCE);
        this.#onSettled = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    await this.#limit.end();
  }

  /** `sized` is called with the bytes that the file takes. */
  #removeEmpty(path: string, sized: (bytes: number) => void): void {
    this.#removals++;
    const done = () => {
      if (--this.#removals === 0) this.#onSettled?.();
    };
    stat(path, (error: Error | null, stats: Stats) => {
      sized(error === null ? bytesOf(stats) : 0);
      if (error !== null || stats.size > 0) done();
      else unlink(path, done);
    });
  }
}
