import { describe, expect, test } from 'vitest';
import { good, runChild } from './child.js';

describe('worker threads', () => {
  test('load the addon independently of each other and of the main thread', async () => {
    const ending = await runChild('workers', ['load']);
    expect(ending).toMatchObject({ ...good, said: [[0, 0, 0, 0], [[500], [500], [500], [500]], 1000] });
  });

  test('leave no thread when twelve are terminated during a flood, four times', async () => {
    const ending = await runChild('workers', ['terminate']);
    expect(ending).toMatchObject(good);
    const [{ codes, counts, after }] = ending.said as [{ codes: number[]; counts: number[]; after: number }];
    expect(codes).toEqual(Array(48).fill(1));
    expect(Math.max(...counts)).toBeLessThanOrEqual((counts[0] as number) + 1);
    expect(after).toBe(50);
  });

  test('can be terminated while they start', async () => {
    expect(await runChild('workers', ['terminate at once'])).toMatchObject({ ...good, said: [80] });
  });

  test('can call process.exit during a flood', async () => {
    for (let i = 0; i < 5; i++)
      expect(await runChild('workers', ['exit'])).toMatchObject({ ...good, said: [3] });
  });

  test('can throw during a flood', async () => {
    expect(await runChild('workers', ['throw'])).toMatchObject({ ...good, said: ['thrown on purpose'] });
  });

  test('can run a flood while the main thread exits', async () => {
    for (let i = 0; i < 5; i++)
      expect(await runChild('workers', ['exit of all'])).toMatchObject({ ...good, code: 6 });
  });
});
