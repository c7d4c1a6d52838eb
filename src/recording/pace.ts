/** Replays the bytes of a recording at the pace of their timestamps, or a multiple of it. */

import { setTimeout as sleep } from 'node:timers/promises';

/** Seconds that a record may be early, because timers are not more precise. */
const EARLY = 0.002;
const NEWLINE = 0x0a;
const key = Buffer.from('"timestamp":');

/**
 * Returns the time of a record's last event in seconds since the epoch, or null. A guess is good enough for a pace.
 */
function timeOf(line: Buffer): number | null {
  const at = line.lastIndexOf(key);
  if (at === -1) return null;
  const time = Number.parseFloat(line.toString('latin1', at + key.length, at + key.length + 24));
  return Number.isFinite(time) ? time : null;
}

/**
 * Yields the same bytes, each record when it is due. `speed` is the seconds of the recording that pass in one
 * second. Ends when the signal is aborted.
 */
export async function* paced(
  pieces: AsyncIterable<Uint8Array>,
  speed: number,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  const begun = performance.now();
  let first: number | null = null;
  for await (const piece of pieces) {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.length);
    let from = 0;
    for (let line = 0; line < bytes.length; ) {
      const newline = bytes.indexOf(NEWLINE, line);
      const behind = newline === -1 ? bytes.length : newline + 1;
      const time = timeOf(bytes.subarray(line, behind));
      if (time !== null) {
        first ??= time;
        const early = (time - first) / speed - (performance.now() - begun) / 1000;
        if (early > EARLY) {
          if (line > from) yield bytes.subarray(from, line);
          from = line;
          // Timers count milliseconds in 31 bits.
          await sleep(Math.min(early * 1000, 2 ** 31 - 1), undefined, signal ? { signal } : {}).catch(
            () => {},
          );
          if (signal?.aborted) return;
        }
      }
      line = behind;
    }
    if (from < bytes.length) yield bytes.subarray(from);
  }
}
