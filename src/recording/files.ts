/** The compression of recordings, and their errors, for reading and writing. */

import type { Writable } from 'node:stream';
import zlib from 'node:zlib';
import { EnsembleError } from '../errors.js';

export interface Compression {
  readonly name: 'gzip' | 'zstd';
  /** Suffix of the names of such files. */
  readonly suffix: string;
  /** First bytes of such files. */
  readonly magic: readonly number[];
  /** Flush mode that makes a stream emit all of its input and continue. */
  readonly flush: number;
  /** Undefined where this version of Node lacks it. */
  readonly compressor: (() => zlib.Gzip) | undefined;
  readonly decompressor: (() => zlib.Gunzip) | undefined;
}

// Node has Zstandard since 22.15.
const { createZstdCompress, createZstdDecompress } = zlib as typeof zlib & {
  createZstdCompress?: () => zlib.Gzip;
  createZstdDecompress?: (options: zlib.ZlibOptions) => zlib.Gunzip;
};
const { Z_SYNC_FLUSH, ZSTD_e_flush = 1 } = zlib.constants as { Z_SYNC_FLUSH: number; ZSTD_e_flush?: number };

/** Damaged data discard output that was not yet emitted. Therefore each piece is emitted before the next is read. */
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

/** Returns the compression of a file with these first bytes; undefined for an uncompressed file. */
export function compressionOf(first: Uint8Array): Compression | undefined {
  return compressions.find(({ magic }) => magic.every((byte, i) => first[i] === byte));
}

/**
 * Creates the error `ERR_FILE` of a file that can't be read or written. `name` describes the file: `the recording
 * r.ndjson`.
 */
export function fileError(name: string, what: 'read' | 'written', cause: unknown): EnsembleError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new EnsembleError('ERR_FILE', `${name} can't be ${what}: ${reason}`, { cause });
}

/** Creates the cause of such an error for a compression that this version of Node lacks. */
export function noCompression({ name }: Compression): Error {
  return new Error(`Node ${process.version} does not support ${name}; use gzip, or Node 22.15 or later`);
}

/** Resolves when a stream accepts more data, or has closed. */
export function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    stream.on('drain', done).on('close', done);
  });
}
