/** The output of a job under Flux that is in the KVS. */

import { createInterface } from 'node:readline';
import { formatJobId } from '../../model/job-id.js';
import { type FluxJob, fluxUnavailable, startFlux } from './command.js';
import { readOutputEvent, type ShellOutputEvent } from './output-log.js';
import { inOwnInstance } from './own-instance.js';

/**
 * Yields the events of the output of a job so far; none for a job that has not started. Throws EnsembleError
 * `ERR_MEMBER_UNAVAILABLE` when the instance can't be reached or does not know the job.
 */
export async function* fluxOutput(wanted: FluxJob): AsyncGenerator<ShellOutputEvent, void, void> {
  const job = await inOwnInstance(wanted);
  const { child, ended, complaint } = startFlux(
    ['job', 'info', formatJobId(job.id, 'f'), 'guest.output'],
    job,
  );
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const event = line === '' ? null : readOutputEvent(line);
      if (event !== null) yield event;
    }
    // A job that has not started has no output.
    if ((await ended) !== 0 && !/key not found/.test(complaint())) throw fluxUnavailable(job, complaint());
  } finally {
    child.kill();
  }
}
