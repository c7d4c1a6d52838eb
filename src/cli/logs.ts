/** `ensemble logs [RUN] JOB`. */

import { Command } from 'commander';
import { EnsembleError } from '../errors.js';
import type { FluxJob } from '../members/flux/command.js';
import { formatJobId, parseJobId } from '../model/job-id.js';
import { keepsOutputs } from '../model/kept-files.js';
import { readJobs, type StoredJobs } from '../run/open-run.js';
import { RESULTS } from '../store/jobs/results.js';
import { wasRemoved } from '../store/run-folder.js';
import { findRun, readRun, type StoredRun } from '../store/runs.js';
import { stateFolder } from '../store/state-folder.js';
import { formatBytes } from '../text/bytes.js';
import { quote } from '../text/describe.js';
import { followFluxOutput, printFluxOutput } from './flux-output.js';
import { copyFile, JobOutput } from './follow-file.js';
import { warnOfDamage } from './jobs.js';
import { printError } from './output.js';
import { addStateOption, type StateOption } from './state-option.js';

interface LogsOptions extends StateOption {
  readonly follow?: boolean;
}

/** Milliseconds between two looks at the log, for whether a job has ended; longer where reading takes long. */
const LOOK_EVERY = 1000;
const READING_SHARE = 10;

/** The row of a job. Throws EnsembleError `ERR_RUN`. */
function rowOf({ table }: StoredJobs, { manifest }: StoredRun, job: string): number {
  const id = parseJobId(job);
  if (id === null) throw new EnsembleError('ERR_RUN', `${quote(job)} is not the id of a job, as ƒ2CgRFD`);
  const row = table.jobs.ids.lastIndexOf(id);
  if (row >= 0) return row;
  const hint = `\`ensemble jobs ${manifest.id}\` lists its jobs`;
  throw new EnsembleError('ERR_RUN', `run ${manifest.id} has no job ${quote(job)}; ${hint}`);
}

function isActive({ table }: StoredJobs, row: number): boolean {
  return RESULTS[table.jobs.result[row] ?? 0] === 'active';
}

/** Returns a function that says whether a job still runs, as far as the log of its run says. */
function activity(run: StoredRun, id: bigint): () => Promise<boolean> {
  let active = true;
  let next = performance.now() + LOOK_EVERY;
  return async () => {
    if (!active || performance.now() < next) return active;
    const begun = performance.now();
    const stored = await readJobs(readRun(run.path));
    const row = stored.table.jobs.ids.lastIndexOf(id);
    active = row >= 0 && isActive(stored, row);
    const now = performance.now();
    next = now + Math.max(LOOK_EVERY, READING_SHARE * (now - begun));
    return active;
  };
}

async function logs(wanted: string | undefined, job: string, options: LogsOptions): Promise<void> {
  const run = findRun(stateFolder(options.state), wanted);
  const stored = await readJobs(run);
  warnOfDamage(run, stored);
  const row = rowOf(stored, run, job);
  const id = stored.table.jobs.ids[row] ?? 0n;
  const follow = options.follow === true && isActive(stored, row);
  const goesOn = follow ? activity(run, id) : async () => false;
  const { output, error } = stored.places.expected(row, follow);
  const out = new JobOutput('stdout');
  const err = new JobOutput('stderr');
  const files = await Promise.all([
    output === null ? false : copyFile(output, out, goesOn),
    error === null ? false : copyFile(error, err, goesOn),
  ]);
  out.end();
  err.end();
  const { member, uri, ensemble } = run.manifest;
  // Flux keeps the output of jobs that name no file.
  const inFlux = !keepsOutputs(member) && output === null;
  if (inFlux) await printFromFlux({ id, uri, run: ensemble }, follow);
  if (inFlux || out.bytes + err.bytes > 0) return;
  if (wasRemoved(run.path, id)) {
    const most = formatBytes(run.manifest.options.outputLimit);
    printError(
      `ensemble: the output of job ${formatJobId(id)} was removed, because the outputs of the run exceeded ${most} (--output-limit)`,
    );
    return;
  }
  printError(`ensemble: ${nothingOf(formatJobId(id), stored, row, files.includes(true) ? null : output)}`);
}

async function printFromFlux(job: FluxJob, follow: boolean): Promise<void> {
  if (follow) return followFluxOutput(job);
  const redirects = await printFluxOutput(job);
  const output = new JobOutput('stdout');
  for (const path of new Set(redirects.values())) await copyFile(path, output);
  output.end();
}

/** Words for a job without output. `missing` is the path of its output file, null for a file that exists. */
function nothingOf(job: string, stored: StoredJobs, row: number, missing: string | null): string {
  if (Number.isNaN(stored.table.column('start').number(row))) return `job ${job} has not started`;
  const end = isActive(stored, row) ? ' so far' : '';
  return `job ${job} has no output${end}${missing === null ? '' : `; ${missing} is missing`}`;
}

export function logsCommand(): Command {
  const command = new Command('logs')
    .description('print the output of a job')
    .argument('<run-or-job>', 'the run: its id, name or folder; without it, the latest run of this folder')
    .argument('[job]', 'the id of the job')
    .option('-f, --follow', 'print what is written until the job ends');
  return addStateOption(command).action((first: string, second: string | undefined, options: LogsOptions) =>
    second === undefined ? logs(undefined, first, options) : logs(first, second, options),
  );
}
