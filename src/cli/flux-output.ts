/** Prints the output of a job under Flux that is in the KVS. */

import type { Readable } from 'node:stream';
import { type FluxJob, fluxUnavailable, startFlux } from '../members/flux/command.js';
import { fluxOutput } from '../members/flux/kept-output.js';
import { inOwnInstance } from '../members/flux/own-instance.js';
import { formatJobId } from '../model/job-id.js';
import { JobOutput } from './follow-file.js';

/** Files of a job whose output is not in the KVS, by stream, as Flux's shell reports them. */
export type Redirects = ReadonlyMap<string, string>;

/**
 * Prints the output of a job so far. Resolves with the files of streams that are not in the KVS. Throws EnsembleError
 * `ERR_MEMBER_UNAVAILABLE` when the instance can't be reached or does not know the job.
 */
export async function printFluxOutput(job: FluxJob): Promise<Redirects> {
  const streams = { stdout: new JobOutput('stdout'), stderr: new JobOutput('stderr') };
  const redirects = new Map<string, string>();
  for await (const event of fluxOutput(job)) {
    if (event.kind === 'redirect') redirects.set(event.stream, event.path);
    if (event.kind !== 'data') continue;
    await (event.stream === 'stderr' ? streams.stderr : streams.stdout).write(event.data);
  }
  streams.stdout.end();
  streams.stderr.end();
  return redirects;
}

/** Prints the output of an active job until it ends. Throws as `printFluxOutput`. */
export async function followFluxOutput(wanted: FluxJob): Promise<void> {
  const job = await inOwnInstance(wanted);
  const output = new JobOutput('stdout');
  const error = new JobOutput('stderr');
  const args = ['job', 'attach', '--read-only', formatJobId(job.id, 'f')];
  const { child, ended, complaint } = startFlux(args, job);
  const copy = async (from: Readable, to: JobOutput) => {
    for await (const data of from) await to.write(data as Buffer);
    to.end();
  };
  await Promise.all([copy(child.stdout, output), copy(child.stderr, error)]);
  // Otherwise the status is that of the job.
  const refused = output.bytes === 0 && /^flux-job: (?!task)/m.test(complaint());
  if ((await ended) !== 0 && refused) throw fluxUnavailable(job, complaint());
}
