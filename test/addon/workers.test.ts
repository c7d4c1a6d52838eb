import { describe, expect, it } from 'vitest';
import { good, runChild } from './child.js';

describe('worker threads', () => {
  it('load the addon, each on its own, beside the main thread', async () => {
    const ending = await runChild('workers', ['load']);
    expect(ending).toMatchObject({ ...good, said: [[0, 0, 0, 0], [[500], [500], [500], [500]], 1000] });
  });

  it('twelve are terminated in the middle of a flood, four times, and leave no thread behind', async () => {
    const ending = await runChild('workers', ['terminate']);
    expect(ending).toMatchObject(good);
    const [{ codes, counts, after }] = ending.said as [{ codes: number[]; counts: number[]; after: number }];
    expect(codes).toEqual(Array(48).fill(1));
    expect(Math.max(...counts)).toBeLessThanOrEqual((counts[0] as number) + 1);
    expect(after).toBe(50);
  });

  it('are terminated while they start', async () => {
    expect(await runChild('workers', ['terminate at once'])).toMatchObject({ ...good, said: [80] });
  });

  it('call process.exit in a flood', async () => {
    for (let i = 0; i < 5; i++)
      expect(await runChild('workers', ['exit'])).toMatchObject({ ...good, said: [3] });
  });

  it('throw in a flood', async () => {
    expect(await runChild('workers', ['throw'])).toMatchObject({ ...good, said: ['thrown on purpose'] });
  });

  it('flood while the main thread exits', async () => {
    for (let i = 0; i < 5; i++)
      expect(await runChild('workers', ['exit of all'])).toMatchObject({ ...good, code: 6 });
  });
});
