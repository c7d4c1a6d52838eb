import { describe, expect, test } from 'vitest';
import type { NativeOutbox } from '../../../src/engine/addon.js';
import type { CommandChannel } from '../../../src/engine/command-channel.js';
import { MemberError } from '../../../src/errors.js';
import { fakeAddon, fakeChannel } from './fake-addon.js';

const status = (channel: CommandChannel) => channel.command((native, number) => native.status(number));

function recordReader(channel: CommandChannel, name: string, to: string[]): void {
  channel.addReader({
    deliver: () => to.push(`${name} deliver`),
    delivered: () => to.push(`${name} delivered`),
    closed: () => to.push(`${name} closed`),
  });
}

describe('a command', () => {
  test('resolves with the answer that carries its number', async () => {
    const fake = fakeAddon();
    const channel = fakeChannel(fake);
    const both = [status(channel), status(channel)];
    expect(fake.calls).toEqual([
      ['status', 1],
      ['hold', true],
      ['status', 2],
    ]);
    fake.deliver({ answers: [{ number: 2, value: 'b', failure: null }] });
    fake.deliver({ answers: [{ number: 1, value: 'a', failure: null }] });
    expect(await Promise.all(both)).toEqual(['a', 'b']);
  });

  test('rejects with what the source refused', async () => {
    const fake = fakeAddon();
    const answer = status(fakeChannel(fake));
    fake.deliver({ answers: [{ number: 1, value: null, failure: { code: 'EPERM', message: 'no' } }] });
    await expect(answer).rejects.toThrow(new MemberError('no [EPERM]'));
  });

  test('that the addon refuses rejects with the code of the refusal', async () => {
    const codes = ['ERR_MEMBER_UNAVAILABLE', 'ERR_ENGINE', 'ERR_ODD'].map(async (code) => {
      const channel = fakeChannel(
        fakeAddon(() => {
          throw Object.assign(new Error('refused'), { code });
        }),
      );
      return status(channel).catch((error: unknown) => (error as { code: string }).code);
    });
    expect(await Promise.all(codes)).toEqual(['ERR_MEMBER_UNAVAILABLE', 'ERR_ENGINE', 'ERR_ENGINE']);
  });

  test('keeps the process alive until the last answer is there', () => {
    const fake = fakeAddon();
    const channel = fakeChannel(fake);
    void status(channel);
    void status(channel);
    const held = () => fake.calls.filter(([method]) => method === 'hold').map(([, on]) => on);
    fake.deliver({ answers: [{ number: 1, value: null, failure: null }] });
    expect(held()).toEqual([true]);
    fake.deliver({ answers: [{ number: 2, value: null, failure: null }] });
    expect(held()).toEqual([true, false]);
  });
});

test('readers get each outbox in their order, before and after its answers', async () => {
  const fake = fakeAddon();
  const channel = fakeChannel(fake);
  const order: string[] = [];
  recordReader(channel, 'first', order);
  recordReader(channel, 'second', order);
  fake.deliver({});
  expect(order).toEqual(['first deliver', 'second deliver', 'first delivered', 'second delivered']);
});

describe('a closed channel', () => {
  test('rejects outstanding and later commands, and notifies its readers once', async () => {
    const fake = fakeAddon();
    const channel = fakeChannel(fake);
    const order: string[] = [];
    recordReader(channel, 'reader', order);
    const outstanding = status(channel);
    channel.close();
    channel.close();
    await expect(outstanding).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    await expect(status(channel)).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    expect(channel.call((native) => native.hold(true))).toBeUndefined();
    expect(order).toEqual(['reader closed']);
    expect(fake.calls.map(([method]) => method)).toEqual(['status', 'hold', 'close']);
  });

  test('delivers nothing more', () => {
    const fake = fakeAddon();
    const channel = fakeChannel(fake);
    const outboxes: NativeOutbox[] = [];
    channel.addReader({ deliver: (outbox) => outboxes.push(outbox), delivered() {}, closed() {} });
    channel.close();
    fake.deliver({});
    expect(outboxes).toEqual([]);
  });
});
