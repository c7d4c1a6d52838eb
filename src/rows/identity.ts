/** Tells whether a file of rows is still the same. */

import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** Bytes at the beginning that are compared. */
const PREFIX = 2 ** 20;

/** Properties of a file of which at least one changes with its rows. */
export interface FileIdentity {
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly modified: number;
  /** SHA-256 of the first MiB. */
  readonly digest: string;
}

/** Returns the identity of a file. Throws the system's errors. */
export function identityOf(path: string): FileIdentity {
  const file = openSync(path, 'r');
  try {
    const { size, mtimeMs } = fstatSync(file);
    const prefix = Buffer.alloc(Math.min(size, PREFIX));
    const length = readSync(file, prefix, 0, prefix.length, 0);
    const digest = createHash('sha256').update(prefix.subarray(0, length)).digest('hex');
    return { size, modified: mtimeMs, digest };
  } finally {
    closeSync(file);
  }
}

/** How a file differs from what it was, in words; null where it is the same. */
export function differenceOf(before: FileIdentity, now: FileIdentity): string | null {
  if (before.size !== now.size) return `it had ${before.size} bytes and has ${now.size}`;
  if (before.digest !== now.digest) return 'its first rows are others';
  // A file with another time may be a copy with the same rows, or a changed file.
  return before.modified === now.modified ? null : 'it was written again';
}
