/** The text of a file, piece by piece. */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { RowError } from './row-error.js';

const CHUNK = 256 * 1024;

/**
 * Yields the text of a UTF-8 file in pieces, without a byte order mark. The file is open until the last piece was taken, or
 * the generator is ended. Throws RowError for a file that can't be read.
 */
export function* chunksOf(path: string): Generator<string, void, void> {
  const place = { path, line: null, column: null, name: null };
  const refuse = (error: unknown): never => {
    const isText = error instanceof TypeError;
    const reason = isText ? 'it is not UTF-8 text' : `can't be read: ${(error as Error).message}`;
    throw new RowError(place, reason, { cause: error });
  };
  let file: number | null = null;
  try {
    file = openSync(path, 'r');
    // A pipe can be read once only, and rows may be taken again.
    if (!fstatSync(file).isFile()) throw new Error('it is not a regular file');
  } catch (error) {
    if (file !== null) closeSync(file);
    return refuse(error);
  }
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const buffer = Buffer.allocUnsafe(CHUNK);
  try {
    for (;;) {
      let text: string;
      let length: number;
      try {
        length = readSync(file, buffer, 0, CHUNK, null);
        text = decoder.decode(buffer.subarray(0, length), { stream: length > 0 });
      } catch (error) {
        return refuse(error);
      }
      if (text !== '') yield text;
      if (length === 0) return;
    }
  } finally {
    closeSync(file);
  }
}
