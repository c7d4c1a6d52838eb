/** The suite on Flux. All checks share an instance. */

import { afterAll, beforeAll, test } from 'vitest';
import { FluxMember } from '../../src/members/flux/flux-member.js';
import { memberChecks } from '../../src/testing/index.js';
import { describeFlux, missing, withInstance } from '../support/flux-instance.js';

let uri = '';
let release = () => {};
let instance = Promise.resolve();
beforeAll(async () => {
  if (missing !== null) return;
  await new Promise<void>((resolve, reject) => {
    const use = ({ uri: its }: { readonly uri: string }) =>
      new Promise<void>((done) => {
        uri = its;
        release = done;
        resolve();
      });
    instance = withInstance(use, { cores: 2, killTimeout: '0.2s' });
    instance.catch(reject);
  });
});
afterAll(async () => {
  release();
  await instance;
});

describeFlux('the Flux member', () => {
  const checks = memberChecks({
    make: ({ ensemble }) => new FluxMember({ ensemble, uri }),
    slots: 2,
    // Flux pretends to run them.
    many: { jobs: 100, template: { attributes: { system: { exec: { test: { run_duration: '0.001s' } } } } } },
  });
  for (const check of checks) test(check.name, check.run);
});
