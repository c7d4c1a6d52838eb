import { describe, expect, test } from 'vitest';
import { Ensemble } from '../../../src/index.js';
import { Broadcast } from '../../../src/run/broadcast.js';

interface Item {
  readonly number: number;
}

/** Pushes this many items and returns how many of them are still in memory afterwards. */
async function keptOf(count: number, broadcast: Broadcast<Item>): Promise<number> {
  const items: WeakRef<Item>[] = [];
  for (let number = 0; number < count; number++) {
    const item = { number };
    items.push(new WeakRef(item));
    broadcast.push(item);
    // The target of a WeakRef that was created or dereferenced lives until the end of this turn.
    if (number % 1000 === 999) await new Promise((resolve) => setTimeout(resolve));
  }
  return countKept(items);
}

async function countKept(items: readonly WeakRef<Item>[]): Promise<number> {
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    globalThis.gc?.();
  }
  return items.filter((item) => item.deref() !== undefined).length;
}

async function take(stream: AsyncIterator<Item>, count: number): Promise<number[]> {
  const taken: number[] = [];
  for (let i = 0; i < count; i++) {
    const { value } = (await stream.next()) as { value: Item };
    taken.push(value.number);
  }
  return taken;
}

describe('a subscription', () => {
  test('that is returned before the first next() collects nothing', async () => {
    const broadcast = new Broadcast<Item>();
    const stream = broadcast.subscribe();
    await stream.return?.();
    expect(await keptOf(20_000, broadcast)).toBe(0);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  test('that is returned while its consumer waits ends at once, for the consumer too', async () => {
    const broadcast = new Broadcast<Item>();
    const stream = broadcast.subscribe();
    const waiting = [stream.next(), stream.next()];
    await stream.return?.();
    expect(await Promise.all(waiting)).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
    ]);
    expect(await keptOf(5000, broadcast)).toBe(0);
  });

  test('without an iteration keeps some of the latest items, and counts the others', async () => {
    const broadcast = new Broadcast<Item>();
    const stream = broadcast.subscribe();
    const kept = await keptOf(20_000, broadcast);
    expect(kept).toBeLessThanOrEqual(8192);
    expect(kept + stream.dropped).toBe(20_000);
    expect(await take(stream, 2)).toEqual([stream.dropped, stream.dropped + 1]);
  });

  test('without a reference keeps nothing', async () => {
    const broadcast = new Broadcast<Item>();
    const subscribe = () => void broadcast.subscribe();
    subscribe();
    expect(await keptOf(20_000, broadcast)).toBe(0);
  });

  test('whose consumer leaves the loop, or throws in it, keeps nothing', async () => {
    const broadcast = new Broadcast<Item>();
    const leave = async () => {
      for await (const { number } of broadcast.subscribe()) if (number === 3) break;
    };
    const fail = async () => {
      for await (const { number } of broadcast.subscribe()) if (number === 4) throw new Error('enough');
    };
    const [, failed] = [leave(), fail()].map((following) => following.catch((error: Error) => error.message));
    expect(await keptOf(5000, broadcast)).toBe(0);
    expect(await failed).toBe('enough');
  });

  test('whose consumer keeps reading misses nothing, however many items come at once', async () => {
    const broadcast = new Broadcast<Item>();
    let sum = 0;
    const following = (async () => {
      for await (const { number } of broadcast.subscribe()) sum += number;
    })();
    // Only the promise of the waiting consumer holds it now.
    globalThis.gc?.();
    for (let number = 0; number < 100_000; number++) broadcast.push({ number });
    broadcast.end();
    await following;
    expect(sum).toBe((100_000 * 99_999) / 2);
  });

  test('starts at the call, keeps the order, and ends after the last item', async () => {
    const broadcast = new Broadcast<Item>();
    broadcast.push({ number: 0 });
    const stream = broadcast.subscribe();
    for (const number of [1, 2, 3]) broadcast.push({ number });
    broadcast.end();
    const taken: number[] = [];
    for await (const { number } of stream) taken.push(number);
    expect(taken).toEqual([1, 2, 3]);
    expect(await broadcast.subscribe().next()).toEqual({ done: true, value: undefined });
  });
});

test('events() that are returned while nothing happens end at once, and allow another consumer', async () => {
  await using ensemble = Ensemble.fromObject(
    {
      jobs: [{ name: 'a', command: 'true' }],
      rules: [{ trigger: 'start', action: { name: 'submit', label: 'a' } }],
    },
    { watch: true },
  );
  const unused = ensemble.events();
  expect(await unused.return()).toEqual({ done: true, value: undefined });
  const first = ensemble.events();
  const waiting = first.next();
  await first.return();
  expect(await waiting).toEqual({ done: true, value: undefined });
  const names: string[] = [];
  const following = (async () => {
    for await (const batch of ensemble.events()) for (const { name } of batch) names.push(name);
  })();
  const running = ensemble.run();
  for (let i = 0; i < 200 && !names.includes('clean'); i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await ensemble.close();
  await Promise.all([following, running]);
  expect(names.filter((name) => name === 'clean')).toEqual(['clean']);
});
