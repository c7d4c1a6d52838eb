/** Jobs of runs that have a folder. */

import { existsSync, statSync } from 'node:fs';
import { z } from 'zod';
import type { RowPlace } from '../../store/jobs/query.js';
import { logFolder } from '../../store/run-folder.js';
import type { JobsFilter } from '../jobs/request.js';
import { ApiProblem } from '../problem.js';
import { route, type Services } from '../route.js';
import { ensemblePath } from '../schemas/common.js';
import { jobPath, jobsFilter, jobsQuery, jobsSchema, oneJobSchema } from '../schemas/job.js';

/** The folder of a run with a log. Throws ApiProblem ERR_RUN. */
export function folderOf({ source }: Services, name: string): string {
  const folder = source.find(name).folder();
  if (folder !== null && existsSync(logFolder(folder))) return folder;
  throw new ApiProblem(
    'ERR_RUN',
    folder === null
      ? 'this run has no folder on this host, so its jobs are not listed'
      : 'this run has no log, so its jobs are not listed',
  );
}

/** The filter of a query. */
export function filterOf({ group, result, where }: z.infer<typeof filterSchema>): JobsFilter {
  return { groups: group ?? null, results: result ?? null, where: where ?? null };
}

const filterSchema = z.object(jobsFilter);
const cursorSchema = z.tuple([z.int().nonnegative(), z.union([z.number(), z.string(), z.null()])]);

function readCursor(cursor: string): RowPlace {
  try {
    const [row, key] = cursorSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
    return { row, key };
  } catch {
    throw new ApiProblem('ERR_REQUEST', 'the cursor is not `next` of a page');
  }
}

function writeCursor({ row, key }: RowPlace): string {
  return Buffer.from(JSON.stringify([row, key])).toString('base64url');
}

/** The job of a path, with the paths of its files. Throws ApiProblem. */
export async function findJob({ ensemble, job }: z.infer<typeof jobPath>, services: Services) {
  const found = await services.jobs.ask(folderOf(services, ensemble), { kind: 'job', job });
  if (found === null) throw new ApiProblem('ERR_NOT_FOUND', `the run has no job '${job}'`);
  return found;
}

/** An output that the Flux instance keeps. Its size is known only when it is read. */
const IN_FLUX = { path: null, bytes: null };

function fileOf(path: string | null): { path: string; bytes: number | null } | null {
  if (path === null) return null;
  const stats = statSync(path, { throwIfNoEntry: false });
  return { path, bytes: stats?.isFile() ? stats.size : null };
}

/** An answer that is JSON text already. */
export const json = (text: string) => new Response(text, { headers: { 'content-type': 'application/json' } });

export const jobs = [
  route({
    method: 'get',
    url: '/ensembles/{ensemble}/jobs',
    operation: 'listJobs',
    summary: 'Jobs in the order of their submission or of `sort`, from the log of the run.',
    path: ensemblePath,
    query: jobsQuery,
    answer: jobsSchema,
    handle: async ({ path, query }, services) => {
      const { sort = null, columns = null, limit, cursor, skip } = query;
      const page = await services.jobs.ask(folderOf(services, path.ensemble), {
        ...{ kind: 'page', ...filterOf(query), sort, columns, limit, skip },
        after: cursor === undefined ? null : readCursor(cursor),
      });
      const { jobs: list, last, ...rest } = page;
      const next = last === null ? null : writeCursor(last);
      // The jobs are JSON already.
      return json(`{"jobs":${list},${JSON.stringify({ ...rest, next }).slice(1)}`);
    },
  }),
  route({
    method: 'get',
    url: '/ensembles/{ensemble}/jobs/{job}',
    operation: 'getJob',
    summary: 'One job, its latest attempt, with the files of its output.',
    path: jobPath,
    answer: oneJobSchema,
    handle: async ({ path }, services) => {
      const { job, attempts, output, error, flux } = await findJob(path, services);
      const inFlux = flux === null ? null : IN_FLUX;
      const rest = { attempts, output: fileOf(output) ?? inFlux, error: fileOf(error) ?? inFlux };
      return json(`{"job":${job},${JSON.stringify(rest).slice(1)}`);
    },
  }),
];
