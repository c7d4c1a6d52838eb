/** Reads recordings of any size piece by piece. */

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EnsembleError } from '../errors.js';
import { type Compression, compressionOf, fileError, noCompression } from './files.js';
import { ZstdFrames } from './zstd-frames.js';

/** Bytes of a piece: large enough to make the cost of each piece negligible, small enough for a cache. */
const PIECE = 1 << 20;
/** Bytes that identify a compression. */
const MAGIC = 4;

export interface RecordingReader {
  /** Description of the file for messages: `the recording queue.ndjson`. */
  readonly name: string;
  /** Bytes of the file as stored, possibly compressed; null for a pipe. */
  readonly size: number | null;
  /** Bytes of the file that were read so far. */
  readonly bytesRead: number;
  /**
   * Yields the recording's bytes in pieces that may end within a line. Throws EnsembleError `ERR_FILE` when the
   * file can't be read to its end; pieces before that are valid. A compressed file that a killed run left
   * incomplete yields all of its written data first.
   */
  pieces(): AsyncGenerator<Uint8Array, void, void>;
}

/**
 * Opens a recording in a file, or standard input for `-`. The first bytes of a file identify its compression, not
 * its name. Throws EnsembleError `ERR_FILE`.
 */
export function openRecording(path: string): Promise<RecordingReader> {
  return openLines(path, `the recording ${path}`);
}

/** Opens a file of other lines; `name` describes it in messages. Throws EnsembleError `ERR_FILE`. */
export async function openLines(path: string, name: string): Promise<RecordingReader> {
  let size: number | null = null;
  if (path !== '-') {
    const stats = await stat(path).catch((cause: unknown) => {
      throw fileError(name, 'read', cause);
    });
    if (stats.isDirectory()) throw fileError(name, 'read', new Error('it is a folder'));
    if (stats.isFile()) size = stats.size;
  }
  return new Reader(path, name, size);
}

class Reader implements RecordingReader {
  readonly name: string;
  readonly size: number | null;
  readonly #path: string;
  #bytesRead = 0;

  constructor(path: string, name: string, size: number | null) {
    this.#path = path;
    this.name = name;
    this.size = size;
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  async *pieces(): AsyncGenerator<Uint8Array, void, void> {
    const file = this.#path === '-' ? process.stdin : createReadStream(this.#path, { highWaterMark: PIECE });
    try {
      yield* this.#decompressed(file);
    } catch (cause) {
      throw cause instanceof Torn ? this.#torn(cause) : fileError(this.name, 'read', cause);
    } finally {
      file.destroy();
    }
  }

  #torn({ compression, cause }: Torn): EnsembleError {
    const what = cause === null ? 'ends unexpectedly at' : 'is damaged near';
    const reason = cause === null ? '' : ` (${cause.message})`;
    return new EnsembleError(
      'ERR_FILE',
      `${this.name} ${what} byte ${this.#bytesRead} of its ${compression.name} data${reason}; the data before that were read`,
      { cause },
    );
  }

  async *#decompressed(file: Readable): AsyncGenerator<Uint8Array, void, void> {
    const bytes = this.#counted(file);
    let first = Buffer.alloc(0);
    while (first.length < MAGIC) {
      const next: IteratorResult<Uint8Array, void> = await bytes.next();
      if (next.done === true) break;
      first = Buffer.concat([first, next.value]);
    }
    const all = startingWith(first, bytes);
    const compression = compressionOf(first);
    yield* compression === undefined ? all : decompress(compression, all);
  }

  async *#counted(file: Readable): AsyncGenerator<Uint8Array, void, void> {
    for await (const piece of file as AsyncIterable<Uint8Array>) {
      this.#bytesRead += piece.length;
      yield piece;
    }
  }
}

/** Compressed data that are incomplete (`cause` is null) or damaged. */
class Torn extends Error {
  readonly compression: Compression;
  override readonly cause: Error | null;

  constructor(compression: Compression, cause: Error | null) {
    super('the data can not be decompressed to their end');
    this.compression = compression;
    this.cause = cause;
  }
}

async function* startingWith(first: Uint8Array, rest: AsyncIterable<Uint8Array>) {
  if (first.length > 0) yield first;
  yield* rest;
}

async function* decompress(
  compression: Compression,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  const stream = compression.decompressor?.();
  if (stream === undefined) throw noCompression(compression);
  const frames = compression.name === 'zstd' ? new ZstdFrames() : null;
  let taken = () => {};
  const fed = async function* () {
    for await (const piece of bytes) {
      frames?.push(piece);
      yield piece;
    }
    // An incomplete stream ends with an error, which discards output that was not read yet. Wait for the reader.
    await new Promise<void>((resolve) => stream.flush(compression.flush, resolve));
    while (stream.readableLength > 0 && !stream.destroyed) {
      await new Promise<void>((resolve) => {
        taken = resolve;
      });
    }
  };
  // Its error is that of the stream, which is read below.
  pipeline(fed, stream).catch(() => {});
  try {
    for await (const piece of stream as AsyncIterable<Uint8Array>) {
      yield piece;
      taken();
    }
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    if (code === 'Z_BUF_ERROR') throw new Torn(compression, null);
    throw /^(Z_|ZSTD_)/.test(code) ? new Torn(compression, cause as Error) : cause;
  } finally {
    stream.destroy();
    taken();
  }
  if (frames?.whole === false) throw new Torn(compression, null);
}
