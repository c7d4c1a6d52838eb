/** Finds the instance of a job in a tree of Flux instances, for the commands of Flux. */

import { hostname } from 'node:os';
import { text } from 'node:stream/consumers';
import { EnsembleError } from '../../errors.js';
import { instanceOfJob } from '../../model/instance-of-job.js';
import { type FluxJob, startFlux } from './command.js';

/** Returns the standard output of a command of Flux; empty where it fails. */
async function outputOf(args: readonly string[], uri: string | null): Promise<string> {
  const { child, ended } = startFlux(args, { uri });
  const printed = await text(child.stdout);
  return (await ended) === 0 ? printed : '';
}

/** The URI without `ssh` for an instance on this host. */
function reachable(uri: string): string {
  const { host = '', path = '' } = /^ssh:\/\/(?<host>[^/]*)(?<path>\/.*)$/.exec(uri)?.groups ?? {};
  return host === hostname() ? `local://${path}` : uri;
}

/**
 * Returns the job as its own instance knows it. Throws EnsembleError `ERR_MEMBER_UNAVAILABLE` when that has ended, and
 * without a `flux` on PATH.
 */
export async function inOwnInstance(job: FluxJob): Promise<FluxJob> {
  const { instance, id } = instanceOfJob(job.id);
  if (instance === 0) return job;
  const running = ['jobs', '-n', '-f', 'running', '--name=ensemble-instance', '-o', '{id.f58plain} {uri}'];
  for (const line of (await outputOf(running, job.uri)).split('\n')) {
    const [own = '', uri = ''] = line.trim().split(' ');
    if (!uri.includes('://')) continue;
    const jobspec = await outputOf(['job', 'info', own, 'jobspec'], job.uri);
    const { attributes } = JSON.parse(jobspec || '{}') as {
      attributes?: { user?: { flux_ensemble_instance?: unknown } };
    };
    if (attributes?.user?.flux_ensemble_instance === `${job.run}:${instance}`)
      return { ...job, id, uri: reachable(uri) };
  }
  throw new EnsembleError(
    'ERR_MEMBER_UNAVAILABLE',
    `the output of this job was in the Flux instance ${instance} of the run, which has ended; outputs that are to stay ` +
      'need a file: set `output` of the job',
  );
}
