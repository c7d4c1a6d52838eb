/** `ensemble run FILE`. */

import { basename } from 'node:path';
import { Command, Option } from 'commander';
import { type LoadedConfig, parseConfig, readText } from '../config/load.js';
import { formatDiagnostics } from '../config/source/format.js';
import { EnsembleError } from '../errors.js';
import { executorNames, type MemberName } from '../members/create.js';
import { defaultExecutor } from '../members/default-executor.js';
import type { NodeScaler } from '../members/member.js';
import type { EnsembleObserver } from '../model/observer.js';
import { Ensemble } from '../run/ensemble.js';
import { checkOptions, type DrivenRun, drive } from './drive.js';
import { addDriveOptions, type DriveOptions, runOptions } from './drive-options.js';
import { printPlan } from './dry-run.js';
import { mentionEarlierRuns } from './earlier-runs.js';
import { exitStatus } from './exit-status.js';
import { KeptRun, warnNotKept } from './kept-run.js';
import { makeScaler, splitName } from './minicluster-options.js';
import { printError } from './output.js';

interface RunOptions extends DriveOptions {
  /** Say nothing about a run of the file that has not ended. */
  readonly fresh?: boolean;
  /** False with `--no-log`. */
  readonly log?: boolean;
  readonly executor?: MemberName;
  readonly dryRun?: boolean;
}

/** Returns the name of the run. A service lists many runs, so its default there is the file's name. */
function nameOf(path: string, { name, service }: RunOptions): string | undefined {
  return name ?? (service === undefined ? undefined : basename(path).replace(/\.ya?ml$/, ''));
}

async function run(path: string, given: RunOptions): Promise<number> {
  checkOptions(given);
  if (given.results !== undefined && given.log === false)
    throw new EnsembleError('ERR_FILE', '--results needs the log of the run: omit --no-log');
  if (given.durability === 'host' && given.log === false)
    throw new EnsembleError('ERR_FILE', '--durability host needs the log of the run: omit --no-log');
  const text = await readText(path);
  const loaded = parseConfig(text, { file: path });
  if (loaded.warnings.length > 0) console.error(formatDiagnostics(loaded.warnings));
  if (given.dryRun) {
    printPlan(loaded.config, given.json === true);
    return exitStatus.done;
  }
  mentionEarlierRuns(path, given);
  const member = given.executor ?? chooseMember(loaded);
  const scaler = member === 'minicluster' ? await makeScaler(given) : null;
  // A run in a MiniCluster has the MiniCluster's name, so that the service can relate them.
  const options = scaler === null ? given : { ...given, name: splitName(given.name).name };
  let kept: KeptRun | null = null;
  try {
    return await drive({
      options,
      debug: options.debug === true || loaded.config.debug,
      member,
      serviceName: nameOf(path, options),
      configuration: text,
      make: (observer) => {
        kept = options.log === false ? null : KeptRun.create(text, options);
        return makeRun(path, loaded, { options, member, scaler, observer, kept });
      },
    });
  } catch (error) {
    (kept as KeptRun | null)?.discard();
    throw error;
  }
}

/** A default that may surprise is explained. */
function chooseMember({ config }: LoadedConfig): MemberName {
  const { name, reason } = defaultExecutor(process.env, config.member.slurm !== null);
  if (reason !== null) printError(`ensemble: the jobs run under ${name}, because ${reason} (see --executor)`);
  return name;
}

interface Parts {
  readonly options: RunOptions;
  readonly member: MemberName;
  readonly scaler: NodeScaler | null;
  readonly observer: EnsembleObserver;
  readonly kept: KeptRun | null;
}

/** Makes the ensemble, without the folder of the run where that can't be written. */
function makeRun(
  path: string,
  loaded: LoadedConfig,
  { options, member, scaler, observer, kept }: Parts,
): DrivenRun {
  const name = nameOf(path, options);
  const make = (runFolder: string | undefined) =>
    Ensemble.fromConfig(loaded, {
      member,
      ...(scaler === null ? {} : { scaler }),
      watch: options.watch === true,
      ...runOptions(options),
      ...(name === undefined ? {} : { name }),
      ...(runFolder === undefined ? {} : { runFolder }),
      observer,
    });
  try {
    return { ensemble: make(kept?.path), kept };
  } catch (error) {
    const isOfFolder = error instanceof EnsembleError && error.code === 'ERR_FILE';
    if (kept === null || !isOfFolder || options.durability === 'host') throw error;
    warnNotKept(error);
    kept.discard();
    return { ensemble: make(undefined), kept: null };
  }
}

export function runCommand(): Command {
  const command = new Command('run')
    .description('run an ensemble')
    .argument('<file>', 'the ensemble, in YAML')
    .addOption(
      new Option(
        '--executor <member>',
        'member that runs the jobs (default: flux inside a Flux instance, slurm where sbatch is found and flux is not, else local)',
      ).choices(executorNames),
    )
    .option(
      '--dry-run',
      'print the action of each rule (with --json also the jobspecs) without running anything',
    )
    .option('--fresh', 'begin a new run without a word about one of the same file that can be resumed')
    .option('--no-log', 'keep no folder of this run (see ensemble runs)');
  return addDriveOptions(command, {
    instances: "none, or the file's",
    slots: "cores of the local member for jobs (default: the machine's)",
    name: "name of this run, part of its jobs' attributes.user.ensemble; for minicluster: [namespace/]name of the MiniCluster",
    watch: 'continue when nothing is left to do',
    durability: 'process',
    outputLimit: '10GB',
    logLimit: '1GB',
  })
    .option('--fail-on-job-failure', 'has no effect: the exit status is always 1 when jobs failed')
    .action(async (path: string, options: RunOptions) => {
      process.exitCode = await run(path, options);
    });
}
