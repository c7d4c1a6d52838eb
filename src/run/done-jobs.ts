/** Finds the jobs that runs of a state folder have done, for entries with `skip: done`. */

import { DoneJobs, workOf } from '../actions/submit/done-jobs.js';
import { parseConfig } from '../config/load.js';
import { loadAddon } from '../engine/addon.js';
import { EnsembleError } from '../errors.js';
import type { EnsembleConfig, JobEntry } from '../model/ensemble.js';
import { parseParameters } from '../store/jobs/parameters.js';
import { RESULTS } from '../store/jobs/results.js';
import { logFolder, readConfiguration } from '../store/run-folder.js';
import { runsIn, type StoredRun } from '../store/runs.js';
import { counted } from '../text/counted.js';

const COMPLETED = RESULTS.indexOf('completed');
/** Names of runs that are listed. */
const MAX_NAMED = 3;

/**
 * Reads the jobs of all runs in a folder that have succeeded and do the same work as one of the entries. Runs that can't be
 * read are reported once.
 */
export async function readDoneJobs(
  folder: string,
  entries: readonly JobEntry[],
  problem: (error: EnsembleError) => void,
): Promise<DoneJobs> {
  const wanted = new Set(entries.map(workOf));
  const done = new DoneJobs();
  const unread: string[] = [];
  const { runs, problems } = runsIn(folder);
  for (const run of runs) {
    try {
      await addJobs(run, wanted, done);
    } catch (error) {
      if (!(error instanceof EnsembleError)) throw error;
      unread.push(run.manifest.id);
    }
  }
  const count = unread.length + problems.length;
  if (count > 0) {
    const named = unread.length === 0 ? '' : ` (${unread.slice(0, MAX_NAMED).join(', ')})`;
    const what = `${counted(count, 'run')}${named} can't be read, because files of theirs are missing or have changed`;
    problem(new EnsembleError('ERR_RUN', `${what}. Their jobs are not skipped`));
  }
  return done;
}

async function addJobs(run: StoredRun, wanted: ReadonlySet<string>, done: DoneJobs): Promise<void> {
  const text = readConfiguration(run.path);
  if (text === null) return;
  const file = run.manifest.file === '' ? null : run.manifest.file;
  const { config } = parseConfig(text, { file, recorded: true });
  if (
    ![...config.groups.values()].some(({ entries }) => entries.some((entry) => wanted.has(workOf(entry))))
  ) {
    return;
  }
  const { jobs } = await loadAddon().readRunLog(logFolder(run.path));
  for (const [row, result] of jobs.result.entries()) {
    if (result !== COMPLETED) continue;
    const entry = entryOf(config, jobs.groups[jobs.group[row] ?? 0] ?? '', jobs.entry[row] ?? 0);
    if (entry === null || !wanted.has(workOf(entry))) continue;
    const parameters = parseParameters(jobs.texts[jobs.parameters[row] ?? 0] ?? '') ?? {};
    done.add(workOf(entry), parameters);
  }
}

function entryOf({ groups }: EnsembleConfig, group: string, index: number): JobEntry | null {
  return groups.get(group)?.entries[index] ?? null;
}
