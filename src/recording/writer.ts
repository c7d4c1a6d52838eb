/** Recordings: the journal's records as they came, one a line, compressed if the file's name says so. */

import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Gzip } from 'node:zlib';
import { EnsembleError } from '../errors.js';
import { counted } from '../text/counted.js';
import { type Compression, compressions, fileError, noCompression } from './files.js';
import { openTarget, type Target } from './target.js';

/** Bytes that may wait for the disk: much more than a busy queue tells of in a second. */
const MOST_WAITING = 2 ** 28;
/** Bytes from which on whoever can wait should. */
const HIGH_WATER = 2 ** 20;
/** Milliseconds from a record to the moment when it can be read in the file, whatever then becomes of the process. */
const FLUSH_AFTER = 500;
/** Seconds that a disk, or the reader of a pipe, may take nothing in before what waits at the end is given up. */
const PATIENCE = 30;
/** The same once the run has been interrupted. */
const IMPATIENCE = 1;
/** Seconds between two looks at that. */
const STEP = 0.25;

export interface RecorderOptions {
  /** Replace a recording that is there. What is there and is no recording is never replaced. */
  readonly force?: boolean;
  /** Bytes that may wait for the disk; what comes when there are more is dropped and counted. 256 MiB by default. */
  readonly mostWaiting?: number;
  /** Told at once, and once for each: that the recording can't be written any more, that it begins to lose records. */
  readonly problem?: (error: EnsembleError) => void;
}

export interface Recorder {
  /**
   * Takes whole lines. The file is replaced with the first of them. A promise says that the disk is behind, and resolves
   * when it has caught up: whoever can wait should. Once writing has failed, nothing is kept any more.
   */
  write(lines: Uint8Array): Promise<void> | undefined;
  /** Bytes that were taken in and not yet written. */
  readonly waiting: number;
  /** Why the recording is not whole, `ERR_FILE`; null as long as nothing is known to be missing. */
  readonly error: EnsembleError | null;
  /** Nothing is written any more. */
  readonly broken: boolean;
  /**
   * Waits until everything is written; when the disk takes in nothing for half a minute, or a second once the signal is
   * aborted, the rest is given up. Without a line written, the file stays as it was. Throws `error`. Idempotent.
   */
  close(signal?: AbortSignal): Promise<void>;
}

/**
 * A recording in a file: gzip for `*.gz`, Zstandard for `*.zst`, standard output for `-`. All but the last second of it
 * can be read in the file at any time, also when the process is killed. Throws EnsembleError `ERR_FILE` for a file that
 * can't be written or may not be replaced.
 */
export async function openRecorder(path: string, options: RecorderOptions = {}): Promise<Recorder> {
  const name = `the recording ${path}`;
  const compression = compressions.find(({ suffix }) => path.endsWith(suffix));
  if (compression !== undefined && compression.compressor === undefined) {
    throw fileError(name, 'written', noCompression(compression));
  }
  const target = await openTarget(path, { force: options.force === true }).catch((cause: unknown) => {
    throw fileError(name, 'written', cause);
  });
  return new TargetRecorder(name, target, compression ?? null, options);
}

class TargetRecorder implements Recorder {
  readonly #name: string;
  readonly #target: Target;
  readonly #compression: Compression | null;
  readonly #compressor: Gzip | null;
  readonly #mostWaiting: number;
  readonly #problem: (error: EnsembleError) => void;
  readonly #lines = new Readable({ highWaterMark: HIGH_WATER, read: () => this.#caughtUp() });
  #output: Writable | null = null;
  /** Resolves when all is written, or never will be. Null before the first line. */
  #written: Promise<void> | null = null;
  #closed: Promise<void> | null = null;
  #behind: { readonly promise: Promise<void>; readonly resolve: () => void } | null = null;
  #flushing: NodeJS.Timeout | null = null;
  #error: EnsembleError | null = null;
  #broken = false;
  readonly #dropped = { records: 0, bytes: 0 };

  constructor(name: string, target: Target, compression: Compression | null, options: RecorderOptions) {
    this.#name = name;
    this.#target = target;
    this.#compression = compression;
    this.#compressor = compression?.compressor?.() ?? null;
    this.#mostWaiting = options.mostWaiting ?? MOST_WAITING;
    this.#problem = options.problem ?? (() => {});
  }

  get waiting(): number {
    return [this.#compressor, this.#output].reduce(
      (sum, stream) => sum + (stream?.writableLength ?? 0),
      this.#lines.readableLength,
    );
  }

  get error(): EnsembleError | null {
    return this.#error;
  }

  get broken(): boolean {
    return this.#broken;
  }

  write(lines: Uint8Array): Promise<void> | undefined {
    if (this.#broken || this.#closed !== null) return undefined;
    this.#written ??= this.#writeAll();
    const fits = this.waiting + lines.length <= this.#mostWaiting;
    const isBehind = fits ? !this.#lines.push(lines) : true;
    if (!fits) this.#drop(lines);
    this.#flushLater();
    if (!isBehind) return undefined;
    this.#behind ??= withResolver();
    return this.#behind.promise;
  }

  async close(signal?: AbortSignal): Promise<void> {
    this.#closed ??= this.#close(signal);
    await this.#closed;
    if (this.#error !== null) throw this.#error;
  }

  async #writeAll(): Promise<void> {
    try {
      this.#output = await this.#target.begin();
      const streams = this.#compressor === null ? [] : [this.#compressor];
      await pipeline([this.#lines, ...streams, this.#output], { end: !this.#target.shared });
    } catch (cause) {
      this.#fail(cause);
      if (this.#output === null) await this.#target.discard().catch(() => {});
    }
    this.#caughtUp();
  }

  #flushLater(): void {
    this.#flushing ??= setTimeout(() => void this.#flush(), FLUSH_AFTER).unref();
  }

  /** Lets all that is written be read in the file, should the process be killed from then on. */
  async #flush(): Promise<void> {
    const isMore = this.#output === null || this.#lines.readableLength > 0;
    const flushed = new Promise<void>((resolve) => {
      if (this.#compression === null || this.#compressor === null) resolve();
      else this.#compressor.flush(this.#compression.flush, resolve);
    });
    if (await this.#target.removed().catch(() => false)) this.#fail(new Error('the file was removed'));
    await flushed;
    this.#flushing = null;
    if (isMore && !this.#broken && this.#closed === null) this.#flushLater();
  }

  #caughtUp(): void {
    this.#behind?.resolve();
    this.#behind = null;
  }

  #drop(lines: Uint8Array): void {
    if (this.#dropped.bytes === 0) {
      this.#report(
        `${this.#name} begins to lose records: ${counted(this.waiting, 'byte')} wait for its disk or reader`,
      );
    }
    this.#dropped.bytes += lines.length;
    for (const byte of lines) if (byte === 0x0a) this.#dropped.records++;
  }

  #fail(cause: unknown): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#tell(fileError(this.#name, 'written', cause));
    this.#lines.destroy();
    this.#compressor?.destroy();
    if (!this.#target.shared) this.#output?.destroy();
    this.#caughtUp();
  }

  #report(message: string, options?: ErrorOptions): void {
    this.#tell(new EnsembleError('ERR_FILE', message, options));
  }

  #tell(error: EnsembleError): void {
    this.#error = error;
    this.#problem(error);
  }

  async #close(signal: AbortSignal | undefined): Promise<void> {
    if (this.#written === null) return this.#target.discard();
    if (!this.#broken && (await this.#target.removed().catch(() => false))) {
      this.#fail(new Error('the file was removed'));
    }
    const { records, bytes } = this.#dropped;
    if (bytes > 0 && !this.#broken) {
      this.#report(
        `${this.#name} lacks ${counted(records, 'record')} (${counted(bytes, 'byte')}): its disk or reader was too slow`,
      );
    }
    if (!this.#broken) this.#lines.push(null);
    const isOver = new AbortController();
    await Promise.race([this.#written, this.#stuck(isOver.signal, signal)]);
    isOver.abort();
    clearTimeout(this.#flushing ?? undefined);
  }

  /** Gives up when nothing has been taken in for too long. */
  async #stuck(isOver: AbortSignal, interrupted: AbortSignal | undefined): Promise<void> {
    let waiting = this.waiting;
    for (let seconds = 0; seconds < (interrupted?.aborted ? IMPATIENCE : PATIENCE); seconds += STEP) {
      await sleep(STEP * 1000, undefined, { signal: isOver }).catch(() => {});
      if (isOver.aborted) return;
      if (this.waiting < waiting && !interrupted?.aborted) seconds = 0;
      waiting = this.waiting;
    }
    this.#fail(new Error(`${counted(waiting, 'byte')} at its end were not taken in by its disk or reader`));
  }
}

function withResolver(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
