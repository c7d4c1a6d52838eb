/** The suite on Flux. All checks share an instance. */

import { test } from 'vitest';
import { FluxMember } from '../../src/members/flux/flux-member.js';
import { memberChecks } from '../../src/testing/index.js';
import { describeFlux, instanceForAll } from '../support/flux-instance.js';

const instance = instanceForAll({ cores: 2, killTimeout: '0.2s' });

describeFlux('the Flux member', () => {
  const checks = memberChecks({
    make: ({ ensemble }) => new FluxMember({ ensemble, uri: instance().uri }),
    slots: 2,
    // Flux pretends to run them.
    many: { jobs: 100, template: { attributes: { system: { exec: { test: { run_duration: '0.001s' } } } } } },
  });
  for (const check of checks) test(check.name, check.run);
});
