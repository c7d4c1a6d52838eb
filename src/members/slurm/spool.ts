/**
 * Follows the spool of a run, to which the tasks append their notes: one file for each node. A look reads only what is new,
 * so its cost depends on the nodes and not on the jobs.
 */

import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Note, readNote } from './notes.js';

/** Bytes that are read at once. */
const PIECE = 1 << 20;

export class SpoolReader {
  readonly #folder: string;
  /** Bytes that were read and understood, by node. */
  readonly #offsets = new Map<string, number>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Calls `take` with each new note, those of a node in their order. Throws the system's errors. */
  async read(take: (note: Note) => void): Promise<void> {
    for (const host of await readdir(this.#folder)) await this.#readFile(host, take);
  }

  /** Opens the file each time: only then a network file system asks its server for new content. */
  async #readFile(host: string, take: (note: Note) => void): Promise<void> {
    const handle = await open(join(this.#folder, host));
    try {
      const { size } = await handle.stat();
      for (let offset = this.#offsets.get(host) ?? 0; offset < size; ) {
        const buffer = Buffer.alloc(Math.min(PIECE, size - offset));
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset);
        // The rest of a line may be on its way.
        const end = buffer.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
        if (end === 0) return;
        offset += end;
        this.#offsets.set(host, offset);
        for (const line of buffer.toString('latin1', 0, end - 1).split('\n')) {
          const note = readNote(line, host);
          if (note !== null) take(note);
        }
      }
    } finally {
      await handle.close();
    }
  }
}
