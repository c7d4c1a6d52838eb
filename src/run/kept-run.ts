/** A run in a folder that this process goes on with. */

import { existsSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { changesOf, readVersion } from '../config/changes.js';
import { type LoadedConfig, parseConfig, readText } from '../config/load.js';
import { EnsembleError } from '../errors.js';
import { executorNames, type MemberChoice, type MemberName } from '../members/create.js';
import type { EnsembleConfig } from '../model/ensemble.js';
import {
  configurationFile,
  firstConfigurationFile,
  logFolder,
  RunFolder,
  type RunManifest,
  readManifest,
} from '../store/run-folder.js';
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
    const { lost = 'again', configuration, ...options } = given;
    const { loaded, plannedRules } = await load(folder, manifest, configuration);
    return {
      folder,
      manifest,
      options: optionsOf(folder.path, manifest, options),
      from: {
        epoch: folder.epoch,
        takenOver: folder.takenOver,
        started: manifest.started,
        plannedRules,
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

interface Loaded {
  readonly loaded: LoadedConfig;
  readonly plannedRules: number;
}

/** Reads the configuration of a run, and replaces it by `changed` if that is given. */
async function load(
  folder: RunFolder,
  { id, file, rules }: RunManifest,
  changed: string | undefined,
): Promise<Loaded> {
  const origin = file === '' ? null : file;
  const first = parseConfig(await readText(firstConfigurationFile(folder.path)), { file: origin }).config;
  if (
    !isDeepStrictEqual(
      first.rules.map(({ title }) => title),
      rules,
    )
  ) {
    const message = `run ${id} can't be resumed: a file that its ensemble uses has other rules than when the run began`;
    throw new EnsembleError('ERR_RUN', message);
  }
  const current = readVersion(await readText(configurationFile(folder.path)), origin);
  const next = changed === undefined ? current : readVersion(changed, origin);
  const refused = changesOf(current, next).find(({ refusal }) => refusal !== null);
  if (refused !== undefined) {
    const message = `run ${id} can't go on with the changed ensemble: ${refused.what}: ${refused.refusal}`;
    throw new EnsembleError('ERR_RUN', message);
  }
  if (changed !== undefined) folder.replaceConfiguration(changed);
  return { loaded: inOrder(next.loaded, first.groups), plannedRules: first.rules.length };
}

/** Returns a configuration whose groups begin with those of the run: the log has their places. */
function inOrder({ config, warnings }: LoadedConfig, first: EnsembleConfig['groups']): LoadedConfig {
  const names = [...new Set([...first.keys(), ...config.groups.keys()])];
  const groups = names.flatMap((name) => {
    const group = config.groups.get(name);
    return group === undefined ? [] : [[name, group] as const];
  });
  return { config: { ...config, groups: new Map(groups) }, warnings };
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
  const { slots, grace, watch, validateAll, durability } = options;
  return {
    name,
    runFolder,
    ...(uri === null ? {} : { uri }),
    ...(slots === null ? {} : { slots }),
    ...(grace === null ? {} : { grace }),
    watch,
    validateAll,
    durability,
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
