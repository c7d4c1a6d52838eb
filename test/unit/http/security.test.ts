/** Requests that other web sites, strangers and viewers make. */

import { describe, expect, test } from 'vitest';
import { fakeApi } from './fake.js';

const of = '/ensembles/study';
const post = (body: unknown, headers: Record<string, string> = {}) => ({
  method: 'POST',
  body: typeof body === 'string' ? body : JSON.stringify(body),
  headers: { 'content-type': 'application/json', ...headers },
});

describe('the header Host', () => {
  test.each([
    'localhost',
    'localhost:8080',
    'study.localhost:1',
    '127.0.0.1:50051',
    '[::1]:8080',
    '10.1.2.3',
    'HPC.example.org:443',
    'hpc.example.org.',
  ])('may be a name of this server: %s', async (host) => {
    const { request } = fakeApi();
    expect((await request(of, { host })).status).toBe(200);
  });

  test.each([
    'evil.example.org',
    'localhost.evil.example.org',
    'localhost@evil.example.org',
    '127.0.0.1.evil.example.org',
    'hpc.example.org.evil.example.org',
    '',
    'a b',
    '[::1',
  ])("is refused when it is another site's: %s", async (host) => {
    const { request, ensemble } = fakeApi();
    const response = await request(of, { host });
    expect(response.status).toBe(421);
    expect(await response.json()).toMatchObject({ code: 'ERR_HOST' });
    expect((await request(`${of}/actions`, { ...post({ name: 'pause' }), host })).status).toBe(421);
    expect(ensemble.requested).toEqual([]);
  });
});

describe('a page of another site', () => {
  test.each([
    [{ origin: 'https://evil.example.org' }],
    [{ origin: 'null' }],
    [{ origin: 'http://localhost:3000' }],
    [{ 'sec-fetch-site': 'cross-site' }],
    [{ 'sec-fetch-site': 'same-site' }],
  ])('may neither look nor act: %j', async (headers) => {
    const { request, ensemble } = fakeApi();
    expect((await request(of, { headers })).status).toBe(403);
    const response = await request(
      `${of}/actions`,
      post({ name: 'terminate' }, headers as Record<string, string>),
    );
    expect(await response.json()).toMatchObject({ status: 403, code: 'ERR_FORBIDDEN' });
    expect(response.headers.get('access-control-allow-origin')).toBe(null);
    expect(ensemble.requested).toEqual([]);
  });

  test('is known from a page of this server', async () => {
    const { request } = fakeApi();
    const headers = { origin: 'http://localhost:8080', 'sec-fetch-site': 'same-origin' };
    const response = await request(`${of}/actions`, {
      ...post({ name: 'pause' }, headers),
      host: 'localhost:8080',
    });
    expect(response.status).toBe(200);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', ''])(
    "can't send a form: %s",
    async (type) => {
      const { request, ensemble } = fakeApi();
      const response = await request(`${of}/actions`, post({ name: 'pause' }, { 'content-type': type }));
      expect(await response.json()).toMatchObject({ status: 415, code: 'ERR_MEDIA_TYPE' });
      expect(ensemble.requested).toEqual([]);
    },
  );
});

describe('an action', () => {
  test('is done for an operator, and is in the audit', async () => {
    const { request, ensemble, audit } = fakeApi();
    const done = await request(`${of}/actions`, post({ name: 'submit', label: 'a', value: 2 }));
    expect(await done.json()).toEqual({ id: ensemble.id, text: 'did submit', before: null, after: null });
    const failed = await request(`${of}/actions`, post({ name: 'shrink' }));
    expect(await failed.json()).toMatchObject({
      status: 409,
      code: 'ERR_ACTION',
      detail: 'nothing is left to shrink',
    });
    const unknown = await request(`${of}/actions`, post({ name: 'submit', label: 'b' }));
    expect(await unknown.json()).toMatchObject({
      status: 409,
      detail: expect.stringContaining("unknown job group 'b'"),
    });
    expect((await request('/ensembles/x/actions', post({ name: 'pause' }))).status).toBe(404);
    expect(ensemble.requested.slice(0, 2)).toEqual([
      [{ name: 'submit', label: 'a', value: 2 }, 'token:alice'],
      [{ name: 'shrink' }, 'token:alice'],
    ]);
    expect(audit.map(({ who, what, result }) => [who, what.action, result])).toEqual([
      ['token:alice', 'submit', 'done'],
      ['token:alice', 'shrink', 'ERR_ACTION'],
      ['token:alice', 'submit', 'ERR_ACTION'],
      ['token:alice', 'pause', 'ERR_NOT_FOUND'],
    ]);
  });

  test('is refused to a viewer', async () => {
    const { request, ensemble } = fakeApi({ role: 'viewer' });
    expect((await request(of)).status).toBe(200);
    const response = await request(`${of}/actions`, post({ name: 'terminate' }));
    expect(await response.json()).toMatchObject({
      ...{ status: 403, code: 'ERR_FORBIDDEN' },
      detail: 'token:alice may look, but not act: the role is viewer',
    });
    expect(ensemble.requested).toEqual([]);
  });

  test.each([
    ['{"name":', 400, 'not valid JSON'],
    [[], 400, 'body'],
    [{ name: 'explode' }, 400, 'body.name'],
    [{ name: 'custom', label: 'f' }, 400, 'body.name'],
    [{ name: 'submit', label: 'a', value: 1.5 }, 400, 'body.value'],
    [{ name: 'submit', label: 'a', valeu: 1 }, 400, 'valeu'],
    [{ name: 'submit', label: 'a'.repeat(70_000) }, 413, '65536'],
  ])('with an invalid body is refused: %j', async (body, status, words) => {
    const { request, ensemble, log } = fakeApi();
    const response = await request(`${of}/actions`, post(body));
    expect(await response.json()).toMatchObject({ status, detail: expect.stringContaining(words) });
    expect(ensemble.requested).toEqual([]);
    expect(log).toEqual([]);
  });
});

test("an answer can't be stored, framed, run or read by another site", async () => {
  const { request } = fakeApi();
  const { headers } = await request(of);
  expect(headers.get('content-security-policy')).toMatch(
    /default-src 'none'.*frame-ancestors 'none'.*sandbox/,
  );
  expect(headers.get('cache-control')).toBe('no-store');
  expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
  expect(headers.get('referrer-policy')).toBe('no-referrer');
});
