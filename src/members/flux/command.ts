/** Commands of Flux about a job, run by the `flux` on PATH. */

import { spawn } from 'node:child_process';
import { EnsembleError } from '../../errors.js';

/** Characters of the standard error of a command that become part of a message. */
const MAX_COMPLAINT = 2000;

export interface FluxJob {
  readonly id: bigint;
  /** The id of its run, as `attributes.user.ensemble` has it. */
  readonly run: string;
  /** The instance; null for the one that the `flux` on PATH selects. */
  readonly uri: string | null;
}

/** Starts a command of Flux. `ended` resolves with its exit status; it rejects without a `flux` on PATH. */
export function startFlux(args: readonly string[], { uri }: Pick<FluxJob, 'uri'>) {
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

/** The error of an instance that can't be reached or does not know a job. */
export function fluxUnavailable({ uri }: FluxJob, complaint: string): EnsembleError {
  const where = uri === null ? 'the Flux instance' : `the Flux instance ${uri}`;
  return new EnsembleError(
    'ERR_MEMBER_UNAVAILABLE',
    `the output of this job is in ${where}, which does not answer or does not know it: ${complaint}`,
  );
}
