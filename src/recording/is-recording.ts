/** Whether a file is a recording, as far as its beginning tells. */

import { openRecording } from './reader.js';

/** Bytes that are looked at; a record of a large job may take thousands. */
const ENOUGH = 1 << 20;

/** Whether a line is a journal record, or as much of one as was written. */
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
 * Whether one of the first lines of a file is a journal record. A compressed file without a byte in it is a recording
 * too: so is one of a run that was killed early. Throws EnsembleError `ERR_FILE` when the file can't be read.
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
    // Torn: what was read before is what counts.
    if (reader.bytesRead === 0) throw error;
  }
  if (start.length === 0) return true;
  const lines = start.toString('utf8').split('\n');
  const torn = lines.pop() ?? '';
  return lines.some((line) => isRecord(line, true)) || isRecord(torn, true) || isRecord(torn, false);
}
