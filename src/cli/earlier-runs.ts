/** Mentions earlier runs before another one begins: one of the same file that has not ended, and how much room they take. */

import { resolve } from 'node:path';
import { EnsembleError } from '../errors.js';
import { isResumable, listRuns, type StoredRun } from '../store/runs.js';
import { runsFolder, stateFolder } from '../store/state-folder.js';
import { formatBytes } from '../text/bytes.js';
import { counted } from '../text/counted.js';
import { escapeControls } from '../text/describe.js';
import { localMinute } from '../text/local-time.js';
import { shellWord } from '../text/shell.js';
import { printError } from './output.js';
import type { StateOption } from './state-option.js';
import { whyStopped } from './why-stopped.js';

/** Bytes of ended runs that are mentioned. */
const LARGE = 20e9;

export interface EarlierRunsOptions extends StateOption {
  /** Say nothing about a run of the file that has not ended. */
  readonly fresh?: boolean;
}

/** Mentions earlier runs on standard error. `path` is the file of the run that begins. */
export function mentionEarlierRuns(path: string, options: EarlierRunsOptions): void {
  let runs: readonly StoredRun[];
  try {
    runs = listRuns(stateFolder(options.state)).runs;
  } catch (error) {
    // A folder that can't be read is reported when the new run is kept there.
    if (error instanceof EnsembleError) return;
    throw error;
  }
  if (options.fresh !== true) mentionUnfinished(runs, resolve(path), options);
  mentionSize(runs, options);
}

/** Names the command that removes ended runs when they take much room. */
function mentionSize(runs: readonly StoredRun[], { state }: StateOption): void {
  const ended = runs.filter((run) => run.state !== 'running' && !isResumable(run));
  const bytes = ended.reduce((sum, { manifest }) => sum + (manifest.bytes ?? 0), 0);
  if (bytes < LARGE) return;
  const option = state === undefined ? '' : ` --state ${shellWord(state)}`;
  const take = `${counted(ended.length, 'run')} that ended ${ended.length === 1 ? 'takes' : 'take'}`;
  printError(`ensemble: ${take} ${formatBytes(bytes)} in ${escapeControls(runsFolder(stateFolder(state)))}`);
  printError(`  to remove those that ended more than 30 days ago: ensemble runs prune --older 30d${option}`);
}

/** Prints how a run of the file that has not ended can be resumed. */
function mentionUnfinished(runs: readonly StoredRun[], file: string, options: StateOption): void {
  // A newer run of the file that has ended replaces an older one.
  const run = runs.find(({ manifest }) => manifest.file === file && manifest.folder === process.cwd());
  const stopped = run === undefined ? null : whyStopped(run, options);
  if (run === undefined || stopped === null) return;
  const { id, started } = run.manifest;
  const { reason, command } = stopped;
  printError(`ensemble: run ${escapeControls(id)} of this file, begun ${localMinute(started)}, ${reason}`);
  printError(`  to go on with it: ${command}; without this hint: run --fresh`);
}
