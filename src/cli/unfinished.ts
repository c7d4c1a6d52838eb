/** Mentions a run of the same file that has not ended, before another one begins. */

import { resolve } from 'node:path';
import { EnsembleError } from '../errors.js';
import { isResumable, listRuns, type StoredRun } from '../store/runs.js';
import { stateFolder } from '../store/state-folder.js';
import { escapeControls } from '../text/describe.js';
import { localMinute } from '../text/local-time.js';
import { KeptRun } from './kept-run.js';
import { printError } from './output.js';
import type { StateOption } from './state-option.js';

/** The latest run of a file in this folder that can be resumed; null without one. */
function unfinishedRun(file: string, state: string): StoredRun | null {
  try {
    const runs = listRuns(state).runs.filter(
      ({ manifest }) => manifest.file === file && manifest.folder === process.cwd(),
    );
    // A newer run of the file that has ended replaces an older one.
    const [latest] = runs;
    return latest !== undefined && isResumable(latest) ? latest : null;
  } catch (error) {
    // A folder that can't be read is reported when the new run is kept there.
    if (error instanceof EnsembleError) return null;
    throw error;
  }
}

/** Prints on standard error how a run of the file that has not ended can be resumed. */
export function mentionUnfinished(path: string, options: StateOption): void {
  const run = unfinishedRun(resolve(path), stateFolder(options.state));
  if (run === null) return;
  const { id, started } = run.manifest;
  const what =
    run.state === 'lost'
      ? 'has lost its process'
      : run.state === 'failed'
        ? 'has lost its member'
        : 'was interrupted';
  printError(`ensemble: run ${escapeControls(id)} of this file, begun ${localMinute(started)}, ${what}`);
  printError(
    `  to go on with it: ensemble resume ${KeptRun.of(run.path, options).arguments}; without this hint: run --fresh`,
  );
}
