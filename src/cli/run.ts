/** `ensemble run FILE`. */

import { basename } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type LoadedConfig, parseConfig, readText } from '../config/load.js';
import { formatDiagnostics } from '../config/source/format.js';
import { EnsembleError } from '../errors.js';
import { defaultExecutor, executorNames, type MemberName } from '../members/create.js';
import type { NodeScaler } from '../members/member.js';
import { describeEndedBy } from '../model/ended-by.js';
import type { EnsembleObserver } from '../model/observer.js';
import { openRecorder, type Recorder } from '../recording/writer.js';
import { Ensemble } from '../run/ensemble.js';
import { readJobs } from '../run/open-run.js';
import type { RunResult } from '../run/result.js';
import type { ServiceLink } from '../service/run/link.js';
import { selectJobs } from '../store/jobs/query.js';
import { readRun } from '../store/runs.js';
import { printPlan } from './dry-run.js';
import { exitStatus } from './exit-status.js';
import { jsonReporter, type Reporter } from './json-report.js';
import { KeptRun, warnNotKept } from './kept-run.js';
import { type MiniClusterOptions, makeScaler, splitName } from './minicluster-options.js';
import { complain, complainOf, printError } from './output.js';
import { packageVersion } from './package-version.js';
import { ProgressLine } from './progress-line.js';
import { addServiceOptions, connectOptions } from './service-options.js';
import { onSignals } from './signals.js';
import { addStateOption, type StateOption } from './state-option.js';
import { goOnWithoutStreams, jsonNotices, printInFull, textNotices } from './streams.js';
import { textReporter } from './text-report.js';
import { formOf, writeJobs } from './write-jobs.js';

interface RunOptions extends MiniClusterOptions, StateOption {
  /** False with `--no-log`. */
  readonly log?: boolean;
  readonly results?: string;
  readonly executor?: MemberName;
  readonly slots?: number;
  readonly dryRun?: boolean;
  readonly debug?: boolean;
  readonly json?: boolean;
  readonly watch?: boolean;
  readonly record?: string;
  readonly force?: boolean;
  readonly allowFailures?: boolean;
}

function positiveInteger(most: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : 0;
    if (value >= 1 && value <= most) return value;
    throw new InvalidArgumentError(`It must be an integer from 1 to ${most}.`);
  };
}

/** Returns the status of the run; if it succeeded, that of its recording. */
function statusOf(result: RunResult, allowFailures: boolean, recorder: Recorder | null): number {
  const status = statusOfRun(result, allowFailures);
  return status === exitStatus.done && recorder?.error ? exitStatus.badInput : status;
}

function statusOfRun({ end, failedJobs }: RunResult, allowFailures: boolean): number {
  switch (end) {
    case 'failed':
      return exitStatus.memberFailure;
    case 'stopped':
      return exitStatus.failure;
    case 'interrupted':
      return exitStatus.interrupted;
    default:
      return failedJobs > 0 && !allowFailures ? exitStatus.failure : exitStatus.done;
  }
}

/** Opens the recording. The run continues without it after a write error. */
async function recorderOf({ record, force }: RunOptions, { observer }: Reporter): Promise<Recorder | null> {
  if (record === undefined) return null;
  return openRecorder(record, {
    force: force === true,
    problem: (error) => observer.problem?.(error),
  });
}

function withRecorder(observer: EnsembleObserver, recorder: Recorder | null): EnsembleObserver {
  if (recorder === null) return observer;
  return {
    ...observer,
    records: (lines) => {
      recorder.write(lines);
      observer.records?.(lines);
    },
  };
}

/** Returns the name of the run. A service lists many runs, so its default there is the file's name. */
function nameOf(path: string, { name, service }: RunOptions): string | undefined {
  return name ?? (service === undefined ? undefined : basename(path).replace(/\.ya?ml$/, ''));
}

/** Connects the run to a service if requested. Only then gRPC is loaded. */
async function linkOf(ensemble: Ensemble, path: string, options: RunOptions): Promise<ServiceLink | null> {
  if (options.service === undefined) return null;
  const { ServiceLink } = await import('../service/run/link.js');
  return new ServiceLink(ensemble, {
    ...(await connectOptions(options)),
    name: nameOf(path, options) ?? ensemble.id,
    file: ensemble.config.file,
    version: packageVersion(),
    log: (text) => complain(text, 'warning'),
  });
}

async function run(path: string, given: RunOptions): Promise<number> {
  if (given.results !== undefined) {
    formOf(given.results);
    if (given.log === false)
      throw new EnsembleError('ERR_FILE', '--results needs the log of the run: omit --no-log');
  }
  const text = await readText(path);
  const loaded = parseConfig(text, { file: path });
  if (loaded.warnings.length > 0) console.error(formatDiagnostics(loaded.warnings));
  if (given.dryRun) {
    printPlan(loaded.config, given.json === true);
    return exitStatus.done;
  }
  const member = given.executor ?? defaultExecutor(process.env);
  const scaler = member === 'minicluster' ? await makeScaler(given) : null;
  // A run in a MiniCluster has the MiniCluster's name, so that the service can relate them.
  const options = scaler === null ? given : { ...given, name: splitName(given.name).name };
  const debug = options.debug === true || loaded.config.debug;
  goOnWithoutStreams(options.json ? jsonNotices : textNotices);
  const reporter = options.json ? jsonReporter(debug) : textReporter(debug, member);
  const recorder = await recorderOf(options, reporter);
  const kept = options.log === false ? null : KeptRun.create(text, options);
  try {
    const status = await runRecorded(path, loaded, { options, member, scaler, reporter, recorder, kept });
    return (await writeResults(options.results, kept)) ? status : status || exitStatus.badInput;
  } catch (error) {
    kept?.discard();
    throw error;
  } finally {
    // For a run that could not begin: an earlier recording is not replaced.
    await recorder?.close().catch(() => {});
  }
}

/** Writes the jobs of a run that has ended. Returns false, after a report, when this is impossible. */
async function writeResults(path: string | undefined, kept: KeptRun | null): Promise<boolean> {
  if (path === undefined) return true;
  try {
    if (kept === null) throw new EnsembleError('ERR_FILE', `can't write ${path}: this run is not kept`);
    const { table } = await readJobs(readRun(kept.path));
    await writeJobs(path, table, selectJobs(table, {}));
    return true;
  } catch (error) {
    if (!(error instanceof EnsembleError)) throw error;
    complainOf(error);
    return false;
  }
}

interface Parts {
  readonly options: RunOptions;
  readonly member: MemberName;
  readonly scaler: NodeScaler | null;
  readonly reporter: Reporter;
  readonly recorder: Recorder | null;
  readonly kept: KeptRun | null;
}

/** Makes the ensemble, without the folder of the run where that can't be written. */
function ensembleOf(
  path: string,
  loaded: LoadedConfig,
  { options, member, scaler, reporter, recorder, kept }: Parts,
): { readonly ensemble: Ensemble; readonly kept: KeptRun | null } {
  const name = nameOf(path, options);
  const make = (runFolder: string | undefined) =>
    Ensemble.fromConfig(loaded, {
      member,
      ...(scaler === null ? {} : { scaler }),
      watch: options.watch === true,
      ...(options.slots === undefined ? {} : { slots: options.slots }),
      ...(name === undefined ? {} : { name }),
      ...(runFolder === undefined ? {} : { runFolder }),
      // The service needs sketches for quantiles over several runs.
      sketches: options.service !== undefined,
      observer: withRecorder(reporter.observer, recorder),
    });
  try {
    return { ensemble: make(kept?.path), kept };
  } catch (error) {
    const isOfFolder = error instanceof EnsembleError && error.code === 'ERR_FILE';
    if (kept === null || !isOfFolder) throw error;
    warnNotKept(error);
    kept.discard();
    return { ensemble: make(undefined), kept: null };
  }
}

async function runRecorded(path: string, loaded: LoadedConfig, parts: Parts): Promise<number> {
  const { options, reporter, recorder } = parts;
  const { ensemble, kept } = ensembleOf(path, loaded, parts);
  const interrupt = new AbortController();
  const forgetSignals = onSignals(
    () => {
      printError('ensemble: interrupted: canceling the active jobs; interrupt again to kill them at once');
      interrupt.abort();
    },
    () => ensemble.kill(),
  );
  const begun = performance.now();
  let link: ServiceLink | null = null;
  let progress: ProgressLine | null = null;
  try {
    link = await linkOf(ensemble, path, options);
    if (!options.json) progress = new ProgressLine(ensemble);
    const result = await ensemble.run({ signal: interrupt.signal });
    progress?.stop();
    const by = result.by === null ? '' : describeEndedBy(result.by);
    await link?.close({ end: result.end, error: result.error?.message ?? '', by });
    const seconds = (performance.now() - begun) / 1000;
    // Its error was reported when it occurred.
    await recorder?.close(interrupt.signal).catch(() => {});
    // All jobs have ended, so from now on a signal may end a long report at once.
    forgetSignals();
    printInFull();
    const status = statusOf(result, options.allowFailures === true, recorder);
    // Before the report, whose reader may be slow.
    kept?.finish(status);
    await reporter.finish(result, seconds, kept);
    return status;
  } finally {
    progress?.stop();
    forgetSignals();
    // Effective only for a run that could not begin. Others were reported before.
    await link?.close({ end: 'failed', error: 'the run could not begin', by: '' });
    await ensemble.close();
  }
}

export function runCommand(): Command {
  const command = new Command('run')
    .description('run an ensemble')
    .argument('<file>', 'the ensemble, in YAML')
    .addOption(
      new Option(
        '--executor <member>',
        'member that runs the jobs (default: flux inside a Flux instance, else local)',
      ).choices(executorNames),
    )
    .option(
      '--slots <n>',
      "cores of the local member for jobs (default: the machine's)",
      positiveInteger(1_000_000),
    )
    .option(
      '--name <name>',
      "name of this run, part of its jobs' attributes.user.ensemble; for minicluster: [namespace/]name of the MiniCluster",
    )
    .option('--host <host>', 'for minicluster: host of the service that resizes it (default: as --service)')
    .option('--port <port>', 'for minicluster: its port (default: 50051)', positiveInteger(65_535))
    .option(
      '--dry-run',
      'print the action of each rule (with --json also the jobspecs) without running anything',
    )
    .option('--debug', 'print every journal record')
    .option('--json', 'print machine-readable lines; the last one is the summary')
    .option('--watch', 'continue when nothing is left to do')
    .option('--record <file>', 'record the journal in a file; see --force')
    .option('--force', 'let --record replace a recording that exists')
    .option('--no-log', 'keep no folder of this run (see ensemble runs)')
    .option('--results <file>', 'write all jobs to a file at the end: *.csv, *.json, *.jsonl or *.parquet')
    .option('--allow-failures', 'exit with status 0 even if jobs failed')
    .option('--fail-on-job-failure', 'has no effect: the exit status is always 1 when jobs failed');
  return addServiceOptions(
    addStateOption(command),
    '--service [address]',
    'register with a service, which can then watch and steer the run',
  ).action(async (path: string, options: RunOptions) => {
    process.exitCode = await run(path, options);
  });
}
