/**
 * The suite on a tree of Flux instances. Each check starts an instance, which takes seconds, so only some of them run by
 * default: those in which the tree does more than the Flux member. ENSEMBLE_TEST_TREE=all runs all.
 */

import { test } from 'vitest';
import { FluxMember } from '../../src/members/flux/flux-member.js';
import { treeOf } from '../../src/members/flux/tree.js';
import { TreeMember } from '../../src/members/tree-member.js';
import { memberChecks } from '../../src/testing/index.js';
import { eventually } from '../support/cli.js';
import { describeFlux, instanceForAll } from '../support/flux-instance.js';

const DEFAULT = /cancel exception|interrupted run/;
const SETTINGS = { instances: null, nodes: null, cores: 2, recycle: null, broker: [] };

const parent = instanceForAll({ cores: 4, killTimeout: '0.2s' });

/** The instances of the check before may end after its member. */
async function othersHaveEnded(): Promise<void> {
  await eventually(
    async () => Object.keys(await parent().tally('{state}')).every((state) => state === 'INACTIVE'),
    'no job is active',
  );
}

describeFlux('the member of a tree', () => {
  const checks = memberChecks({
    make: ({ ensemble }) =>
      new TreeMember(new FluxMember({ ensemble, uri: parent().uri, tree: treeOf(SETTINGS, 1) }), 1),
    slots: 2,
    skip: {
      'resize() adds slots for pending jobs, and removes slots without ending jobs':
        'jobs that wait in an instance stay there, and the size counts instances',
      'reconcile() shows each job of an earlier process once':
        'jobs end with the instances at the end of a run',
    },
    many: { jobs: 100, template: { attributes: { system: { exec: { test: { run_duration: '0.001s' } } } } } },
  });
  for (const check of checks) {
    if (process.env.ENSEMBLE_TEST_TREE !== 'all' && !DEFAULT.test(check.name)) continue;
    test(check.name, async (context) => {
      await othersHaveEnded();
      await check.run(context);
    });
  }
});
