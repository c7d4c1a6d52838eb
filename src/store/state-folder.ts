/** The folder in which the runs of this user are kept. */

import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { EnsembleError } from '../errors.js';
import { makeFolders } from '../text/folders.js';
import { checkOwnFolder } from './private-folder.js';

const NAME = 'flux-ensemble';

/**
 * Returns the state folder: `given`, otherwise `flux-ensemble` in $XDG_STATE_HOME, otherwise in ~/.local/state. The
 * folder may be missing.
 */
export function stateFolder(given: string | undefined, environment: NodeJS.ProcessEnv = process.env): string {
  if (given !== undefined) return resolve(given);
  const named = environment.XDG_STATE_HOME;
  if (named?.startsWith('/')) return join(named, NAME);
  return join(environment.HOME || homedir(), '.local', 'state', NAME);
}

/** Returns the folder that has a folder for each run. */
export function runsFolder(state: string): string {
  return join(state, 'runs');
}

/**
 * Creates the missing folders of `runsFolder`, for their owner alone, and returns its path. Throws EnsembleError:
 * `ERR_FILE` when they can't be created, `ERR_INSECURE` when other users can write to them or replace them.
 */
export function makeRunsFolder(state: string): string {
  const folder = runsFolder(state);
  try {
    makeFolders(folder);
    checkOwnFolder(folder);
  } catch (cause) {
    if (cause instanceof EnsembleError) throw cause;
    const message = `the folder ${folder} can't be created: ${(cause as Error).message}`;
    throw new EnsembleError('ERR_FILE', message, { cause });
  }
  return folder;
}
