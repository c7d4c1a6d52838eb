/** The folder in which `ensemble run` and `ensemble resume` keep a run. A run goes on without it: every failure is one warning. */

import { rmSync } from 'node:fs';
import { basename } from 'node:path';
import type { Durability } from '../model/durability.js';
import { createRunFolder, recordExit } from '../store/run-folder.js';
import { stateFolder } from '../store/state-folder.js';
import { shellWord } from '../text/shell.js';
import { complain } from './output.js';
import type { StateOption } from './state-option.js';

export class KeptRun {
  /** Absolute path of the folder. */
  readonly path: string;
  readonly #state: string | undefined;

  private constructor(path: string, state: string | undefined) {
    this.path = path;
    this.#state = state;
  }

  /**
   * Makes the folder; null, after a warning, where that fails and the run does not need it. `configuration` is the text
   * of the file. Throws EnsembleError when it does.
   */
  static create(
    configuration: string,
    { state, durability }: StateOption & { readonly durability?: Durability },
  ): KeptRun | null {
    try {
      return new KeptRun(createRunFolder(stateFolder(state), configuration), state);
    } catch (error) {
      if (durability === 'host') throw error;
      warnNotKept(error);
      return null;
    }
  }

  /** The folder of a run that goes on. */
  static of(path: string, { state }: StateOption): KeptRun {
    return new KeptRun(path, state);
  }

  /** The arguments of another command that finds this run. */
  get arguments(): string {
    const id = basename(this.path);
    return this.#state === undefined ? id : `${id} --state ${shellWord(this.#state)}`;
  }

  /** The run has ended with this exit status. */
  finish(exit: number): void {
    try {
      recordExit(this.path, exit);
    } catch {
      // The run has reported already that its folder can't be written.
    }
  }

  /** The run could not begin: removes the folder. */
  discard(): void {
    try {
      rmSync(this.path, { recursive: true, force: true });
    } catch (error) {
      complain(`${this.path} can't be removed: ${reasonOf(error)}`, 'warning');
    }
  }
}

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** Warns that the run goes on without its folder. */
export function warnNotKept(error: unknown): void {
  const remedy = 'choose another folder with --state, or pass --no-log';
  complain(`this run is not kept: ${reasonOf(error)}; ${remedy}`, 'warning');
}
