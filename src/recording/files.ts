/** What recordings have in common whether they are read or written: how they are compressed, and what goes wrong. */

import type { Writable } from 'node:stream';
import zlib from 'node:zlib';
import { EnsembleError } from '../errors.js';

export interface Compression {
  readonly name: 'gzip' | 'zstd';
  /** How the names of such files end. */
  readonly suffix: string;
  /** What such files begin with. */
  readonly magic: readonly number[];
  /** How a stream is told to give out all that it has taken in, and to go on. */
  readonly flush: number;
  /** Absent where this version of Node has none. */
  readonly compressor: (() => zlib.Gzip) | undefined;
  readonly decompressor: (() => zlib.Gunzip) | undefined;
}

// Zstandard came to Node with 22.15.
const { createZstdCompress, createZstdDecompress } = zlib as typeof zlib & {
  createZstdCompress?: () => zlib.Gzip;
  createZstdDecompress?: (options: zlib.ZlibOptions) => zlib.Gunzip;
};
const { Z_SYNC_FLUSH, ZSTD_e_flush = 1 } = zlib.constants as { Z_SYNC_FLUSH: number; ZSTD_e_flush?: number };

/** Damaged data take with them what is read and not yet given out: so a piece is given out before the next is read. */
const PIECE_BY_PIECE = { chunkSize: 1 << 18, readableHighWaterMark: 1 };

export const compressions: readonly Compression[] = [
  {
    name: 'gzip',
    suffix: '.gz',
    magic: [0x1f, 0x8b],
    flush: Z_SYNC_FLUSH,
    compressor: () => zlib.createGzip({ level: 1 }),
    decompressor: () => zlib.createGunzip(PIECE_BY_PIECE),
  },
  {
    name: 'zstd',
    suffix: '.zst',
    magic: [0x28, 0xb5, 0x2f, 0xfd],
    flush: ZSTD_e_flush,
    compressor: createZstdCompress,
    decompressor: createZstdDecompress === undefined ? undefined : () => createZstdDecompress(PIECE_BY_PIECE),
  },
];

/** The compression of a file that begins so; undefined for one that is not compressed. */
export function compressionOf(first: Uint8Array): Compression | undefined {
  return compressions.find(({ magic }) => magic.every((byte, i) => first[i] === byte));
}

/** The error of a file that can't be read or written, `ERR_FILE`; `name` says what it is, `the recording r.ndjson`. */
export function fileError(name: string, what: 'read' | 'written', cause: unknown): EnsembleError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new EnsembleError('ERR_FILE', `${name} can't be ${what}: ${reason}`, { cause });
}

/** The same for a compression that this version of Node lacks. */
export function noCompression({ name }: Compression): Error {
  return new Error(`Node ${process.version} has no ${name}; use gzip, or Node 22.15 or later`);
}

/** Resolves when a stream takes more, or never will. */
export function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    stream.on('drain', done).on('close', done);
  });
}
