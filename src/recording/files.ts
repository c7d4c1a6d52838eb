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
  /** Absent where this version of Node has none. */
  readonly compressor: (() => zlib.Gzip) | undefined;
  readonly decompressor: (() => zlib.Gunzip) | undefined;
}

// Zstandard came to Node with 22.15.
const { createZstdCompress, createZstdDecompress } = zlib as typeof zlib & {
  createZstdCompress?: () => zlib.Gzip;
  createZstdDecompress?: () => zlib.Gunzip;
};

export const compressions: readonly Compression[] = [
  {
    name: 'gzip',
    suffix: '.gz',
    magic: [0x1f, 0x8b],
    compressor: () => zlib.createGzip({ level: 1 }),
    decompressor: () => zlib.createGunzip(),
  },
  {
    name: 'zstd',
    suffix: '.zst',
    magic: [0x28, 0xb5, 0x2f, 0xfd],
    compressor: createZstdCompress,
    decompressor: createZstdDecompress,
  },
];

/** The error of a recording that can't be read or written, `ERR_FILE`. */
export function recordingError(path: string, what: 'read' | 'written', cause: unknown): EnsembleError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new EnsembleError('ERR_FILE', `the recording ${path} can't be ${what}: ${reason}`, { cause });
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
