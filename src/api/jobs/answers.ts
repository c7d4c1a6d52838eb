/** Answers requests about the jobs of a run from its log. */

import { EnsembleError } from '../../errors.js';
import { parseJobId } from '../../model/job-id.js';
import { keepsOutputs } from '../../model/kept-files.js';
import { readJobs, type StoredJobs } from '../../run/open-run.js';
import { jsonLines, plainColumns } from '../../store/jobs/export.js';
import { indexAfter, placeOf, selectJobs } from '../../store/jobs/query.js';
import { readRun, type StoredRun } from '../../store/runs.js';
import { plotOf } from './plots.js';
import type { FoundJob, JobsAnswers, JobsFilter, JobsPage, JobsRequest, PageRequest } from './request.js';

/** Milliseconds for which the jobs that were read are used again; longer where reading takes long. */
const KEEP = 1000;
const READING_SHARE = 10;
/** Runs whose jobs are kept in memory. */
const RUNS_KEPT = 4;

interface Kept {
  readonly run: StoredRun;
  readonly stored: StoredJobs;
  readonly until: number;
  /** The rows of the latest query, for its next page. */
  latest: { readonly key: string; readonly rows: Uint32Array } | null;
  /** Plots by their requests, which many dashboards make. */
  readonly plots: Map<string, ReturnType<typeof plotOf>>;
}

/** Plots of a run that are kept. */
const PLOTS_KEPT = 50;

const kept = new Map<string, Kept>();

async function storedJobs(folder: string): Promise<Kept> {
  const known = kept.get(folder);
  if (known !== undefined && performance.now() < known.until) return known;
  const begun = performance.now();
  const run = readRun(folder);
  const stored = await readJobs(run);
  const now = performance.now();
  const until = now + Math.max(KEEP, READING_SHARE * (now - begun));
  const read: Kept = { run, stored, until, latest: null, plots: new Map() };
  kept.delete(folder);
  kept.set(folder, read);
  const [oldest] = kept.keys();
  if (kept.size > RUNS_KEPT && oldest !== undefined) kept.delete(oldest);
  return read;
}

/** The rows of a query. Sorting a million takes a second. */
function rowsOf(read: Kept, filter: JobsFilter, sort: string | null): Uint32Array {
  const { groups, results, where } = filter;
  const key = JSON.stringify([groups, results, where, sort]);
  if (read.latest?.key === key) return read.latest.rows;
  const rows = selectJobs(read.stored.table, {
    ...(groups === null ? {} : { groups }),
    ...(results === null ? {} : { results }),
    ...(where === null ? {} : { where }),
    ...(sort === null ? {} : { sort }),
  });
  read.latest = { key, rows };
  return rows;
}

function pageOf(read: Kept, request: PageRequest): JobsPage {
  const { sort, columns, limit, skip, after } = request;
  const { table, damage } = read.stored;
  const found = rowsOf(read, request, sort);
  const order = sort ?? undefined;
  const from = skip + (after === null ? 0 : indexAfter(table, found, order, after));
  const rows = found.subarray(from, from + limit);
  const named = columns?.map((name) => table.column(name)) ?? null;
  const jobs = jsonLines(table, rows, named ?? plainColumns(table), named === null);
  const last = rows.at(-1);
  return {
    jobs: `[${[...jobs].join(',')}]`,
    matching: found.length,
    total: table.length,
    columns: table.names,
    damage,
    last: last === undefined || from + limit >= found.length ? null : placeOf(table, last, order),
  };
}

function jobOf({ run, stored: { table, places } }: Kept, wanted: string): FoundJob | null {
  const id = parseJobId(wanted);
  if (id === null) throw new EnsembleError('ERR_RUN', `'${wanted}' is not the id of a job, as ƒ2CgRFD`);
  const row = table.jobs.ids.lastIndexOf(id);
  if (row < 0) return null;
  const [job = '{}'] = jsonLines(table, [row], plainColumns(table), true);
  const { output, error } = places.expected(row, true);
  const attempts = table.jobs.ids.reduce((sum, each) => sum + (each === id ? 1 : 0), 0);
  // Flux keeps the output of jobs that name no file.
  const isInFlux = !keepsOutputs(run.manifest.member) && output === null;
  const flux = isInFlux ? { id, uri: run.manifest.uri, run: run.manifest.ensemble } : null;
  return { job, attempts, output, error, flux };
}

/** Answers a request. Throws EnsembleError: `ERR_RUN` for an invalid query and a run without a log, `ERR_FILE`. */
export async function answerJobs(
  folder: string,
  request: JobsRequest,
): Promise<JobsAnswers[keyof JobsAnswers]> {
  const read = await storedJobs(folder);
  if (request.kind === 'page') return pageOf(read, request);
  if (request.kind === 'job') return jobOf(read, request.job);
  const key = JSON.stringify(request);
  const known = read.plots.get(key);
  if (known !== undefined) return known;
  const plot = plotOf(read, rowsOf(read, request, null), request);
  if (read.plots.size >= PLOTS_KEPT) read.plots.clear();
  read.plots.set(key, plot);
  return plot;
}
