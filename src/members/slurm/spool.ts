/**
 * Follows the spool of a run, to which the tasks append their notes: one file for each node. A look reads only what is new,
 * so its cost depends on the nodes and not on the jobs.
 */

import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Note, readNote } from './notes.js';

/** Bytes that are read at once. */
const PIECE = 1 << 20;

interface SpoolFile {
  /** Bytes that were read and understood. */
  offset: number;
}

export class SpoolReader {
  readonly #folder: string;
  /** By node. */
  readonly #files = new Map<string, SpoolFile>();
  /** Lines that are not notes. */
  invalid = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Calls `take` with each new note, those of a node in their order. Throws the system's errors. */
  async read(take: (note: Note) => void): Promise<void> {
    for (const host of await readdir(this.#folder)) {
      const file = this.#files.get(host) ?? { offset: 0 };
      this.#files.set(host, file);
      await this.#readFile(host, file, take);
    }
  }

  /** Opens the file each time: only then a network file system asks its server for new content. */
  async #readFile(host: string, file: SpoolFile, take: (note: Note) => void): Promise<void> {
    const handle = await open(join(this.#folder, host));
    try {
      const { size } = await handle.stat();
      while (file.offset < size) {
        const buffer = Buffer.alloc(Math.min(PIECE, size - file.offset));
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, file.offset);
        // The rest of a line may be on its way.
        const end = buffer.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
        if (end === 0) return;
        file.offset += end;
        for (const line of buffer.toString('latin1', 0, end - 1).split('\n')) {
          const note = readNote(line, host);
          if (note === null) this.invalid++;
          else take(note);
        }
      }
    } finally {
      await handle.close();
    }
  }
}
