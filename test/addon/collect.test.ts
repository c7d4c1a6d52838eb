import { expect, test } from 'vitest';
import { good, runChild } from './child.js';

test('an engine that is dropped without close is collected, and its thread ends', async () => {
  const ending = await runChild('collect');
  expect(ending).toMatchObject(good);
  expect(ending.said).toEqual([
    { name: 'unused', during: 10, collected: true, joined: true },
    { name: 'used', during: 10, collected: true, joined: true },
    { name: 'with events taken', during: 10, collected: true, joined: true },
    { name: 'closed', during: 0, collected: true, joined: true },
    { firings: 100_000 },
    { goesOn: true, collected: true },
  ]);
});
