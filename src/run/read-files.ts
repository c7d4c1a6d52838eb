/** Files from which a run reads rows. Their rows are known by their places, so the files must not change. */

import type { Engine } from '../engine/engine.js';
import { EnsembleError } from '../errors.js';
import { differenceOf, type FileIdentity, identityOf } from '../rows/identity.js';
import { runNote } from './notes.js';

const ADVICE =
  'the jobs of the run are known by the places of their rows. Restore the file, or begin a new run with `skip: done`';

export class ReadFiles {
  readonly #log: Pick<Engine, 'logs' | 'note'>;
  readonly #known = new Map<string, FileIdentity>();

  constructor(log: Pick<Engine, 'logs' | 'note'>) {
    this.#log = log;
  }

  /** An earlier process of the run has read a file. */
  knows(path: string, { size, modified, digest }: FileIdentity): void {
    this.#known.set(path, { size, modified, digest });
  }

  /** Compares the files that were read. Throws EnsembleError `ERR_RUN` for one that has changed. */
  check(): void {
    for (const [path, before] of this.#known) {
      const changed = differenceNow(path, before);
      if (changed === null) continue;
      throw new EnsembleError('ERR_RUN', `${path} has changed since the run began: ${changed}; ${ADVICE}`);
    }
  }

  /** Rows are read from a file. Throws Error for a file that has changed since rows were read from it first. */
  async reads(path: string): Promise<void> {
    const before = this.#known.get(path);
    if (before !== undefined) {
      const changed = differenceNow(path, before);
      if (changed === null) return;
      throw new Error(`${path} has changed since the run began: ${changed}; ${ADVICE}`);
    }
    const now = identityOf(path);
    this.#known.set(path, now);
    if (this.#log.logs) await this.#log.note(runNote('rows', { file: path, ...now }));
  }
}

function differenceNow(path: string, before: FileIdentity): string | null {
  try {
    return differenceOf(before, identityOf(path));
  } catch (error) {
    return (error as Error).message;
  }
}
