/** A slice of the harness: `npm run chaos` does the same a thousand times. */

import { expect, test } from 'vitest';
import { local, runCase, type Variant } from './cases.js';
import { everything, generated } from './studies.js';

const seed = String(Date.now() % 1e6);

test.each([
  ['every kind of rule', everything('javascript', 6), 'plain', 2],
  ['every kind of rule, with functions in Python', everything('python', 6), 'plain', 1],
  ['a study of its own', generated(seed, 6), 'plain', 2],
  ['a log whose end is cut off', everything('javascript', 6), 'torn', 1],
  ['two processes that resume it', everything('javascript', 6), 'rival', 1],
] as const)('a run that is killed ends as an undisturbed one: %s', async (_, study, variant, kills) => {
  const result = await runCase(`local-${seed}-${study.name}`, local, {
    study,
    variant: variant as Variant,
    kills,
  });
  expect(result.faults, `seed ${seed}, in ${result.folder}`).toEqual([]);
});
