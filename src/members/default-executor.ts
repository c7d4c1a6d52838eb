/** The member of a run without `--executor`. */

import { existsSync } from 'node:fs';
import { folderOnPath } from '../text/on-path.js';
import type { MemberName } from './create.js';

export interface DefaultExecutor {
  readonly name: MemberName;
  /** Why it was chosen, where that may surprise. */
  readonly reason: string | null;
}

/** Where a distribution installs its package of Slurm, and where that looks for its configuration. */
const PACKAGED = '/usr/bin';
const CONFIGURATIONS = ['/etc/slurm/slurm.conf', '/etc/slurm-llnl/slurm.conf', '/run/slurm/conf/slurm.conf'];

/**
 * Returns the default member: Flux inside a Flux instance (FLUX_URI is set), Slurm inside a
 * job of Slurm and where `sbatch` is found but Flux is not, or the file has pilots, otherwise the local one.
 */
export function defaultExecutor(environment: NodeJS.ProcessEnv, hasPilots: boolean): DefaultExecutor {
  if (environment.FLUX_URI) return { name: 'flux', reason: null };
  const sbatch = folderOnPath('sbatch', environment);
  if (sbatch === undefined) return { name: 'local', reason: null };
  if (hasPilots) return { name: 'slurm', reason: 'the file has pilots (member.slurm)' };
  if (environment.SLURM_JOB_ID) return { name: 'slurm', reason: 'SLURM_JOB_ID is set' };
  // A package without a configuration does not belong to a cluster.
  const isConfigured = sbatch !== PACKAGED || environment.SLURM_CONF || CONFIGURATIONS.some(existsSync);
  return isConfigured && folderOnPath('flux', environment) === undefined
    ? { name: 'slurm', reason: 'sbatch is on PATH, and flux is not' }
    : { name: 'local', reason: null };
}
