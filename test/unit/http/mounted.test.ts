/** The API in a server of the user's own. */

import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { createApp } from '../../../src/api/index.js';
import { FakeEnsemble } from './fake.js';

const headers = { host: 'localhost' };
const act = {
  method: 'POST',
  body: '{"name":"pause"}',
  headers: { ...headers, 'content-type': 'application/json' },
};

describe('a mounted API', () => {
  test('answers in an app of hono, next to its own routes', async () => {
    const app = new Hono();
    app.get('/own', (context) => context.text('mine'));
    app.route('/', createApp(new FakeEnsemble()));
    expect(await (await app.request('/own')).text()).toBe('mine');
    expect(await (await app.request('/api/v1/ensembles/study', { headers })).json()).toMatchObject({
      name: 'study',
    });
    const missing = await app.request('/api/v1/ensembles/other', { headers });
    expect(await missing.json()).toMatchObject({ code: 'ERR_NOT_FOUND' });
  });

  test('answers in a server of Node, and leaves its globals alone', async () => {
    const { Request: before } = globalThis;
    const api = createApp(new FakeEnsemble());
    const server = createServer(getRequestListener(api.fetch, { overrideGlobalObjects: false }));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/ensembles`);
    expect(await response.json()).toMatchObject({ ensembles: [{ name: 'study' }] });
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
    expect(globalThis.Request).toBe(before);
  });

  test('lets callers act only where its host says so', async () => {
    const ensemble = new FakeEnsemble();
    const path = '/api/v1/ensembles/study/actions';
    const refused = await createApp(ensemble).request(path, act);
    expect(await refused.json()).toMatchObject({ status: 403, detail: expect.stringContaining('anyone') });
    const audit: string[] = [];
    const api = createApp(ensemble, {
      caller: (request) => ({ who: request.headers.get('x-user') ?? '?', role: 'operator' }),
      audit: { action: ({ who, result }) => audit.push(`${who} ${result}`) },
    });
    const done = await api.request(path, { ...act, headers: { ...act.headers, 'x-user': 'alice' } });
    expect(done.status).toBe(200);
    expect(ensemble.requested).toEqual([[{ name: 'pause' }, 'alice']]);
    expect(audit).toEqual(['alice done']);
  });

  test('refuses other names of its host, unless they are given', async () => {
    const path = '/api/v1/ensembles';
    const there = { headers: { host: 'hpc.example.org' } };
    expect((await createApp(new FakeEnsemble()).request(path, there)).status).toBe(421);
    const named = createApp(new FakeEnsemble(), { hosts: ['HPC.example.org'] });
    expect((await named.request(path, there)).status).toBe(200);
  });
});
