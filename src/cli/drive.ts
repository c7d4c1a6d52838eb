/** Drives a run to its end, for `ensemble run` and `ensemble resume`: reports, recording, service, signals, results. */

import { EnsembleError } from '../errors.js';
import { describeEndedBy } from '../model/ended-by.js';
import type { EnsembleObserver } from '../model/observer.js';
import { openRecorder, type Recorder } from '../recording/writer.js';
import type { Ensemble } from '../run/ensemble.js';
import { readJobs } from '../run/open-run.js';
import type { RunResult } from '../run/result.js';
import type { ServiceLink } from '../service/run/link.js';
import { selectJobs } from '../store/jobs/query.js';
import { readRun } from '../store/runs.js';
import { packageVersion } from '../text/package-version.js';
import type { DriveOptions } from './drive-options.js';
import { exitStatus } from './exit-status.js';
import { checkHttpOptions } from './http.js';
import { jsonReporter, type Reporter } from './json-report.js';
import type { KeptRun } from './kept-run.js';
import { canErase, LiveProgress, type ProgressKind } from './live/live-progress.js';
import { complain, complainOf, printError } from './output.js';
import { RunServer } from './serve-run.js';
import { connectOptions } from './service-options.js';
import { onSignals } from './signals.js';
import { goOnWithoutStreams, jsonNotices, printInFull, textNotices } from './streams.js';
import { textReporter } from './text-report.js';
import { formOf, writeJobs } from './write-jobs.js';

/** A run that is to be driven. */
export interface DrivenRun {
  readonly ensemble: Ensemble;
  /** Null for a run without a folder. */
  readonly kept: KeptRun | null;
}

export interface Drive {
  readonly options: DriveOptions;
  readonly debug: boolean;
  /** The name of the member. */
  readonly member: string;
  /** The name of the run at a service; undefined for its id. */
  readonly serviceName: string | undefined;
  /** When the run began, in seconds since the epoch; absent for one that begins now. */
  readonly begun?: number;
  /** The text of the ensemble's file; absent where it is in the folder of the run. */
  readonly configuration?: string;
  /** Makes the run with this observer. */
  readonly make: (observer: EnsembleObserver) => DrivenRun | Promise<DrivenRun>;
}

/** Checks options before anything is done. Throws EnsembleError. */
export function checkOptions(options: DriveOptions): void {
  if (options.results !== undefined) formOf(options.results);
  checkHttpOptions(options);
}

/** Returns the exit status of the command. Throws as `Ensemble.run` does. */
export async function drive(driven: Drive): Promise<number> {
  const { options, debug, member, make } = driven;
  goOnWithoutStreams(options.json ? jsonNotices : textNotices);
  const reporter = options.json ? jsonReporter(debug) : textReporter(debug, member);
  const recorder = await recorderOf(options, reporter);
  try {
    const latest: Latest = { problem: null };
    const run = await make(withLatest(withRecorder(reporter.observer, recorder), latest));
    const status = await runToEnd(run, driven, reporter, recorder, latest);
    return (await writeResults(options.results, run.kept)) ? status : status || exitStatus.badInput;
  } finally {
    // For a run that could not begin: an earlier recording is not replaced.
    await recorder?.close().catch(() => {});
  }
}

async function runToEnd(
  { ensemble, kept }: DrivenRun,
  driven: Drive,
  reporter: Reporter,
  recorder: Recorder | null,
  latest: Latest,
): Promise<number> {
  const { options } = driven;
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
  let server: RunServer | null = null;
  let progress: LiveProgress | null = null;
  try {
    link = await linkOf(ensemble, driven);
    server = await RunServer.open(ensemble, options, driven.configuration);
    progress = new LiveProgress(ensemble, progressOf(options), () => latest.problem);
    const result = await ensemble.run({ signal: interrupt.signal });
    progress?.stop();
    const by = result.by === null ? '' : describeEndedBy(result.by);
    await Promise.all([
      link?.close({ end: result.end, error: result.error?.message ?? '', by }),
      server?.close(),
    ]);
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
    await server?.close();
    await ensemble.close();
  }
}

/** By default a run is live on a terminal. */
function progressOf({ progress, json }: DriveOptions): ProgressKind {
  if (json) return 'none';
  const able = canErase();
  if (progress === undefined) return able ? 'live' : 'none';
  return progress === 'live' && !able ? 'plain' : progress;
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
async function recorderOf({ record, force }: DriveOptions, { observer }: Reporter): Promise<Recorder | null> {
  if (record === undefined) return null;
  return openRecorder(record, {
    force: force === true,
    problem: (error) => observer.problem?.(error),
  });
}

/** The latest problem of a run, for its progress; null before the first one. */
interface Latest {
  problem: string | null;
}

function withLatest(observer: EnsembleObserver, latest: Latest): EnsembleObserver {
  return {
    ...observer,
    problem: (error) => {
      latest.problem = error.message;
      observer.problem?.(error);
    },
  };
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

/** Connects the run to a service if requested. Only then gRPC is loaded. */
async function linkOf(
  ensemble: Ensemble,
  { options, serviceName, begun }: Drive,
): Promise<ServiceLink | null> {
  if (options.service === undefined) return null;
  const { ServiceLink } = await import('../service/run/link.js');
  return new ServiceLink(ensemble, {
    ...(await connectOptions(options)),
    name: serviceName ?? ensemble.id,
    ...(begun === undefined ? {} : { started: begun }),
    file: ensemble.config.file,
    version: packageVersion(),
    log: (text) => complain(text, 'warning'),
  });
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
