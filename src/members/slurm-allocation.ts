/** The Slurm allocation in which this process runs. */

import { env } from 'node:process';

/** Its end in seconds since the epoch; null outside of an allocation, and for one without an end. */
export function slurmAllocationEnd(): number | null {
  const end = Number(env['SLURM_JOB_END_TIME']);
  return Number.isFinite(end) && end > 0 ? end : null;
}
