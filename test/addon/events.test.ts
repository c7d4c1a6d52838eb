import { afterEach, describe, expect, test } from 'vitest';
import { Engine } from '../../src/engine/engine.js';
import type { EventBatch } from '../../src/engine/event-batch.js';
import { eventsOfJob, journal, plan, sleep } from './children/common.js';

const engines: Engine[] = [];
afterEach(() => {
  for (const engine of engines.splice(0)) engine.close();
});

function open(parts: Parameters<typeof plan>[0] = { rules: [] }): Engine {
  const engine = new Engine(plan(parts), { firing: () => {}, decodeError: () => {} });
  engines.push(engine);
  return engine;
}

const named = (id: number, name: string) =>
  Buffer.from(`{"id":${id},"events":[{"timestamp":1,"name":${JSON.stringify(name)}}]}\n`);
const settled = (promise: Promise<unknown>, ms: number) =>
  Promise.race([promise.then(() => true), sleep(ms).then(() => false)]);

async function takeAll(batches: AsyncIterable<EventBatch>, pause = 0) {
  const taken = { rows: [] as string[], dropped: 0, longest: 0 };
  for await (const batch of batches) {
    for (const { id, timestamp, name, group } of batch)
      taken.rows.push(`${id} ${timestamp} ${name} ${group}`);
    taken.dropped += batch.dropped;
    taken.longest = Math.max(taken.longest, batch.length);
    if (pause > 0) await sleep(pause);
  }
  return taken;
}

const rowsOf = (first: number, count: number) =>
  [...Array(count).keys()].flatMap((i) => {
    const id = first + i;
    return ['10 submit', '11 alloc', '12 start', `${12 + (id % 7)} finish`, '20 clean'].map(
      (rest) => `${id} ${rest} a`,
    );
  });

describe('raw events', () => {
  test('arrive with their columns, in order', async () => {
    const engine = open();
    const all = takeAll(engine.events());
    await engine.ingest(journal(1, 1000));
    engine.endEvents();
    expect(await all).toMatchObject({ rows: rowsOf(1, 1000), dropped: 0 });
  });

  test('include foreign jobs and unlisted names', async () => {
    const engine = open();
    const all = takeAll(engine.events());
    for (const name of ['debug.x', 'odd', 'debug', 'ünï 🌊', 'odd', 'other', 'start'])
      await engine.ingest(named(5, name));
    engine.endEvents();
    const names = ['debug.x', 'odd', 'debug', 'ünï 🌊', 'odd', 'other', 'start'];
    expect((await all).rows).toEqual(names.map((name) => `5 1 ${name} null`));
  });

  test('have ids of 64 bits', async () => {
    const engine = open();
    const all = takeAll(engine.events());
    const ids = [0n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 2n];
    for (const id of ids) await engine.ingest(Buffer.from(named(7, 'memo').toString().replace('7', `${id}`)));
    engine.endEvents();
    expect((await all).rows).toEqual(ids.map((id) => `${id} 1 memo null`));
  });

  test('are dropped and counted when the consumer is slow', async () => {
    const engine = open();
    const events = engine.events({ capacity: 100 });
    const first = events.next();
    await engine.ingest(journal(1, 2));
    const begin = (await first).value as EventBatch;
    // These events have no consumer.
    for (let i = 0; i < 20; i++) await engine.ingest(journal(3 + i * 500, 500));
    engine.endEvents();
    const rest = await takeAll({ [Symbol.asyncIterator]: () => events });
    expect(begin.length + rest.rows.length + begin.dropped + rest.dropped).toBe(10_002 * eventsOfJob);
    expect(rest.dropped).toBeGreaterThan(40_000);
    expect(rest.longest).toBeLessThanOrEqual(100);
    expect(rest.rows.slice(0, 5)).toEqual(rowsOf(3, 1));
  });

  test('wait without a loss when the consumer requests that', async () => {
    for (const capacity of [1, 2, 64, 4096]) {
      const engine = open();
      const all = takeAll(engine.events({ capacity, overflow: 'hold' }), capacity === 64 ? 1 : 0);
      await engine.ingest(journal(1, 300));
      engine.endEvents();
      const { rows, dropped, longest } = await all;
      expect(rows).toEqual(rowsOf(1, 300));
      expect(dropped).toBe(0);
      // A record is never taken apart.
      expect(longest).toBeLessThanOrEqual(capacity + 1);
    }
  });

  test('block the engine until the consumer leaves', async () => {
    const engine = open();
    const events = engine.events({ capacity: 10, overflow: 'hold' });
    const first = events.next();
    const ingested = engine.ingest(journal(1, 1000));
    await first;
    expect(await settled(ingested, 200)).toBe(false);
    await events.return();
    expect(await settled(ingested, 5000)).toBe(true);
    expect((await engine.metrics()).groups.get('a')?.count.success).toBe(1000);
  });

  test('block the engine, but not its closing', async () => {
    const engine = open();
    const events = engine.events({ capacity: 10, overflow: 'hold' });
    const first = events.next();
    const ingested = engine.ingest(journal(1, 1000));
    await first;
    await sleep(20);
    engine.close();
    await expect(ingested).rejects.toMatchObject({ code: 'ERR_CLOSED' });
    expect(await events.next()).toEqual({ value: undefined, done: true });
  });
});

describe('consumers of events', () => {
  test('are allowed one at a time, and again after the end of the last', async () => {
    const engine = open();
    const first = engine.events();
    const waiting = first.next();
    await expect(engine.events().next()).rejects.toMatchObject({ code: 'ERR_ENGINE' });
    await engine.ingest(journal(1, 1));
    await waiting;
    await first.return();
    const second = engine.events();
    const batch = second.next();
    await engine.ingest(journal(2, 1));
    expect([...((await batch).value as EventBatch)].map(({ id }) => id)).toEqual(Array(5).fill(2n));
  });

  test('see the right names after an earlier consumer', async () => {
    const engine = open();
    for (const round of [1, 2, 3]) {
      const events = engine.events();
      const first = events.next();
      await engine.ingest(named(1, `first of ${round}`));
      await first;
      // Waits in the queue, with a name that is new, when the consumer goes.
      await engine.ingest(named(1, `left behind by ${round}`));
      await events.return();
    }
    const all = takeAll(engine.events());
    await engine.ingest(named(1, 'first of 2'));
    await engine.ingest(named(1, 'left behind by 1'));
    await engine.ingest(named(1, 'new'));
    engine.endEvents();
    expect((await all).rows).toEqual(['1 1 first of 2 null', '1 1 left behind by 1 null', '1 1 new null']);
  });

  test('see the right names after dropped events', async () => {
    const engine = open();
    const events = engine.events({ capacity: 1 });
    const first = events.next();
    await engine.ingest(named(1, 'one'));
    await first;
    for (const name of ['two', 'three', 'four']) await engine.ingest(named(1, name));
    const second = (await events.next()).value as EventBatch;
    const third = events.next();
    await engine.ingest(named(1, 'five'));
    expect([...second].map(({ name }) => name)).toEqual(['two']);
    expect([...((await third).value as EventBatch)].map(({ name }) => name)).toEqual(['five']);
    await events.return();
  });

  test('receive the names of unlisted groups', async () => {
    const engine = open({ groups: ['b'], trackAll: true, rules: [] });
    const all = takeAll(engine.events());
    await engine.ingest(journal(1, 1));
    engine.endEvents();
    expect((await all).rows).toEqual(rowsOf(1, 1));
  });

  test.each([-1, Number.NaN, 'many'])(
    'are refused for a capacity of %s without an effect on others',
    async (capacity) => {
      const engine = open();
      const refused = engine.events({ capacity: capacity as number }).next();
      await expect(refused).rejects.toMatchObject({ code: 'ERR_ENGINE' });
      const all = takeAll(engine.events());
      await engine.ingest(journal(1, 1));
      engine.endEvents();
      expect((await all).rows).toEqual(rowsOf(1, 1));
    },
  );

  test('end at once after endEvents()', async () => {
    const engine = open();
    const all = takeAll(engine.events());
    engine.endEvents();
    await all;
    await engine.ingest(journal(1, 1));
    expect((await takeAll(engine.events())).dropped).toBe(0);
  });
});
