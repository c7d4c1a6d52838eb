/** The suite on a real Slurm cluster. Most checks run at once, because they wait for Slurm. */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { SteadyClock } from '../../src/members/local/clock.js';
import { SlurmMember } from '../../src/members/slurm/slurm-member.js';
import { memberChecks } from '../../src/testing/index.js';
import { newFolder } from '../support/cli.js';
import { Cluster, missing } from '../support/slurm-cluster.js';

let cluster: Cluster | null = null;
beforeAll(async () => {
  if (missing !== null) return;
  cluster = await Cluster.start({ nodes: 1, cpus: 16 });
  Object.assign(process.env, cluster.env);
});
afterAll(() => cluster?.stop());

const name = 'the Slurm member';
describe.skipIf(missing !== null)(missing === null ? name : `${name} (skipped: ${missing})`, () => {
  const root = newFolder();
  const checks = memberChecks({
    make: ({ ensemble }) =>
      new SlurmMember({ ensemble, folder: join(root, ensemble), interval: 0.2, clock: new SteadyClock() }),
    slots: 16,
    many: { jobs: 20 },
  });
  for (const check of checks) (check.exclusive ? test : test.concurrent)(check.name, check.run);
});
