/** A slice of the harness on Flux, where each job runs exactly once. */

import { expect, test } from 'vitest';
import { describeFlux } from '../support/flux-instance.js';
import { runCase } from './cases.js';
import { withFlux } from './flux.js';
import { everything } from './studies.js';

const seed = String(Date.now() % 1e6);

describeFlux('a run that is killed', () => {
  test('runs each of its jobs exactly once', () =>
    withFlux(async (executor) => {
      const study = everything('javascript', 2);
      const result = await runCase(`flux-${seed}`, executor, { study, variant: 'plain', kills: 3 });
      expect(result.faults, `seed ${seed}, in ${result.folder}`).toEqual([]);
    }));
});
