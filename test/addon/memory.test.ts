import { expect, test } from 'vitest';
import { good, runChild } from './child.js';

test('millions of events through a queue of a thousand take no additional memory', async () => {
  const ending = await runChild('memory');
  expect(ending).toMatchObject(good);
  const said = ending.said as { overflow: string; taken: number; dropped: number; grown: number }[];
  const all = 251 * 2000 * 5 + 5;
  for (const { overflow, taken, dropped } of said) expect(taken + dropped, overflow).toBe(all);
  const [drop, hold, unbounded] = said;
  expect(drop?.dropped).toBeGreaterThan(all / 2);
  expect(hold?.dropped).toBe(0);
  expect(unbounded?.dropped).toBe(0);
  // As columns, all these events are 55 MB.
  expect(drop?.grown).toBeLessThan(30);
  expect(hold?.grown).toBeLessThan(30);
  expect(unbounded?.grown).toBeGreaterThan(50);
});
