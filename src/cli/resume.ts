/** `ensemble resume [RUN]`. */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { EnsembleError } from '../errors.js';
import type { LostPolicy, ResumedRun } from '../model/resumed-run.js';
import { Ensemble } from '../run/ensemble.js';
import { refuseIncomplete } from '../store/log-gap.js';
import { findResumable, type StoredRun } from '../store/runs.js';
import { stateFolder } from '../store/state-folder.js';
import { flow } from '../text/width.js';
import { type ChangeOptions, chooseFile } from './changed-file.js';
import { checkOptions, drive } from './drive.js';
import { addDriveOptions, type DriveOptions, runOptions } from './drive-options.js';
import { KeptRun } from './kept-run.js';
import { makeScaler, splitName } from './minicluster-options.js';
import { complain, print } from './output.js';
import { restoredLines, resumedWarnings, resumingLine } from './resumed-lines.js';
import { colorsFor, layoutFor } from './tables.js';

interface ResumeOptions extends DriveOptions, ChangeOptions {
  readonly lost?: LostPolicy;
  readonly incompleteLog?: boolean;
}

async function resume(wanted: string | undefined, given: ResumeOptions): Promise<number> {
  checkOptions(given);
  const run = findResumable(stateFolder(given.state), wanted);
  if (given.incompleteLog !== true) refuseIncomplete(run.path, run.manifest.id);
  const kept = KeptRun.of(run.path, given);
  const { version, text } = await chooseFile(run, given, kept.arguments);
  const { manifest, path } = run;
  const scaler =
    manifest.member === 'minicluster' ? await makeScaler({ ...given, name: miniCluster(run, given) }) : null;
  const options = goToFolder(run, given);
  return drive({
    options,
    debug: options.debug === true || version.config.debug,
    member: manifest.member,
    serviceName: manifest.name,
    begun: manifest.started,
    make: async (observer) => {
      if (!options.json) printFlow(` => ${resumingLine(run)}`, 'blue');
      const ensemble = await Ensemble.resume(path, {
        ...(scaler === null ? {} : { scaler }),
        ...(options.watch === true ? { watch: true } : {}),
        ...runOptions(options),
        ...(options.lost === undefined ? {} : { lost: options.lost }),
        ...(options.incompleteLog === true ? { incompleteLog: true } : {}),
        ...(text === null ? {} : { configuration: text }),
        observer: { ...observer, resumed: (resumed) => report(resumed, run, options) },
      });
      return { ensemble, kept };
    },
  });
}

/** The MiniCluster of a run, with its namespace if one is given. */
function miniCluster({ manifest }: StoredRun, { name = manifest.name }: ResumeOptions): string {
  if (splitName(name).name === manifest.name) return name;
  throw new EnsembleError(
    'ERR_RUN',
    `run ${manifest.id} is one of the MiniCluster ${manifest.name}, not of ${name}`,
  );
}

/** Relative paths of the jobs begin in the folder where the run began, those of the options here. */
function goToFolder({ manifest }: StoredRun, options: ResumeOptions): ResumeOptions {
  const { folder, id } = manifest;
  if (folder === process.cwd()) return options;
  if (!existsSync(folder)) {
    throw new EnsembleError(
      'ERR_RUN',
      `run ${id} can't be resumed: it was started in ${folder}, which is missing`,
    );
  }
  const { record, results, state } = options;
  const absolute = {
    ...options,
    ...(record === undefined || record === '-' ? {} : { record: resolve(record) }),
    ...(results === undefined ? {} : { results: resolve(results) }),
    ...(state === undefined ? {} : { state: resolve(state) }),
  };
  process.chdir(folder);
  return absolute;
}

function report(resumed: ResumedRun, run: StoredRun, { json, lost }: ResumeOptions): void {
  const { id, name, member } = run.manifest;
  if (json) print(JSON.stringify({ type: 'resumed', id, name, ...resumed }));
  else for (const line of restoredLines(resumed, member, lost)) printFlow(`   ${line}`, 'cyan');
  for (const warning of resumedWarnings(resumed, run)) complain(warning, 'warning');
}

function printFlow(text: string, color: 'blue' | 'cyan'): void {
  const paint = colorsFor(process.stdout)[color];
  const { width } = layoutFor(process.stdout, 'wrap');
  for (const line of flow(text.split(/(?<=\S) /), ' ', width, '    ')) print(paint(line));
}

export function resumeCommand(): Command {
  const command = new Command('resume')
    .description('go on with a run that was interrupted, or whose process died')
    .argument('[run]', 'its id, name or folder (default: the latest of this folder that has not ended)')
    .addOption(
      new Option(
        '--lost <policy>',
        'jobs that ended with the process or Flux instance: submit them again, or let them fail (default: again)',
      ).choices(['again', 'fail']),
    )
    .addOption(
      new Option(
        '--changed',
        'go on with the changed file; it may only add groups, rules at the end, and tests',
      ).conflicts('asItWas'),
    )
    .option('--as-it-was', 'go on with the file as it was, although it has changed')
    .option('--incomplete-log', 'go on although the log ended before the run; later jobs may run twice');
  return addDriveOptions(command, {
    instances: 'as before',
    slots: 'cores of the local member for jobs (default: as before)',
    name: 'for minicluster: [namespace/]name of the MiniCluster',
    watch: 'continue when nothing is left to do (default: as before)',
    durability: 'as before',
    outputLimit: 'as before',
    logLimit: 'as before',
  }).action(async (run: string | undefined, options: ResumeOptions) => {
    process.exitCode = await resume(run, options);
  });
}
