/** The output of a job under Flux that is in the KVS, read by the `flux` on PATH. */

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { EnsembleError } from '../errors.js';
import { readOutputEvent } from '../members/flux/output-log.js';
import { formatJobId } from '../model/job-id.js';
import { JobOutput } from './follow-file.js';

/** Characters of the standard error of a command that become part of a message. */
const MAX_COMPLAINT = 2000;

export interface FluxJob {
  readonly id: bigint;
  /** The instance; null for the one that the `flux` on PATH selects. */
  readonly uri: string | null;
}

/** Files of a job whose output is not in the KVS, by stream, as Flux's shell reports them. */
export type Redirects = ReadonlyMap<string, string>;

/** Starts a command of Flux. `ended` resolves with its exit status; it rejects without a `flux` on PATH. */
function start(args: readonly string[], { uri }: FluxJob) {
  const env = uri === null ? process.env : { ...process.env, FLUX_URI: uri };
  const child = spawn('flux', args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number>((resolve, reject) => {
    child.on('close', (status) => resolve(status ?? 1));
    child.on('error', (cause) => {
      const message = `Flux keeps the output of this job, but the command flux can't be run: ${cause.message}`;
      reject(new EnsembleError('ERR_MEMBER_UNAVAILABLE', message, { cause }));
    });
  });
  // The caller awaits it after the output.
  ended.catch(() => {});
  let complaint = '';
  child.stderr.on('data', (data: Buffer) => {
    complaint = (complaint + data.toString()).slice(0, MAX_COMPLAINT);
  });
  return { child, ended, complaint: () => complaint.trim() };
}

/**
 * Prints the output of a job so far. Resolves with the files of streams that are not in the KVS. Throws EnsembleError
 * `ERR_MEMBER_UNAVAILABLE` when the instance can't be reached or does not know the job.
 */
export async function printFluxOutput(job: FluxJob): Promise<Redirects> {
  const streams = { stdout: new JobOutput('stdout'), stderr: new JobOutput('stderr') };
  const redirects = new Map<string, string>();
  const { child, ended, complaint } = start(['job', 'info', formatJobId(job.id, 'f'), 'guest.output'], job);
  for await (const line of createInterface({ input: child.stdout })) {
    const event = line === '' ? null : readOutputEvent(line);
    if (event?.kind === 'redirect') redirects.set(event.stream, event.path);
    if (event?.kind !== 'data') continue;
    await (event.stream === 'stderr' ? streams.stderr : streams.stdout).write(event.data);
  }
  streams.stdout.end();
  streams.stderr.end();
  // A job that has not started has no output.
  if ((await ended) !== 0 && !/key not found/.test(complaint())) throw unavailable(job, complaint());
  return redirects;
}

/** Prints the output of an active job until it ends. Throws as `printFluxOutput`. */
export async function followFluxOutput(job: FluxJob): Promise<void> {
  const output = new JobOutput('stdout');
  const error = new JobOutput('stderr');
  const { child, ended, complaint } = start(['job', 'attach', '--read-only', formatJobId(job.id, 'f')], job);
  const copy = async (from: Readable, to: JobOutput) => {
    for await (const data of from) await to.write(data as Buffer);
    to.end();
  };
  await Promise.all([copy(child.stdout, output), copy(child.stderr, error)]);
  // Otherwise the status is that of the job.
  const refused = output.bytes === 0 && /^flux-job: (?!task)/m.test(complaint());
  if ((await ended) !== 0 && refused) throw unavailable(job, complaint());
}

function unavailable({ uri }: FluxJob, complaint: string): EnsembleError {
  const where = uri === null ? 'the Flux instance' : `the Flux instance ${uri}`;
  return new EnsembleError(
    'ERR_MEMBER_UNAVAILABLE',
    `the output of this job is in ${where}, which does not answer or does not know it: ${complaint}`,
  );
}
