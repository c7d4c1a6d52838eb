/** Reads the last line of a job's output. */

import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** Bytes read from the end of a file. */
const TAIL = 4096;
/** Maximum characters of a returned line. */
const MAX_LINE = 300;

/** Returns the last line of a text that is not blank; null without one. */
export function lastLine(text: string): string | null {
  const line =
    text
      // A full disk leaves zeros.
      .replaceAll('\0', ' ')
      .trimEnd()
      .split(/[\n\r]/)
      .at(-1)
      ?.trim() ?? '';
  return line === '' ? null : line.slice(0, MAX_LINE);
}

/**
 * Returns the last line of a file that is not blank. Returns null without one, for an unreadable file, and for a
 * special file.
 */
export async function lastLineOf(path: string): Promise<string | null> {
  let file: FileHandle | null = null;
  try {
    // Opening a FIFO must not block.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const status = await file.stat();
    if (!status.isFile()) return null;
    const start = Math.max(0, status.size - TAIL);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(TAIL), 0, TAIL, start);
    return lastLine(buffer.toString('utf8', 0, bytesRead));
  } catch {
    return null;
  } finally {
    await file?.close().catch(() => {});
  }
}
