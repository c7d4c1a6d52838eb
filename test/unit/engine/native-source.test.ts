import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { NativeSource, type SourceListener } from '../../../src/engine/native-source.js';
import { fakeAddon, fakeChannel } from './fake-addon.js';

const options = {
  libraries: ['libflux-core.so.2'],
  uri: null,
  allow: [],
  inactiveJobs: 0,
  begun: 0,
  instance: null,
  validateOnce: true,
  window: 1,
  tree: null,
  tap: false,
  unknownAreLost: false,
};
const silent: SourceListener = { records() {}, quiet() {}, failed() {} };
const done = { number: 1, value: null, failure: null };
const lost = { code: 'ECONNRESET', message: 'lost' };
const report = { accepted: 3, refused: 0, dropped: 0, reason: '' };

describe('the report on a submission', () => {
  test('goes to the firing or the retry with its number', async () => {
    const fake = fakeAddon();
    const source = new NativeSource(fakeChannel(fake));
    const firing = source.submission(7);
    const retry = source.submissionOfRetry(7);
    fake.deliver({
      submissions: [
        { number: 7, ofRetry: true, ...report, accepted: 1 },
        { number: 7, ofRetry: false, ...report },
      ],
    });
    expect([(await firing).accepted, (await retry).accepted]).toEqual([3, 1]);
  });

  test('has no jobs when the channel is closed first', async () => {
    const channel = fakeChannel();
    const source = new NativeSource(channel);
    const reports = [source.submission(7), source.submissionOfRetry(8)];
    channel.close();
    expect(await Promise.all(reports)).toMatchObject([
      { number: 7, accepted: 0, refused: 0, dropped: 0 },
      { number: 8, accepted: 0, refused: 0, dropped: 0 },
    ]);
  });
});

test('the listener of a source gets its records, its idle moments and its failure', async () => {
  const fake = fakeAddon();
  const source = new NativeSource(fakeChannel(fake));
  const heard: unknown[] = [];
  const opened = source.openFlux(options, {
    records: (lines) => heard.push(lines.length),
    quiet: () => heard.push('quiet'),
    failed: ({ code }) => heard.push(code),
  });
  fake.deliver({ answers: [done] });
  await opened;
  fake.deliver({ records: new Uint8Array(5), quiet: true });
  fake.deliver({ failure: lost });
  expect(heard).toEqual([5, 'quiet', 'ECONNRESET']);
});

/** A channel with a source that was opened, without a reference to it. */
async function openSource(after: 'alive' | 'failed' | 'refused' | 'closed'): Promise<WeakRef<object>> {
  const fake = fakeAddon();
  const channel = fakeChannel(fake);
  const source = new NativeSource(channel);
  const opened = source.openFlux(options, silent).catch(() => {});
  if (after === 'refused') fake.deliver({ answers: [{ ...done, failure: lost }] });
  else fake.deliver({ answers: [done], failure: after === 'failed' ? lost : null });
  await opened;
  if (after === 'closed') {
    const closed = source.close();
    fake.deliver({ answers: [{ ...done, number: 2 }] });
    await closed;
  }
  return new WeakRef(channel);
}

test.each([
  ['alive', false],
  ['failed', true],
  ['refused', true],
  ['closed', true],
] as const)('a channel whose source is %s can be collected: %s', async (after, collected) => {
  const channel = await openSource(after);
  for (let turn = 0; turn < 20 && channel.deref() !== undefined; turn++) {
    await setImmediate();
    globalThis.gc?.();
  }
  expect(channel.deref() === undefined).toBe(collected);
});
