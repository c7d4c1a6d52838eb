/** A run in a folder that this process goes on with. */

import { existsSync } from 'node:fs';
import type { LoadedConfig } from '../config/load.js';
import { EnsembleError } from '../errors.js';
import { executorNames, type MemberChoice, type MemberName } from '../members/create.js';
import { acceptIncomplete, refuseIncomplete } from '../store/log-gap.js';
import {
  configurationFile,
  logFolder,
  RunFolder,
  type RunManifest,
  readManifest,
} from '../store/run-folder.js';
import { readConfiguration } from './kept-configuration.js';
import type { EnsembleOptions, ResumeOptions } from './options.js';
import type { ResumedFrom } from './resumption.js';

export interface KeptRun {
  readonly folder: RunFolder;
  readonly manifest: RunManifest;
  /** The options of the whole run. */
  readonly options: EnsembleOptions;
  readonly from: ResumedFrom;
  /** The groups and rules with which the run began are the first ones. */
  readonly loaded: LoadedConfig;
}

/** Takes the lock of a run. Throws as `Ensemble.resume` does. */
export async function openKeptRun(path: string, given: ResumeOptions): Promise<KeptRun> {
  const folder = RunFolder.reopen(path);
  try {
    const manifest = readManifest(folder.path);
    refuseUnusable(folder.path, manifest);
    const { lost = 'again', configuration, incompleteLog = false, ...options } = given;
    if (!incompleteLog) refuseIncomplete(folder.path, manifest.id);
    const { loaded, planned } = await readConfiguration(folder.path, manifest, configuration);
    if (incompleteLog) acceptIncomplete(folder.path);
    if (configuration !== undefined) folder.replaceConfiguration(configuration);
    return {
      folder,
      manifest,
      options: optionsOf(folder.path, manifest, options),
      from: {
        epoch: folder.epoch,
        takenOver: folder.takenOver,
        started: manifest.started,
        planned,
        lost,
        ownSize: given.slots !== undefined,
      },
      loaded,
    };
  } catch (error) {
    folder.release();
    throw error;
  }
}

function refuseUnusable(path: string, { id, folder }: RunManifest): void {
  const refuse = (reason: string) => {
    throw new EnsembleError('ERR_RUN', `run ${id} can't be resumed: ${reason}`);
  };
  if (!existsSync(logFolder(path))) refuse(`it has no log (${logFolder(path)} is missing)`);
  if (!existsSync(configurationFile(path))) refuse(`${configurationFile(path)} is missing`);
  // Relative paths of jobs and files begin there.
  if (folder !== process.cwd()) refuse(`it was started in ${folder}; change to this folder before`);
}

function optionsOf(runFolder: string, manifest: RunManifest, given: ResumeOptions): EnsembleOptions {
  const { name, uri, options } = manifest;
  const { slots, grace, watch, validateAll, durability, outputLimit, logLimit, slurmInterval, instances } =
    options;
  return {
    name,
    runFolder,
    ...(uri === null ? {} : { uri }),
    ...(slots === null ? {} : { slots }),
    ...(grace === null ? {} : { grace }),
    watch,
    validateAll,
    durability,
    outputLimit,
    logLimit,
    ...(slurmInterval === null ? {} : { slurmInterval }),
    ...(instances === null ? {} : { instances }),
    ...given,
    member: memberOf(manifest, given.member),
  };
}

/** The member of the run: the jobs that it may still have are its own. */
function memberOf({ id, member }: RunManifest, given: MemberChoice | undefined): MemberChoice {
  const name = typeof given === 'object' ? given.name : given;
  if (name !== undefined && name !== member) {
    throw new EnsembleError(
      'ERR_RUN',
      `run ${id} can't be resumed with the member ${name}: its member is ${member}`,
    );
  }
  if (given !== undefined) return given;
  if (executorNames.includes(member as MemberName)) return member as MemberName;
  throw new EnsembleError(
    'ERR_RUN',
    `run ${id} can't be resumed without its member ${member}: pass it as 'member'`,
  );
}
