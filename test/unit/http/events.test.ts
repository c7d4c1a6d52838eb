/** The stream of events of an ensemble. */

import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { afterEach, describe, expect, test } from 'vitest';
import { eventually, newFolder } from '../../support/cli.js';
import { EventClient } from '../../support/event-client.js';
import { type FakeApi, fakeApi, groupOf } from './fake.js';

const path = '/ensembles/study/events';
const open: { cancel(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.cancel().catch(() => {})));
});

async function follow({ request }: FakeApi, query = '', lastEventId?: string): Promise<EventClient> {
  const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  const response = await request(`${path}${query}`, { headers });
  expect([response.status, response.headers.get('content-type')]).toEqual([
    200,
    'text/event-stream; charset=utf-8',
  ]);
  const client = new EventClient(response);
  open.push(client);
  return client;
}

const kinds = (events: readonly { event: string }[]) => events.map(({ event }) => event);

describe('a stream of events', () => {
  test('begins with the full state, and goes on with what changes', async () => {
    const fake = fakeApi();
    const { ensemble } = fake;
    ensemble.groups.set('b', groupOf());
    ensemble.fire();
    const client = await follow(fake);
    const state = await client.next();
    expect(state).toMatchObject({
      event: 'state',
      id: expect.any(String),
      data: {
        ensemble: { id: ensemble.id, counts: { running: 2 } },
        groups: [{ name: 'a' }, { name: 'b' }],
        metrics: { 'p95.a-duration': null },
        firings: [{ number: 0 }],
        problems: [],
      },
    });
    ensemble.groups.set('b', groupOf({ submitted: 1, running: 1 }));
    ensemble.named = new Map([['p95.a-duration', 3]]);
    expect(await client.next()).toEqual({
      event: 'change',
      id: expect.any(String),
      data: {
        ensemble: expect.objectContaining({ counts: expect.objectContaining({ running: 3 }) }),
        groups: [expect.objectContaining({ name: 'b' })],
        metrics: { 'p95.a-duration': 3 },
      },
    });
    ensemble.fire();
    ensemble.report('oh');
    ensemble.fire();
    const events = await client.until(({ event, data }) => event === 'firing' && data.number === 2);
    const items = events.filter(({ event }) => event !== 'change');
    expect(items.map(({ event, data }) => data.number ?? data.message ?? event)).toEqual([1, 'oh', 2]);
  });

  test('ends with the run, and is not opened again after the end', async () => {
    const fake = fakeApi();
    const client = await follow(fake);
    await client.next();
    await fake.ensemble.end();
    const events = await client.until(({ event }) => event === 'end');
    expect(events.at(-1)?.data).toMatchObject({ status: 'ended', end: { end: 'idle' } });
    expect(await client.next()).toBe(null);
    const id = events.findLast((event) => event.id !== null)?.id ?? '';
    const again = await fake.request(path, { headers: { 'last-event-id': id } });
    expect(again.status).toBe(204);
    // Another reader still gets the last state.
    expect(kinds(await (await follow(fake)).until(({ event }) => event === 'end'))).toEqual(['state', 'end']);
  });

  test('has the last state of an ensemble that was closed at its end', async () => {
    const fake = fakeApi();
    const client = await follow(fake);
    await client.next();
    fake.ensemble.groups.set('a', groupOf({ success: 7 }));
    await fake.ensemble.end();
    fake.ensemble.closed = true;
    const events = await client.until(({ event }) => event === 'end');
    expect(events.at(-1)?.data).toMatchObject({ status: 'ended', counts: { success: 7 } });
    const changes = events.filter(({ event }) => event === 'change');
    expect(changes.flatMap(({ data }) => data.groups ?? []).at(-1)).toMatchObject({ counts: { success: 7 } });
    expect(await fake.get('/ensembles/study')).toMatchObject({ status: 'ended', counts: { success: 7 } });
  });

  test('has only the parts that are asked for', async () => {
    const fake = fakeApi();
    const client = await follow(fake, '?parts=rules,firings');
    fake.ensemble.fire();
    const state = await client.next();
    expect(Object.keys(state?.data).sort()).toEqual(['ensemble', 'firings']);
    fake.ensemble.groups.set('b', groupOf());
    fake.ensemble.report('oh');
    fake.ensemble.fire();
    const events = await client.until(({ event }) => event === 'firing');
    expect(events.find(({ event }) => event === 'problem')).toBe(undefined);
    expect(events.find(({ data }) => data.groups !== undefined)).toBe(undefined);
  });

  test('ends when the credentials of its reader are no longer valid', async () => {
    const fake = fakeApi({ maxStreams: 1 });
    const client = await follow(fake);
    expect((await client.next())?.event).toBe('state');
    fake.refuse();
    expect(await client.next()).toBe(null);
    await follow(fake);
  });

  test('has a limited number of readers', async () => {
    const fake = fakeApi({ maxStreams: 2 });
    const first = await follow(fake);
    await follow(fake);
    const refused = await fake.request(path);
    expect(await refused.json()).toMatchObject({ status: 429, code: 'ERR_BUSY' });
    await first.cancel();
    await follow(fake);
  });

  test('is not opened by a request of its headers, nor kept open by an error', async () => {
    const fake = fakeApi({ maxStreams: 1, interval: 0 });
    for (let i = 0; i < 3; i++) {
      const head = await fake.request(path, { method: 'HEAD' });
      expect([head.status, head.headers.get('content-type')]).toEqual([
        200,
        'text/event-stream; charset=utf-8',
      ]);
    }
    fake.ensemble.broken = new TypeError('broken');
    expect((await fake.request(path)).status).toBe(500);
    fake.ensemble.broken = null;
    expect((await (await follow(fake)).next())?.event).toBe('state');
  });

  test('costs the engine as much for many readers as for one', async () => {
    const fake = fakeApi({ interval: 0.02 });
    const clients = await Promise.all(Array.from({ length: 20 }, () => follow(fake)));
    const before = fake.ensemble.snapshots;
    await Promise.all(clients.map((client) => client.next()));
    for (let i = 0; i < 5; i++) {
      fake.ensemble.groups.set('a', groupOf({ success: i }));
      const last = ({ data }: { data: { groups?: { counts: { success: number } }[] } }) =>
        data.groups?.[0]?.counts.success === i;
      await Promise.all(clients.map((client) => client.until(last)));
    }
    // One for each change, and those before the readers took it.
    expect(fake.ensemble.snapshots - before).toBeLessThan(20);
  });

  test('makes no snapshots without a reader', async () => {
    const fake = fakeApi();
    const client = await follow(fake);
    await client.next();
    await client.cancel();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const before = fake.ensemble.snapshots;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(fake.ensemble.snapshots).toBe(before);
  });
});

describe('a reader that comes back', () => {
  /** Reads the state and some firings, and is cut off. */
  async function cutOff(fake: FakeApi) {
    const client = await follow(fake);
    await client.next();
    fake.ensemble.fire(3);
    const events = await client.until(({ event, data }) => event === 'firing' && data.number === 1);
    await client.cancel();
    return events.at(-1)?.id ?? '';
  }

  test('gets what it has missed, and nothing twice', async () => {
    const fake = fakeApi();
    fake.ensemble.groups.set('b', groupOf());
    const id = await cutOff(fake);
    fake.ensemble.fire();
    fake.ensemble.groups.set('b', groupOf({ failed: 1 }));
    const client = await follow(fake, '', id);
    const events = await client.until(({ event, data }) => event === 'change' && data.groups !== undefined);
    if (!events.some(({ data }) => data.number === 3)) {
      events.push(...(await client.until(({ data }) => data.number === 3)));
    }
    expect(kinds(events)).not.toContain('state');
    const groups = events.flatMap(({ data }) => data.groups ?? []);
    expect(groups.map(({ name }: { name: string }) => name)).toEqual(['b']);
    expect(events.flatMap(({ event, data }) => (event === 'firing' ? [data.number] : []))).toEqual([2, 3]);
  });

  test('gets the full state where too much has happened, and for an id of another process', async () => {
    const fake = fakeApi();
    const id = await cutOff(fake);
    const other = id.replace(/^.{4}/, (text) => (text === 'AAAA' ? 'BBBB' : 'AAAA'));
    for (const unknown of [other, 'nonsense', `${id}9999999`, '']) {
      const client = await follow(fake, '', unknown);
      expect((await client.next())?.event).toBe('state');
    }
    fake.ensemble.fire(1000);
    await eventually(
      async () => ((await fake.get('/ensembles/study/firings')) as { earlier: number }).earlier > 500,
      'the firings',
    );
    const client = await follow(fake, '', id);
    const state = await client.next();
    expect(state?.event).toBe('state');
    expect(state?.data.firings).toHaveLength(200);
    expect(state?.data.firings.at(-1).number).toBe(1002);
  });
});

describe('a slow reader', () => {
  test('gets the latest state, and learns how much it has missed', async () => {
    const fake = fakeApi();
    const client = await follow(fake);
    await client.next();
    const other = await follow(fake);
    await other.next();
    for (let i = 1; i <= 20; i++) {
      fake.ensemble.fire(100);
      fake.ensemble.groups.set('a', groupOf({ success: i }));
      await other.until(({ event, data }) => event === 'change' && data.groups?.[0]?.counts.success === i);
    }
    // All firings have come when the next change is shown.
    fake.ensemble.groups.set('a', groupOf({ success: 99 }));
    await other.until(({ event, data }) => event === 'change' && data.groups?.[0]?.counts.success === 99);
    const change = await client.next();
    expect(change?.data).toMatchObject({ groups: [{ counts: { success: 99 } }], firingsSkipped: 1800 });
    const events = await client.until(({ event, data }) => event === 'firing' && data.number === 1999);
    expect(events).toHaveLength(200);
  });

  let server: Server | null = null;
  let reader: Socket | null = null;
  afterEach(async () => {
    reader?.destroy();
    server?.closeAllConnections();
    await new Promise((resolve) => (server === null ? resolve(null) : server.close(resolve)));
  });

  test('that reads nothing does not let messages wait', async () => {
    const fake = fakeApi({ interval: 0.005 });
    const wide = (round: number) => {
      for (let i = 0; i < 300; i++) fake.ensemble.groups.set(`group-${i}`, groupOf({ success: round }));
    };
    wide(0);
    const sockets = new Set<Socket>();
    server = createServer(getRequestListener(fake.api.app.fetch, { overrideGlobalObjects: false }));
    server.on('connection', (connection) => sockets.add(connection));
    const socket = join(newFolder(), 'reader.sock');
    await new Promise<void>((resolve) => server?.listen(socket, resolve));
    reader = connect(socket);
    reader.pause();
    reader.write(`GET /api/v1${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
    const other = await follow(fake);
    const state = JSON.stringify((await other.next())?.data).length;
    for (let round = 1; round <= 25; round++) {
      wide(round);
      await other.until(({ data }) => data.groups?.at(-1)?.counts.success === round);
    }
    const waiting = [...sockets].map(({ writableLength }) => writableLength);
    expect(waiting).toHaveLength(1);
    // The kernel takes a few messages; of 25, at most one waits here, next to one that is being written.
    expect(waiting[0]).toBeLessThan(2.5 * state);
    expect(state).toBeGreaterThan(100_000);
  });
});
