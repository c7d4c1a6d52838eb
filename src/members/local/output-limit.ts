/**
 * Keeps the outputs of a run below a limit. Every second it looks at the outputs of the jobs that run; those of jobs
 * that have ended are counted as they end. When all of them exceed the limit, outputs of ended jobs are removed. The
 * middle of an output that is too large by itself is cut.
 */

import { lstat, open, opendir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { MemberError } from '../../errors.js';
import { formatJobId } from '../../model/job-id.js';
import { type KeptJob, keptFiles } from '../../model/kept-files.js';
import { formatBytes } from '../../text/bytes.js';
import { counted } from '../../text/counted.js';
import type { LocalJob } from './job.js';

/** Milliseconds between two looks. */
const LOOK_EVERY = 1000;
/** Milliseconds to the next removal after one for which too few jobs had ended. */
const REMOVE_AGAIN = 30_000;
/** Jobs whose outputs are looked at each time; the others follow in turn. */
const JOBS_PER_LOOK = 1000;
/** After a removal, the outputs take at most this part of the limit, so that removals are rare. */
const LEFT = 0.9;
/** Files of a job at most. */
const FILES = 2;
/** A single file may take this part of the limit. */
const SHARE = 0.1;
/** Parts of it that stay at the beginning and the end of an output that is cut, and bytes of the end. */
const KEPT_BEGIN = 0.5;
const KEPT_END = 0.25;
const MAX_END = 2 ** 20;

export interface OutputLimitOptions {
  readonly root: string;
  /** Bytes that all outputs may take. */
  readonly limit: number;
  /** Yields jobs that have ended, those first whose outputs are removed first. No job comes a second time. */
  readonly ended: () => AsyncIterable<KeptJob>;
  /** The outputs of these jobs were removed. */
  readonly removed: (ids: readonly bigint[]) => void;
  /** Returns the bytes that must be free on the disk when they are not, else 0. */
  readonly missingSpace: () => number;
  /** Called at most once for removals, and once for cuts. */
  readonly problem: (error: MemberError) => void;
}

/** The outputs of a job that runs, or has ended with an output that is to be cut. */
interface Running {
  bytes: number;
  ended: boolean;
  /** Bytes that were cut out of each file, by path. */
  readonly cut: Map<string, number>;
}

/** Bytes that a file takes. */
export function bytesOf({ size, blocks }: { readonly size: number; readonly blocks: number }): number {
  return Math.max(size, blocks * 512);
}

const sizeOf = async (path: string) => {
  const stats = await lstat(path).catch(() => null);
  return stats === null ? 0 : bytesOf(stats);
};

export class OutputLimit {
  readonly #options: OutputLimitOptions;
  readonly #running = new Map<LocalJob, Running>();
  /** Bytes of jobs that run, and of those that have ended. */
  #runningBytes = 0;
  #endedBytes = 0;
  /** Where the next look goes on. */
  #place: Iterator<[LocalJob, Running]> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> = Promise.resolve();
  #busy = false;
  /** No removal before this time (ms of performance.now()). */
  #nextRemoval = 0;
  #removalReported = false;
  #cutReported = false;

  constructor(options: OutputLimitOptions) {
    this.#options = options;
  }

  /** Begins to look. The outputs of earlier processes of the run are counted first. */
  begin(): void {
    this.#busy = true;
    this.#looking = this.#countEarlier(this.#options.root, Date.now()).finally(() => {
      this.#busy = false;
    });
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY);
    this.#timer.unref();
  }

  started(job: LocalJob): void {
    this.#running.set(job, { bytes: 0, ended: false, cut: new Map() });
  }

  follows(job: LocalJob): boolean {
    return this.#running.has(job);
  }

  /** The job has ended with outputs of these bytes. */
  ended(job: LocalJob, bytes: number): void {
    const running = this.#running.get(job);
    if (running === undefined) return;
    this.#runningBytes += bytes - running.bytes;
    running.bytes = bytes;
    running.ended = true;
    if (bytes <= this.#options.limit * SHARE) this.#forget(job, running);
  }

  #forget(job: LocalJob, { bytes }: Running): void {
    this.#running.delete(job);
    this.#runningBytes -= bytes;
    this.#endedBytes += bytes;
  }

  /** All jobs have ended. Ends the looks, after a last one at all of them. */
  async end(): Promise<void> {
    if (this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
    await this.#looking;
    do {
      this.#look();
      await this.#looking;
    } while (this.#place !== null);
  }

  /** Files of earlier processes were last changed before this one began. */
  async #countEarlier(folder: string, before: number): Promise<void> {
    try {
      for await (const entry of await opendir(folder)) {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) await this.#countEarlier(path, before);
        else {
          const stats = await lstat(path).catch(() => null);
          if (stats !== null && stats.mtimeMs < before) this.#endedBytes += bytesOf(stats);
        }
      }
    } catch {
      // A folder that can't be read counts as empty.
    }
  }

  #look(): void {
    if (this.#busy) return;
    this.#busy = true;
    this.#looking = this.#bound().finally(() => {
      this.#busy = false;
    });
  }

  async #bound(): Promise<void> {
    const { limit, missingSpace } = this.#options;
    const looked = this.#nextJobs();
    await Promise.all(looked.map(([job, running]) => this.#measure(job, running)));
    const missing = missingSpace();
    const most = missing === 0 ? limit * SHARE : Math.min(limit * SHARE, missing);
    await this.#cutAbove(looked, most);
    if (this.#exceeded && performance.now() >= this.#nextRemoval) await this.#remove(limit * LEFT);
    // The jobs that run exceed the limit together.
    if (this.#exceeded && this.#runningBytes > limit * LEFT) {
      await this.#cutAbove(looked, (limit * LEFT) / (FILES * this.#running.size));
    }
  }

  get #exceeded(): boolean {
    return this.#runningBytes + this.#endedBytes > this.#options.limit;
  }

  #nextJobs(): [LocalJob, Running][] {
    const jobs: [LocalJob, Running][] = [];
    this.#place ??= this.#running.entries();
    while (jobs.length < JOBS_PER_LOOK) {
      const next = this.#place.next();
      if (next.done) {
        this.#place = null;
        break;
      }
      jobs.push(next.value);
    }
    return jobs;
  }

  async #measure(job: LocalJob, running: Running): Promise<void> {
    const sizes = await Promise.all(filesOf(job).map(sizeOf));
    if (this.#running.get(job) !== running) return;
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    this.#runningBytes += bytes - running.bytes;
    running.bytes = bytes;
  }

  async #cutAbove(jobs: readonly [LocalJob, Running][], most: number): Promise<void> {
    for (const [job, running] of jobs) {
      if (running.bytes > most) {
        for (const path of filesOf(job)) await this.#cut(job, running, path, most);
        await this.#measure(job, running);
      }
      if (running.ended) this.#forget(job, running);
    }
  }

  /** Removes the middle of a file. A job that still writes goes on at its end. */
  async #cut(job: LocalJob, { cut }: Running, path: string, most: number): Promise<void> {
    const size = await sizeOf(path);
    if (size <= most) return;
    const begin = Math.floor(most * KEPT_BEGIN);
    const end = Math.floor(Math.min(most * KEPT_END, MAX_END));
    const gone = (cut.get(path) ?? 0) + size - begin - end;
    try {
      await cutMiddle(
        path,
        begin,
        end,
        `about ${formatBytes(gone)} of more than ${formatBytes(most)} were cut`,
      );
      cut.set(path, gone);
    } catch {
      return;
    }
    if (this.#cutReported) return;
    this.#cutReported = true;
    this.#options.problem(
      new MemberError(
        `the output of job ${formatJobId(job.id)} exceeds ${formatBytes(most)}: its middle is cut, and so are those of ` +
          'others (--output-limit; a file that `output` of the group names is never cut)',
      ),
    );
  }

  /** Removes outputs of ended jobs until all take at most `bytes`. */
  async #remove(bytes: number): Promise<void> {
    const ids: bigint[] = [];
    this.#nextRemoval = performance.now() + REMOVE_AGAIN;
    try {
      for await (const job of this.#options.ended()) {
        const removed = await this.#removeFiles(job);
        if (removed > 0) ids.push(job.id);
        this.#endedBytes = Math.max(0, this.#endedBytes - removed);
        if (this.#runningBytes + this.#endedBytes > bytes) continue;
        this.#nextRemoval = 0;
        break;
      }
    } catch {
      // The log of the run can't be read at this moment.
    }
    if (ids.length === 0) return;
    try {
      this.#options.removed(ids);
    } catch {
      // On a full disk they are removed all the same.
    }
    if (this.#removalReported) return;
    this.#removalReported = true;
    const most = formatBytes(this.#options.limit);
    this.#options.problem(
      new MemberError(
        `outputs of jobs exceed ${most} (--output-limit): those of ${counted(ids.length, 'job')} that ended first ` +
          'were removed, and others follow when room is needed',
      ),
    );
  }

  /** Returns the bytes that the files of a job took. */
  async #removeFiles(job: KeptJob): Promise<number> {
    const { output, error } = keptFiles(job);
    let bytes = 0;
    for (const name of [output, error]) {
      const path = join(this.#options.root, name);
      const size = await sizeOf(path);
      if (size === 0) continue;
      await unlink(path).then(
        () => {
          bytes += size;
        },
        () => {},
      );
    }
    return bytes;
  }
}

/** Leaves these bytes of the beginning and the end of a file, and a line with words between them. */
async function cutMiddle(path: string, begin: number, end: number, words: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const rest = Buffer.allocUnsafe(end);
    const { size } = await file.stat();
    const { bytesRead } = await file.read(rest, 0, end, Math.max(begin, size - end));
    const line = Buffer.from(`\n[flux-ensemble: ${words} here]\n`);
    const last = Buffer.concat([line, rest.subarray(0, bytesRead)]);
    await file.write(last, 0, last.length, begin);
    // Later output of the job follows, because its file is open for appending.
    await file.truncate(begin + last.length);
  } finally {
    await file.close();
  }
}

/** The kept files of a job. */
export function filesOf({ kept }: LocalJob): string[] {
  return [kept?.output, kept?.error].filter((path) => path != null);
}
