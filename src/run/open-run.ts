/** Reads a run that was kept. */

import { existsSync } from 'node:fs';
import { loadAddon } from '../engine/addon.js';
import { EnsembleError } from '../errors.js';
import { type JobQuery, selectJobs } from '../store/jobs/query.js';
import { RESULTS } from '../store/jobs/results.js';
import { type JobRow, jobRow } from '../store/jobs/row.js';
import { JobTable } from '../store/jobs/table.js';
import { incompleteSince } from '../store/log-gap.js';
import { logFolder } from '../store/run-folder.js';
import { type RunState, readRun, type StoredRun } from '../store/runs.js';
import { JobPlaces } from './job-places.js';

/** The jobs of a run as its log has them now. */
export interface StoredJobs {
  readonly table: JobTable;
  readonly places: JobPlaces;
  /** Words for the damage to the log, whose jobs are missing or incomplete; null without damage. */
  readonly damage: string | null;
  /** Jobs are missing from this time on, because the log ended before the run: seconds since the epoch. Else null. */
  readonly incompleteSince: number | null;
}

/** Reads the jobs of a run from its log. Throws EnsembleError: `ERR_RUN` for a run without a log, `ERR_FILE`. */
export async function readJobs(run: StoredRun): Promise<StoredJobs> {
  const folder = logFolder(run.path);
  if (!existsSync(folder)) {
    throw new EnsembleError('ERR_RUN', `run ${run.manifest.id} has no log (${folder} is missing)`);
  }
  const log = await loadAddon().readRunLog(folder);
  const { jobs } = log;
  // Jobs of the local member end with their run, and the log of a killed run does not say so.
  if (run.manifest.member === 'local' && run.state !== 'running') {
    jobs.result.forEach((result, row) => {
      if (RESULTS[result] === 'active') jobs.result[row] = RESULTS.indexOf('lost');
    });
  }
  const places = new JobPlaces(run, jobs);
  const table = new JobTable({
    jobs,
    titleOf: (rule) => places.titleOf(rule),
    variablesOf: (group) => places.variablesOf(group),
    textsOf: (group) => places.textsOf(group),
    place: (row) => places.of(row),
  });
  return {
    table,
    places,
    damage: log.damage === '' ? null : log.damage,
    incompleteSince: incompleteSince(run.path),
  };
}

/** A run that was kept. Its jobs may be read while the run goes on. */
export interface OpenedRun {
  readonly id: string;
  readonly name: string;
  /** `lost`: its process died before the run ended. */
  readonly state: RunState;
  /** Absolute path of the folder. */
  readonly path: string;
  /** Seconds since the epoch; `ended` is null for a run that goes on or is lost. */
  readonly started: number;
  readonly ended: number | null;
  /** Jobs are missing from this time on, because the log ended before the run: seconds since the epoch. Else null. */
  readonly incompleteSince: number | null;
  /**
   * The jobs of the run as its log has them at the first `next()`, in the order of their submission or of
   * `query.sort`. Throws EnsembleError: `ERR_RUN` for an invalid query and for a run without a log, `ERR_FILE` when the
   * log can't be read.
   */
  jobs(query?: JobQuery): AsyncGenerator<JobRow, void, void>;
}

/**
 * Opens the folder of a run, as `ensemble runs --json` names it in `path`. Throws EnsembleError: `ERR_FILE` when the
 * folder can't be read, `ERR_RUN` when it is damaged or was written by a newer version.
 */
export async function openRun(path: string): Promise<OpenedRun> {
  const run = readRun(path);
  const { id, name, started, ended } = run.manifest;
  return {
    id,
    name,
    started,
    ended,
    state: run.state,
    path: run.path,
    incompleteSince: incompleteSince(run.path),
    async *jobs(query = {}) {
      const { table } = await readJobs(run);
      for (const row of selectJobs(table, query).subarray(0, query.limit)) yield jobRow(table, row);
    },
  };
}
