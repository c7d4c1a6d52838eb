/** Reads recordings piece by piece, whatever their size. */

import { createReadStream, type ReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { type Compression, compressions, drained, noCompression, recordingError } from './files.js';

/** Bytes of a piece; large enough that the number of pieces costs nothing, small enough for a cache. */
const PIECE = 1 << 20;

export interface RecordingReader {
  /** Bytes of the file, compressed as it is; null for a pipe. */
  readonly size: number | null;
  /** Of these, how many have been read. */
  readonly bytesRead: number;
  /**
   * The recording's bytes in pieces that end anywhere. Throws EnsembleError `ERR_FILE` when it can't be read, or not
   * to its end: what came before stands.
   */
  pieces(): AsyncGenerator<Uint8Array, void, void>;
}

/**
 * A recording in a file, or standard input for `-`. Compressed ones are known by what they begin with, not by their
 * names. Throws EnsembleError `ERR_FILE`.
 */
export async function openRecording(path: string): Promise<RecordingReader> {
  let size: number | null = null;
  if (path !== '-') {
    const stats = await stat(path).catch((cause: unknown) => {
      throw recordingError(path, 'read', cause);
    });
    if (stats.isDirectory()) throw recordingError(path, 'read', new Error('it is a folder'));
    if (stats.isFile()) size = stats.size;
  }
  return new Reader(path, size);
}

class Reader implements RecordingReader {
  readonly size: number | null;
  readonly #path: string;
  #bytesRead = 0;

  constructor(path: string, size: number | null) {
    this.#path = path;
    this.size = size;
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  async *pieces(): AsyncGenerator<Uint8Array, void, void> {
    const file: ReadStream | NodeJS.ReadStream =
      this.#path === '-' ? process.stdin : createReadStream(this.#path, { highWaterMark: PIECE });
    try {
      yield* this.#decompressed(file);
    } catch (cause) {
      throw recordingError(this.#path, 'read', cause);
    } finally {
      file.destroy();
    }
  }

  async *#decompressed(file: Readable): AsyncGenerator<Uint8Array, void, void> {
    const bytes = this.#counted(file);
    const first = await bytes.next();
    if (first.done === true) return;
    const compression = compressions.find(({ magic }) =>
      magic.every((byte, i) => first.value.length > i && first.value[i] === byte),
    );
    if (compression === undefined) {
      yield first.value;
      yield* bytes;
    } else {
      yield* decompress(compression, first.value, bytes);
    }
  }

  async *#counted(file: Readable): AsyncGenerator<Uint8Array, void, void> {
    for await (const piece of file as AsyncIterable<Uint8Array>) {
      this.#bytesRead += piece.length;
      yield piece;
    }
  }
}

async function* decompress(
  compression: Compression,
  first: Uint8Array,
  rest: AsyncGenerator<Uint8Array, void, void>,
): AsyncGenerator<Uint8Array, void, void> {
  const stream = compression.decompressor?.();
  if (stream === undefined) throw noCompression(compression);
  // One piece goes in when the one before has come out, so that memory is bounded on both sides.
  const feeding = (async () => {
    for (let piece: Uint8Array | undefined = first; piece !== undefined; ) {
      if (!stream.write(piece)) await drained(stream);
      if (stream.destroyed) return;
      const next: IteratorResult<Uint8Array, void> = await rest.next();
      piece = next.done === true ? undefined : next.value;
    }
    stream.end();
  })();
  feeding.catch((error: Error) => stream.destroy(error));
  try {
    yield* stream as AsyncIterable<Uint8Array>;
  } finally {
    stream.destroy();
  }
}
