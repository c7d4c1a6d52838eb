/** The last line of what a job wrote. */

import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/** Bytes at the end of a file that are looked at. */
const TAIL = 4096;
/** Characters of a line that are kept. */
const LONGEST = 300;

/** The last line of a text that is not blank; null for none. */
export function lastLine(text: string): string | null {
  const line =
    text
      .trimEnd()
      .split(/[\n\r]/)
      .at(-1)
      ?.trim() ?? '';
  return line === '' ? null : line.slice(0, LONGEST);
}

/** The last line of a file that is not blank; null for none, and for what can't be read or is no ordinary file. */
export async function lastLineOf(path: string): Promise<string | null> {
  let file: FileHandle | null = null;
  try {
    // A FIFO must not be waited for.
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
