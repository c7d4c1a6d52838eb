/** Decides by its beginning whether a file is a recording. */

import { openRecording } from './reader.js';

/** Bytes to read. A record of a large job may take thousands. */
const ENOUGH = 1 << 20;

/** Returns whether a line is a journal record. With `whole` false, the line may be cut off. */
function isRecord(line: string, whole: boolean): boolean {
  if (!whole) return /^\{"(id|events)":/.test(line);
  try {
    const { id, events } = JSON.parse(line) as { id?: unknown; events?: unknown };
    return id !== undefined && Array.isArray(events);
  } catch {
    return false;
  }
}

/**
 * Returns whether one of the first lines of a file is a journal record. An empty file in a compressed format counts
 * as a recording: a run that was killed early leaves one. Throws EnsembleError `ERR_FILE` when the file can't be
 * read.
 */
export async function isRecording(path: string): Promise<boolean> {
  let start = Buffer.alloc(0);
  const reader = await openRecording(path);
  try {
    for await (const piece of reader.pieces()) {
      start = Buffer.concat([start, piece]);
      if (start.length >= ENOUGH) break;
    }
  } catch (error) {
    // The end of the file is damaged. The part that was read decides.
    if (reader.bytesRead === 0) throw error;
  }
  if (start.length === 0) return true;
  const lines = start.toString('utf8').split('\n');
  const torn = lines.pop() ?? '';
  return lines.some((line) => isRecord(line, true)) || isRecord(torn, true) || isRecord(torn, false);
}
