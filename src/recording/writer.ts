/** Writes recordings: the unchanged journal records, one a line, compressed according to the file's suffix. */

import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Gzip } from 'node:zlib';
import { EnsembleError } from '../errors.js';
import { counted } from '../text/counted.js';
import { type Compression, compressions, fileError, noCompression } from './files.js';
import { openTarget, type Target } from './target.js';

/** Maximum bytes waiting for the disk: much more than a busy queue emits in a second. */
const MAX_WAITING = 2 ** 28;
/** Waiting bytes from which on the caller should wait. */
const HIGH_WATER = 2 ** 20;
/** Milliseconds until a record can be read in the file, even if the process is killed afterwards. */
const FLUSH_AFTER = 500;
/** Seconds without progress of the disk, or of the reader of a pipe, after which closing discards the rest. */
const PATIENCE = 30;
/** The same after an interruption of the run. */
const IMPATIENCE = 1;
/** Seconds between two checks of the progress. */
const STEP = 0.25;

export interface RecorderOptions {
  /** Replace an existing recording. Other existing files are never replaced. */
  readonly force?: boolean;
  /** Maximum bytes waiting for the disk; further records are dropped and counted. 256 MiB by default. */
  readonly mostWaiting?: number;
  /** Called at once, and once for each problem: a write error, or the first dropped record. */
  readonly problem?: (error: EnsembleError) => void;
}

export interface Recorder {
  /**
   * Accepts whole lines. The first of them replaces the file. Returns a promise when the disk falls behind; it
   * resolves when the disk has caught up, and the caller should wait for it. After a write error, further lines are
   * ignored.
   */
  write(lines: Uint8Array): Promise<void> | undefined;
  /** Accepted bytes that were not yet written. */
  readonly waiting: number;
  /** Why the recording is incomplete, `ERR_FILE`; null while it is complete. */
  readonly error: EnsembleError | null;
  /** True after a write error. */
  readonly broken: boolean;
  /**
   * Waits until everything is written. Discards the rest if the disk makes no progress for 30 seconds, or for one
   * second after the signal is aborted. If no line was written, the file is unchanged. Throws `error`. Idempotent.
   */
  close(signal?: AbortSignal): Promise<void>;
}

/**
 * Opens a recording for writing: gzip for `*.gz`, Zstandard for `*.zst`, standard output for `-`. The file can be
 * read at any time up to its last second, even if the process is killed. Throws EnsembleError `ERR_FILE` for a file
 * that can't be written or must not be replaced.
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
  /** Resolves when all is written, or after a write error. Null before the first line. */
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
    this.#mostWaiting = options.mostWaiting ?? MAX_WAITING;
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

  /** Flushes the compressor. Data written before can be read even if the process is killed later. */
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
        `${this.#name} is losing records: ${counted(this.waiting, 'byte')} wait for its disk or reader`,
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
        `${this.#name} is missing ${counted(records, 'record')} (${counted(bytes, 'byte')}): its disk or reader was too slow`,
      );
    }
    if (!this.#broken) this.#lines.push(null);
    const isOver = new AbortController();
    await Promise.race([this.#written, this.#stuck(isOver.signal, signal)]);
    isOver.abort();
    clearTimeout(this.#flushing ?? undefined);
  }

  /** Fails the recording after too long without progress. */
  async #stuck(isOver: AbortSignal, interrupted: AbortSignal | undefined): Promise<void> {
    let waiting = this.waiting;
    for (let seconds = 0; seconds < (interrupted?.aborted ? IMPATIENCE : PATIENCE); seconds += STEP) {
      await sleep(STEP * 1000, undefined, { signal: isOver }).catch(() => {});
      if (isOver.aborted) return;
      if (this.waiting < waiting && !interrupted?.aborted) seconds = 0;
      waiting = this.waiting;
    }
    this.#fail(
      new Error(`${counted(waiting, 'byte')} at its end could not be written: its disk or reader is stuck`),
    );
  }
}

function withResolver(): { promise: Promise<void>; resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
