/** The suite on a real Slurm cluster. The checks run at once, because they wait for Slurm. */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { SteadyClock } from '../../src/members/local/clock.js';
import type { SubmitOrigin } from '../../src/members/member.js';
import { SlurmMember } from '../../src/members/slurm/slurm-member.js';
import type { JobTemplate } from '../../src/model/ensemble.js';
import { memberChecks } from '../../src/testing/index.js';
import { newFolder } from '../support/cli.js';
import { Cluster, missing } from '../support/slurm-cluster.js';

const CPUS = 12;
const root = newFolder();

/** Submits to a partition. */
class PartitionMember extends SlurmMember {
  readonly #partition: string;

  constructor(ensemble: string, partition: string) {
    super({ ensemble, folder: join(root, ensemble), interval: 0.2, clock: new SteadyClock() });
    this.#partition = partition;
  }

  override submit(template: JobTemplate, count: number, origin: SubmitOrigin): Promise<number> {
    return super.submit({ ...template, queue: this.#partition }, count, origin);
  }
}

const checksOn = (partition: string) =>
  memberChecks({
    make: ({ ensemble }) => new PartitionMember(ensemble, partition),
    slots: CPUS,
    many: { jobs: 20 },
  });

/** The checks that need all slots have a partition of their own. The others share one. */
const exclusive = checksOn('').filter((check) => check.exclusive);
const partitionOf = (name: string) => `p${exclusive.findIndex((check) => check.name === name) + 2}`;
const checks = checksOn('p1').map(
  (check) =>
    checksOn(partitionOf(check.name)).find(({ name, exclusive }) => exclusive && name === check.name) ??
    check,
);

let cluster: Cluster | null = null;
beforeAll(async () => {
  if (missing !== null) return;
  const nodes = exclusive.length + 1;
  const started = await Cluster.start({ nodes, cpus: CPUS });
  cluster = started;
  Object.assign(process.env, started.env);
  for (let i = 1; i <= nodes; i++) {
    await started.run('scontrol', 'create', `PartitionName=p${i}`, `Nodes=n${i}`, 'State=UP');
  }
});
afterAll(() => cluster?.stop());

const name = 'the Slurm member';
describe
  .skipIf(missing !== null)
  .concurrent(missing === null ? name : `${name} (skipped: ${missing})`, () => {
    for (const check of checks) test(check.name, check.run);
  });
