import { describe, expect, test } from 'vitest';
import { good, runChild } from './child.js';

const exit = (way: string, limit?: number) => runChild('exit', [way], limit);

describe('a process with an open engine', () => {
  test('exits by itself when the engine was never used', async () => {
    expect(await exit('unused')).toMatchObject({ ...good, said: [] });
  });

  test('exits by itself when the engine is idle', async () => {
    expect(await exit('idle')).toMatchObject({ ...good, said: [50] });
  });

  test('exits by itself during heartbeats', async () => {
    expect(await exit('heartbeats')).toMatchObject({ ...good, said: [true] });
  });

  test('exits by itself while a consumer waits for more events', async () => {
    const ending = await exit('consumer');
    expect(ending).toMatchObject(good);
    expect((ending.said as number[]).reduce((a, b) => a + b, 0)).toBe(20);
  });

  test('delivers all pending answers first', async () => {
    const ending = await exit('outstanding');
    expect(ending).toMatchObject(good);
    expect(ending.said.slice(0, 40)).toEqual(Array.from({ length: 40 }, (_, i) => i));
    expect(ending.said[40]).toMatchObject({ firings: 100_000, activeJobs: 0 });
  });

  test.each([
    ['exit in a flood', 7],
    ['exit at once', 8],
    ['exit in a listener', 9],
    ['many engines', 10],
    ['held', 5],
  ])('exits with its code: %s', async (way, code) => {
    for (let i = 0; i < 5; i++) expect(await exit(way)).toMatchObject({ ...good, code });
  });

  test('exits as Node does after a throw during a flood', async () => {
    const ending = await exit('throw in a flood');
    expect(ending).toMatchObject({ code: 1, signal: null });
    expect(ending.stderr).toContain('thrown on purpose');
  });
});
