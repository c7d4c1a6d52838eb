/** The progress of a replay on a terminal. */

import cliProgress from 'cli-progress';
import type { RecordingReader } from '../recording/reader.js';
import type { Replay } from '../recording/replay.js';

const INTERVAL = 200;

/** Shows the progress if standard error is a terminal. Returns a function that removes it. */
export function showProgress(replay: Replay, reader: RecordingReader): () => void {
  if (!process.stderr.isTTY) return () => {};
  const size = reader.size ?? 0;
  const bar = new cliProgress.SingleBar({
    // Without a size, as for a pipe, the percentage is unknown.
    format: size > 0 ? '{bar} {percentage}% | {rate} | ETA {eta_formatted}' : '{rate}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 30,
    clearOnComplete: true,
    hideCursor: true,
    stream: process.stderr,
    formatTime: cliProgress.Format.TimeFormat,
    etaBuffer: 50,
  });
  bar.start(Math.max(size, 1), 0, { rate: '' });
  let events = 0;
  let bytes = 0;
  let then = performance.now();
  const timer = setInterval(async () => {
    const status = await replay.status().catch(() => null);
    if (status === null || !bar.isActive) return;
    const now = performance.now();
    const seconds = (now - then) / 1000;
    const eventRate = (status.events - events) / seconds;
    const byteRate = (reader.bytesRead - bytes) / seconds;
    [events, bytes, then] = [status.events, reader.bytesRead, now];
    const rate = `${(eventRate / 1e6).toFixed(2)} M events/s, ${(byteRate / 1e6).toFixed(0)} MB/s`;
    bar.update(Math.min(reader.bytesRead, size), { rate });
  }, INTERVAL);
  return () => {
    clearInterval(timer);
    bar.stop();
  };
}
