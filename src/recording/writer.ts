/** Recordings: the journal's records as they came, one a line, compressed if the file's name says so. */

import { open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { compressions, drained, noCompression, recordingError } from './files.js';

export interface Recorder {
  /**
   * Takes whole lines. A promise says that the disk is behind, and resolves when it has caught up: whoever can
   * wait should. Once writing has failed, nothing is kept any more.
   */
  write(lines: Uint8Array): Promise<void> | undefined;
  /** Bytes that were taken in and not yet written. */
  readonly waiting: number;
  /** Waits until everything is written. Throws EnsembleError `ERR_FILE` if any of it could not be. */
  close(): Promise<void>;
}

/**
 * Begins a recording, replacing the file: gzip for `*.gz`, Zstandard for `*.zst`, standard output for `-`. Throws
 * EnsembleError `ERR_FILE`.
 */
export async function openRecorder(path: string): Promise<Recorder> {
  const compression = compressions.find(({ suffix }) => path.endsWith(suffix));
  if (compression !== undefined && compression.compressor === undefined) {
    throw recordingError(path, 'written', noCompression(compression));
  }
  const file = await openOutput(path).catch((cause: unknown) => {
    throw recordingError(path, 'written', cause);
  });
  const compressor = compression?.compressor?.();
  compressor?.pipe(file);
  const stream = compressor ?? file;
  let error: unknown = null;
  for (const each of new Set<Writable>([stream, file])) {
    each.on('error', (cause) => {
      error ??= cause;
      stream.destroy();
    });
  }
  return {
    get waiting() {
      return stream.writableLength + (stream === file ? 0 : file.writableLength);
    },
    write: (lines) => {
      if (error !== null || stream.destroyed || stream.write(lines)) return undefined;
      return drained(stream);
    },
    close: async () => {
      if (!stream.destroyed) stream.end();
      if (path !== '-') await finished(file).catch(() => {});
      else if (!stream.destroyed) await finished(stream).catch(() => {});
      if (error !== null) throw recordingError(path, 'written', error);
    },
  };
}

async function openOutput(path: string): Promise<Writable> {
  if (path === '-') return process.stdout;
  const file = await open(path, 'w');
  return file.createWriteStream();
}
