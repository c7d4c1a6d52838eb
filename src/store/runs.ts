/** The runs in a state folder. */

import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { EnsembleError } from '../errors.js';
import { quote } from '../text/describe.js';
import { didYouMean } from '../text/suggest.js';
import { lockState, refuseDriven } from './lock.js';
import { logFolder, type RunManifest, readManifest, refuseEnded } from './run-folder.js';
import { runsFolder } from './state-folder.js';

/**
 * The state of a run: that of its manifest, or `lost` for a run whose process died before the run ended. A run on
 * another host that has not ended counts as running.
 */
export type RunState = 'running' | 'done' | 'terminated' | 'interrupted' | 'stopped' | 'failed' | 'lost';

export interface StoredRun {
  /** Absolute path of the run's folder. */
  readonly path: string;
  readonly manifest: RunManifest;
  readonly state: RunState;
}

/** Runs, the newest first, and the folders that are not readable as runs. */
export interface StoredRuns {
  readonly runs: readonly StoredRun[];
  readonly problems: readonly EnsembleError[];
}

function stateOf(path: string, { state }: RunManifest): RunState {
  if (state !== 'running') return state;
  const lock = lockState(path);
  return lock.state === 'dead' || lock.state === 'free' ? 'lost' : 'running';
}

/** Returns the run in a folder. Throws EnsembleError: `ERR_FILE` for a missing or unreadable one, else `ERR_RUN`. */
export function readRun(folder: string): StoredRun {
  const path = resolve(folder);
  const manifest = readManifest(path);
  try {
    return { path, manifest, state: stateOf(path, manifest) };
  } catch (cause) {
    if (cause instanceof EnsembleError) throw cause;
    throw new EnsembleError('ERR_FILE', `can't read ${path}: ${(cause as Error).message}`, { cause });
  }
}

/** Returns all runs of a state folder. A folder that is not readable as a run is reported and skipped. */
export function listRuns(state: string): StoredRuns {
  return runsIn(runsFolder(state));
}

/** Returns the runs that have their folders in this one, in the same way. */
export function runsIn(folder: string): StoredRuns {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return { runs: [], problems: [] };
    throw new EnsembleError('ERR_FILE', `can't read ${folder}: ${(cause as Error).message}`, { cause });
  }
  const runs: StoredRun[] = [];
  const problems: EnsembleError[] = [];
  for (const name of names) {
    const path = join(folder, name);
    try {
      runs.push(readRun(path));
    } catch (error) {
      if (!(error instanceof EnsembleError)) throw error;
      if (!isBeginning(path)) problems.push(error);
    }
  }
  runs.sort((a, b) => b.manifest.started - a.manifest.started);
  return { runs, problems };
}

/** Whether a folder may belong to a run that begins at this moment and has no manifest yet, or is removed. */
function isBeginning(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return true;
  return stats.isDirectory() && Date.now() - stats.mtimeMs < 60_000 && !existsSync(join(path, 'run.json'));
}

/**
 * Returns the run that a user names: by its folder (with a slash), by its id or name, by the unique beginning of one
 * of these, or, with undefined, the latest run that was started in `here`. The latest of several runs with one name
 * is returned. Throws EnsembleError `ERR_RUN`.
 */
export function findRun(state: string, wanted: string | undefined, here = process.cwd()): StoredRun {
  if (wanted?.includes('/')) return readRun(wanted);
  const { runs } = listRuns(state);
  if (wanted === undefined) {
    const latest = runs.find(({ manifest }) => manifest.folder === here);
    if (latest !== undefined) return latest;
    const others = runs.length === 0 ? `${runsFolder(state)} has no runs` : '`ensemble runs` lists all runs';
    throw new EnsembleError('ERR_RUN', `no run was started in ${here}; ${others}`);
  }
  const exact = runs.find(({ manifest }) => manifest.id === wanted || manifest.name === wanted);
  if (exact !== undefined) return exact;
  const found = runs.filter(
    ({ manifest }) => manifest.id.startsWith(wanted) || manifest.name.startsWith(wanted),
  );
  const [only] = found;
  if (only !== undefined && (found.length === 1 || isOneName(found))) return only;
  const ids = found.map(({ manifest }) => manifest.id);
  if (ids.length > 0) {
    const shown = ids.length > 5 ? `${ids.slice(0, 5).join(', ')}, ...` : ids.join(', ');
    throw new EnsembleError('ERR_RUN', `${quote(wanted)} is the beginning of ${ids.length} runs: ${shown}`);
  }
  const known = runs.flatMap(({ manifest }) => [manifest.id, manifest.name]);
  const hint = didYouMean(wanted, known) || '; `ensemble runs` lists all runs';
  throw new EnsembleError('ERR_RUN', `unknown run ${quote(wanted)}${hint}`);
}

/** Whether a process can go on with a run: it was lost or interrupted, or its member failed. */
export function isResumable({ path, state }: StoredRun): boolean {
  return (state === 'lost' || state === 'interrupted' || state === 'failed') && existsSync(logFolder(path));
}

/**
 * Returns the run to go on with: the one that a user names, as `findRun` does, or the latest run that was started in
 * `here` and can be resumed. Throws EnsembleError `ERR_RUN` for a run that has ended, and for one that another process
 * drives.
 */
export function findResumable(state: string, wanted: string | undefined, here = process.cwd()): StoredRun {
  const run = wanted === undefined ? latestToResume(state, here) : findRun(state, wanted);
  refuseEnded(run.manifest);
  refuseDriven(run.path);
  return run;
}

function latestToResume(state: string, here: string): StoredRun {
  const runs = listRuns(state).runs.filter(({ manifest }) => manifest.folder === here);
  return (
    runs.find(isResumable) ?? runs.find((run) => run.state === 'running') ?? findRun(state, undefined, here)
  );
}

function isOneName(runs: readonly StoredRun[]): boolean {
  return new Set(runs.map(({ manifest }) => manifest.name)).size === 1;
}

/** Removes the folder of a run with all that is in it. Throws EnsembleError `ERR_FILE`. */
export function removeRun({ path }: StoredRun): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (cause) {
    throw new EnsembleError('ERR_FILE', `can't remove ${path}: ${(cause as Error).message}`, { cause });
  }
}
