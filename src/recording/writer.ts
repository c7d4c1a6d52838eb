/** `--record FILE`: the journal records of a run, as they came. */

import { open } from 'node:fs/promises';
import { EnsembleError } from '../errors.js';

export interface Recorder {
  write(lines: Uint8Array): void;
  /** Waits until everything is written. Throws EnsembleError `ERR_FILE` if any of it could not be. */
  close(): Promise<void>;
}

/** Begins a recording, replacing the file. Throws EnsembleError `ERR_FILE`. */
export async function openRecorder(path: string): Promise<Recorder> {
  const failure = (cause: unknown) =>
    new EnsembleError(
      'ERR_FILE',
      `the recording ${path} can't be written: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  const file = await open(path, 'w').catch((cause: unknown) => {
    throw failure(cause);
  });
  const stream = file.createWriteStream();
  let error: unknown = null;
  stream.on('error', (cause) => {
    error ??= cause;
  });
  return {
    write: (lines) => {
      if (error === null) stream.write(lines);
    },
    close: async () => {
      await new Promise<void>((resolve) => {
        if (stream.destroyed) resolve();
        stream.once('close', resolve);
        stream.end();
      });
      if (error !== null) throw failure(error);
    },
  };
}
