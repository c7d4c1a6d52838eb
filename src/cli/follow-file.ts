/** Copies files to standard output or standard error, also while they grow. */

import { type FileHandle, open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep } from 'node:timers/promises';
import { EnsembleError } from '../errors.js';
import { escapeLines } from '../text/describe.js';
import { standardError, standardOutput } from './streams.js';

const PIECE = 65_536;
/** Milliseconds between two looks at a file that grows. */
const PERIOD = 200;

/** Writes output of a job. On a terminal, control characters are escaped; elsewhere the bytes are unchanged. */
export class JobOutput {
  readonly #stream: typeof standardOutput;
  readonly #decoder: StringDecoder | null;
  /** Bytes that were written. */
  bytes = 0;

  constructor(to: 'stdout' | 'stderr') {
    this.#stream = to === 'stdout' ? standardOutput : standardError;
    this.#decoder = process[to].isTTY ? new StringDecoder('utf8') : null;
  }

  async write(data: Buffer): Promise<void> {
    this.bytes += data.length;
    // A copy, because the caller uses its buffer again.
    this.#stream.write(
      this.#decoder === null ? Uint8Array.from(data) : escapeLines(this.#decoder.write(data)),
    );
    if (this.#stream.full) await this.#stream.written();
  }

  /** Writes the incomplete character at the end, if any. */
  end(): void {
    const rest = this.#decoder?.end() ?? '';
    if (rest !== '') this.#stream.write(escapeLines(rest));
  }
}

/**
 * Copies a file to the end. With `goesOn`, waits for more until it resolves with false, also for a file that does not
 * exist yet. Returns whether the file exists. Throws EnsembleError `ERR_FILE` for a file that can't be read.
 */
export async function copyFile(
  path: string,
  to: JobOutput,
  goesOn: () => Promise<boolean> = async () => false,
): Promise<boolean> {
  let file: FileHandle | null = null;
  let place = 0;
  try {
    for (;;) {
      // Asked before reading: what was written before the end is then read.
      const more = await goesOn();
      file ??= await openIfExists(path);
      if (file !== null) place = await copyRest(file, place, to);
      if (!more) return file !== null;
      await sleep(PERIOD);
    }
  } catch (cause) {
    throw new EnsembleError('ERR_FILE', `can't read ${path}: ${(cause as Error).message}`, { cause });
  } finally {
    await file?.close().catch(() => {});
  }
}

async function openIfExists(path: string): Promise<FileHandle | null> {
  try {
    return await open(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Copies from a place in the file to its end, and returns that. A file that was cut goes on at its end. */
async function copyRest(file: FileHandle, from: number, to: JobOutput): Promise<number> {
  const buffer = Buffer.allocUnsafe(PIECE);
  for (let place = from; ; ) {
    const { bytesRead } = await file.read(buffer, 0, PIECE, place);
    if (bytesRead === 0) return Math.min(place, (await file.stat()).size);
    await to.write(buffer.subarray(0, bytesRead));
    place += bytesRead;
  }
}
