/** Effects of keys in `ensemble top`, with a run that answers late. */

import pc from 'picocolors';
import { expect, test, vi } from 'vitest';
import { Client } from '../../../../src/api/client/client.js';
import { FollowedRun } from '../../../../src/api/client/followed-run.js';
import { JobsReader } from '../../../../src/cli/top/jobs-reader.js';
import { Top } from '../../../../src/cli/top/top.js';

test('answers that come after the end are not drawn, and keep no process', async () => {
  vi.useFakeTimers();
  try {
    let answer = (_: Response) => {};
    const client = new Client(
      'http://localhost/api/v1/',
      { token: null, refused: () => {} },
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    const run = new FollowedRun('study');
    const current = { client, run, jobs: new JobsReader(client, 'study'), close: () => {} };
    const frames: (readonly string[])[] = [];
    const top = new Top({
      source: { current, subscribe: () => {}, close: () => {} },
      colors: pc.createColors(false),
      size: () => ({ width: 79, height: 24 }),
      paint: (lines) => frames.push(lines),
      quit: () => {},
    });
    top.key('p');
    expect(frames.at(-1)?.at(-1)).toBe('asking the run');
    const drawn = frames.length;
    top.close();
    answer(Response.json({ text: 'the actions of rules wait' }));
    await vi.advanceTimersByTimeAsync(100);
    expect(frames).toHaveLength(drawn);
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
