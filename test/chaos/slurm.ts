/** A Slurm cluster for the harness. */

import { Cluster } from '../support/slurm-cluster.js';
import type { Executor } from './cases.js';

/** Runs `use` with a cluster, which ends with it. */
export async function withSlurm<Value>(use: (executor: Executor) => Promise<Value>): Promise<Value> {
  const cluster = await Cluster.start({ nodes: 2, cpus: 16 });
  try {
    const options = ['--executor', 'slurm', '--slurm-interval', '500ms'];
    return await use({ name: 'slurm', options, env: cluster.env, size: 4, most: 120 });
  } finally {
    await cluster.stop();
  }
}
