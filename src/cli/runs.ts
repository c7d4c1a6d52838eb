/** `ensemble runs` and `ensemble runs prune`. */

import { Command } from 'commander';
import { EnsembleError } from '../errors.js';
import { countJobs, type JobCounts } from '../run/job-counts.js';
import { readJobs } from '../run/open-run.js';
import { removeStaleSocket } from '../service/listen.js';
import { sizeOf } from '../store/folder-size.js';
import { incompleteSince, incompleteWords, neededOption } from '../store/log-gap.js';
import { notedSocket } from '../store/run-socket.js';
import { findRun, isResumable, listRuns, removeRun, type StoredRun } from '../store/runs.js';
import { stateFolder } from '../store/state-folder.js';
import { formatBytes } from '../text/bytes.js';
import { counted } from '../text/counted.js';
import { escapeControls } from '../text/describe.js';
import { duration } from '../text/duration.js';
import { localMinute } from '../text/local-time.js';
import { shellWord } from '../text/shell.js';
import { type Column, tableLines } from '../text/table.js';
import { shortened } from '../text/width.js';
import { countOption } from './count-option.js';
import { complain, complainOf, print, printLines } from './output.js';
import { addStateOption, type StateOption } from './state-option.js';
import { type Colors, colorsFor, layoutFor } from './tables.js';
import { timeOption } from './time-option.js';

/** Runs that are listed without `--all`. */
const NEWEST = 20;
/** Seconds of 100 years. */
const MAX_AGE = 100 * 365.25 * 86_400;
/** Files of a run that the list looks at for its size. */
const MAX_FILES = 50_000;
/** Runs that are named as ones that can be resumed. */
const MAX_RESUMABLE = 5;
/** Columns of a name. */
const MAX_NAME = 20;

interface ListOptions extends StateOption {
  readonly all?: boolean;
  readonly json?: boolean;
}

const columns: readonly Column[] = [
  { title: 'id', align: 'left' },
  { title: 'name', align: 'left' },
  { title: 'state', align: 'left' },
  { title: 'jobs', align: 'right' },
  { title: 'failed', align: 'right' },
  { title: 'started', align: 'left', spare: 1 },
  { title: 'duration', align: 'right', spare: 2 },
  { title: 'size', align: 'right', spare: 3 },
  { title: 'folder', align: 'left', spare: 4 },
];

/** Seconds from the start of a run to its end, or to now; null for a lost run, whose end is unknown. */
function secondsOf({ manifest: { started, ended }, state }: StoredRun): number | null {
  if (ended !== null) return ended - started;
  return state === 'running' ? Date.now() / 1000 - started : null;
}

function paintOf({ state }: StoredRun, colors: Colors): (text: string) => string {
  if (state === 'running') return colors.green;
  return state === 'lost' || state === 'failed' || state === 'stopped' ? colors.red : (text) => text;
}

/** The counts of a run; those of a run that goes on, or is lost, are counted in its log. Null where that is impossible. */
async function countsOf(run: StoredRun): Promise<JobCounts | null> {
  if (run.manifest.counts !== null) return run.manifest.counts;
  try {
    return countJobs((await readJobs(run)).table);
  } catch (error) {
    if (error instanceof EnsembleError) return null;
    throw error;
  }
}

async function rowOf(run: StoredRun, colors: Colors): Promise<string[]> {
  const { id, name, started, folder } = run.manifest;
  const counts = await countsOf(run);
  const seconds = secondsOf(run);
  const { bytes, whole } = sizeOf(run.path, MAX_FILES);
  return [
    escapeControls(id),
    shortened(escapeControls(name), MAX_NAME),
    paintOf(run, colors)(run.state),
    String(counts?.jobs ?? '-'),
    String(counts?.failed ?? '-'),
    localMinute(started),
    seconds === null ? '-' : duration(seconds),
    `${whole ? '' : '> '}${formatBytes(bytes)}`,
    escapeControls(folder),
  ];
}

async function recordOf(run: StoredRun): Promise<string> {
  const { manifest, state, path } = run;
  const counts = await countsOf(run);
  const { bytes } = sizeOf(path);
  return JSON.stringify({
    ...manifest,
    state,
    resumable: isResumable(run),
    incompleteSince: incompleteSince(path),
    counts,
    seconds: secondsOf(run),
    path,
    socket: state === 'running' ? notedSocket(path) : null,
    bytes,
  });
}

/** The socket of a run whose process died stays. Its removal is not needed, so failures do not matter. */
async function removeSocket({ path, state }: StoredRun): Promise<void> {
  const socket = state === 'lost' ? notedSocket(path) : null;
  if (socket !== null) await removeStaleSocket(socket).catch(() => {});
}

async function list({ state, all, json }: ListOptions): Promise<void> {
  const { runs, problems } = listRuns(stateFolder(state));
  for (const run of runs) await removeSocket(run);
  const shown = all || json ? runs : runs.slice(0, NEWEST);
  if (json) {
    for (const run of shown) print(await recordOf(run));
  } else {
    const colors = colorsFor(process.stdout);
    const rows: string[][] = [];
    for (const run of shown) rows.push(await rowOf(run, colors));
    await printLines(tableLines({ columns, rows }, layoutFor(process.stdout, 'drop')));
    printResumable(shown, state);
    const left = runs.length - shown.length;
    if (left > 0) print(colors.dim(`${counted(left, 'older run')} not shown; --all shows all`));
    if (runs.length === 0) print(`no runs in ${stateFolder(state)}`);
  }
  if (!json) warnOfIncomplete(shown);
  for (const problem of problems) complain(`${problem.message}; it is skipped`, 'warning');
}

function warnOfIncomplete(runs: readonly StoredRun[]): void {
  for (const { path, manifest } of runs) {
    const since = incompleteSince(path);
    if (since !== null) complain(incompleteWords(manifest.id, since), 'warning');
  }
}

/** Names the runs that can be resumed, and how. */
function printResumable(runs: readonly StoredRun[], state: string | undefined): void {
  const ids = runs
    .filter(isResumable)
    .map(({ manifest, path }) => `${escapeControls(manifest.id)}${neededOption(path)}`);
  if (ids.length === 0) return;
  const shown = ids.length > MAX_RESUMABLE ? [...ids.slice(0, MAX_RESUMABLE), '...'] : ids;
  const option = state === undefined ? '' : ` --state ${shellWord(state)}`;
  print(
    colorsFor(process.stdout).dim(`can be resumed with \`ensemble resume ID${option}\`: ${shown.join(', ')}`),
  );
}

interface PruneOptions extends StateOption {
  readonly older?: number;
  readonly keep?: number;
  readonly dryRun?: boolean;
}

/** The runs that have ended and that the options name, the newest first. */
function toRemove(ids: readonly string[], { state, older, keep }: PruneOptions): StoredRun[] {
  const folder = stateFolder(state);
  if (ids.length > 0) {
    const named = ids.map((id) => findRun(folder, id));
    const running = named.find((run) => run.state === 'running');
    if (running === undefined) return named;
    const { id, pid, host } = running.manifest;
    throw new EnsembleError('ERR_RUN', `run ${id} goes on (process ${pid} on host ${host}); end it first`);
  }
  const before = older === undefined ? Number.POSITIVE_INFINITY : Date.now() / 1000 - older;
  return listRuns(folder)
    .runs.slice(keep ?? 0)
    .filter(({ manifest, state }) => state !== 'running' && (manifest.ended ?? manifest.started) < before);
}

async function prune(ids: readonly string[], options: PruneOptions): Promise<void> {
  let bytes = 0;
  let removed = 0;
  const runs = [...new Map(toRemove(ids, options).map((run) => [run.path, run])).values()];
  for (const run of runs) {
    const { bytes: size } = sizeOf(run.path);
    try {
      if (!options.dryRun) {
        await removeSocket(run);
        removeRun(run);
      }
    } catch (error) {
      if (!(error instanceof EnsembleError)) throw error;
      complainOf(error);
      process.exitCode = 2;
      continue;
    }
    const { id, name } = run.manifest;
    const what = options.dryRun ? 'would remove' : 'removed';
    print(`${what} ${escapeControls(id)} (${escapeControls(name)}), ${formatBytes(size)}`);
    bytes += size;
    removed++;
  }
  const what = options.dryRun ? 'would be removed' : 'removed';
  print(`${counted(removed, 'run')} ${what}, ${formatBytes(bytes)}`);
}

function pruneCommand(): Command {
  const command = new Command('prune')
    .description('remove runs that have ended, with their outputs')
    .argument('[runs...]', 'ids or names of the runs')
    .option('--older <time>', 'all runs that ended longer ago than this, as 30d', timeOption(MAX_AGE, true))
    .option(
      '--keep <n>',
      'all but the newest n runs; with --older, these stay in any case',
      countOption('runs'),
    )
    .option('--dry-run', 'only print what would be removed');
  return command.action((ids: string[], _options: PruneOptions) => {
    const options = command.optsWithGlobals<PruneOptions>();
    const { older, keep } = options;
    if (ids.length === 0 && older === undefined && keep === undefined) {
      command.error('error: missing runs; name them, or pass --older TIME or --keep N');
    }
    if (ids.length > 0 && (older !== undefined || keep !== undefined)) {
      command.error('error: --older and --keep select runs by themselves; name none with them');
    }
    return prune(ids, options);
  });
}

export function runsCommand(): Command {
  const command = new Command('runs')
    .description('list the runs of this user, the newest first')
    .option('--all', `list all runs, not only the newest ${NEWEST}`)
    .option('--json', 'print a JSON object for each, one a line');
  return addStateOption(command)
    .action((options: ListOptions) => list(options))
    .addCommand(pruneCommand());
}
