/** The configuration of a run in its folder: as it was at the beginning, with what was added since. */

import { isDeepStrictEqual } from 'node:util';
import { changesOf, readVersion } from '../config/changes.js';
import { type LoadedConfig, parseConfig, readText } from '../config/load.js';
import { EnsembleError } from '../errors.js';
import type { EnsembleConfig } from '../model/ensemble.js';
import { configurationFile, firstConfigurationFile, type RunManifest } from '../store/run-folder.js';

export interface KeptConfiguration {
  /** The groups and rules with which the run began are the first ones. */
  readonly loaded: LoadedConfig;
  readonly planned: PlannedCounts;
}

/** Numbers of rules and groups of the file when the run began. Those after them were added later. */
export interface PlannedCounts {
  readonly rules: number;
  readonly groups: number;
}

/**
 * Reads the configuration of a run, or takes `changed` in its place. Throws EnsembleError: `ERR_FILE`, or `ERR_RUN` for one
 * with which the run can't go on; and ConfigError for one that is invalid by now.
 */
export async function readConfiguration(
  folder: string,
  { id, file, rules }: RunManifest,
  changed?: string,
): Promise<KeptConfiguration> {
  const origin = file === '' ? null : file;
  const first = parseConfig(await readText(firstConfigurationFile(folder)), { file: origin }).config;
  if (
    !isDeepStrictEqual(
      first.rules.map(({ title }) => title),
      rules,
    )
  ) {
    const message = `the ensemble of run ${id} has other rules than when the run began: a file that it uses has changed`;
    throw new EnsembleError('ERR_RUN', message);
  }
  const current = readVersion(await readText(configurationFile(folder)), origin);
  const next = changed === undefined ? current : readVersion(changed, origin);
  const refused = changesOf(current, next).find(({ refusal }) => refusal !== null);
  if (refused !== undefined) {
    const message = `run ${id} can't go on with the changed ensemble: ${refused.what}: ${refused.refusal}`;
    throw new EnsembleError('ERR_RUN', message);
  }
  const planned = { rules: first.rules.length, groups: first.groups.size };
  return { loaded: inOrder(next.loaded, first.groups), planned };
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
