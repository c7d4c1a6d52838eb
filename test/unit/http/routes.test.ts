/** The resources of the HTTP API, the OpenAPI document, and answers to invalid requests. */

import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, test } from 'vitest';
import { OutputWindow, pieceOf, wantedOf } from '../../../src/api/jobs/window.js';
import { routes } from '../../../src/api/routes/index.js';
import type { Rule } from '../../../src/model/ensemble.js';
import { fakeApi, groupOf } from './fake.js';

const of = '/ensembles/study';

describe('a resource', () => {
  test('has the form of its schema', async () => {
    const { ensemble, get } = fakeApi();
    ensemble.fire(2);
    ensemble.report('out of luck');
    ensemble.failed = new Map([
      [
        'a',
        {
          ...{ failed: 1, canceled: 0, jobs: 2 },
          reasons: [
            {
              ...{
                reason: 'exit status 3',
                exception: null,
                note: null,
                exitStatus: 3,
                signal: null,
                count: 1,
              },
              lines: ['boom'],
              jobs: [{ job: 7n, parameters: { T: 300 }, line: 'boom', output: null, error: null }],
            },
          ],
        },
      ],
    ]);
    ensemble.groups.set('a', groupOf({ failed: 1 }));
    let checked = 0;
    for (const { method, url, answer, acts } of routes) {
      // Those of jobs need a folder, which tests with a process have.
      if (
        method !== 'get' ||
        answer === null ||
        acts === true ||
        /jobs|timeline|variables|heatmap|scatter|\{rule\}/.test(url)
      )
        continue;
      const path = url.replace('{ensemble}', 'study').replace('{group}', 'a');
      answer.parse(await get(path));
      checked++;
    }
    expect(checked).toBe(11);
    expect(await get(`${of}/failures`)).toMatchObject({
      failures: [{ group: 'a', failed: 1, reasons: [{ count: 1, jobs: [{ job: 'ƒ8', jobid: '7' }] }] }],
    });
    expect(await get(`${of}/firings`)).toMatchObject({
      firings: [{ number: 0, rule: -1, askedBy: 'test', label: 'a' }, { number: 1 }],
      earlier: 0,
    });
    expect(await get(`${of}/problems`)).toMatchObject({
      problems: [{ code: 'ERR_ACTION', message: 'out of luck' }],
    });
  });

  test('is found by the id and by the name of its ensemble', async () => {
    const { get } = fakeApi();
    const byName = await get(of);
    expect(byName).toMatchObject({ status: 'running', counts: { running: 2 }, size: 4, run: null });
    expect(byName.elapsed).toBeGreaterThan(1e6);
    expect(await get('/ensembles/study-0123456789ab')).toMatchObject({ id: byName.id });
    expect(await get('/ensembles')).toMatchObject({ ensembles: [{ id: byName.id }] });
  });

  test('shows the status of its run', async () => {
    const { ensemble, get } = fakeApi({ interval: 0 });
    const status = async () => (await get(of)).status;
    ensemble.started = null;
    expect(await status()).toBe('starting');
    ensemble.started = 1;
    ensemble.paused = true;
    expect(await status()).toBe('paused');
    ensemble.ending = { end: 'terminated', error: null, by: { kind: 'request', askedBy: 'uid:0' } };
    expect(await get(of)).toMatchObject({ status: 'ending', end: { end: 'terminated' } });
    await ensemble.end();
    expect(await get(of)).toMatchObject({ status: 'ended', end: { end: 'idle', error: '', by: '' } });
  });

  test('costs the engine one snapshot for many requests at a time', async () => {
    const { ensemble, get } = fakeApi({ interval: 60 });
    await Promise.all(Array.from({ length: 20 }, () => get(of)));
    await get(`${of}/groups`);
    expect(ensemble.snapshots).toBe(1);
  });

  test('comes in pages', async () => {
    const { ensemble, get } = fakeApi();
    for (let i = 0; i < 5; i++) ensemble.groups.set(`g/${i} ü`, groupOf({ submitted: i }));
    const names: unknown[] = [];
    let cursor = '';
    do {
      const page = (await get(`${of}/groups?limit=4${cursor}`)) as {
        groups: { name: string }[];
        next: string;
      };
      names.push(page.groups.map(({ name }) => name));
      cursor = page.next === null ? '' : `&cursor=${page.next}`;
    } while (cursor !== '');
    expect(names).toEqual([
      ['a', 'g/0 ü', 'g/1 ü', 'g/2 ü'],
      ['g/3 ü', 'g/4 ü'],
    ]);
    expect(await get(`${of}/groups/${encodeURIComponent('g/3 ü')}`)).toMatchObject({
      counts: { submitted: 3 },
    });
  });

  test('has the distributions of a group', async () => {
    const { ensemble, get } = fakeApi({ interval: 0 });
    expect(await get(`${of}/groups/a/histograms`)).toEqual({
      group: 'a',
      duration: {
        ...{ count: 3, sum: 3, min: 1, max: 1, zeros: 0, scale: 6, first: -1, buckets: [3] },
        quantiles: { p50: 1, p95: 1, p99: 1 },
      },
      pending: {
        ...{ count: 0, sum: 0, min: null, max: null, zeros: 0, scale: 6, first: 0, buckets: [] },
        quantiles: { p50: null, p95: null, p99: null },
      },
    });
    ensemble.sketches = false;
    expect(await get(`${of}/groups/a/histograms`)).toMatchObject({ status: 409, code: 'ERR_RUN' });
  });

  test('has rules with what keeps them from firing', async () => {
    const { ensemble, get } = fakeApi();
    const [rule] = ensemble.config.rules as [Rule];
    ensemble.rulesNow = [
      {
        report: {
          ...{
            rule: 0,
            name: rule.title,
            algorithm: null,
            due: 'count.a.success >= 9',
            firings: 1,
            resolved: 0,
            state: 'firing',
            by: null,
          },
          ...{ came: 4, values: { 'count.a.success': 9 }, why: 'fired once' },
          heldBack: { repetitions: 0, backoff: 0, cooldown: 3, for: 0, state: 0, end: 0 },
        },
        ...{ phase: 'held-back', in: [], state: null, ended: false },
        ...{ repetitionsLeft: 2, backoffLeft: 0, since: null, ready: 99, next: null },
        clauses: [
          {
            ...{ text: 'count.a.success >= 9', holds: true, values: { 'count.a.success': 9 } },
            bound: { metric: 'count.a.success', comparison: '>=', threshold: 9 },
          },
        ],
      },
    ];
    expect(await get(`${of}/rules/0`)).toMatchObject({
      ...{
        rule: 0,
        state: 'held-back',
        firings: 1,
        repetitionsLeft: 2,
        heldUntil: 99,
        heldBack: { cooldown: 3 },
      },
      conditions: [{ holds: true, bound: { threshold: 9 } }],
    });
    expect(await get(`${of}/rules/1`)).toMatchObject({ code: 'ERR_NOT_FOUND' });
  });

  test('has the file as it was', async () => {
    const { request } = fakeApi();
    const response = await request(`${of}/file`);
    expect(await response.text()).toBe('jobs: []\n');
    expect(response.headers.get('content-type')).toBe('application/yaml; charset=utf-8');
  });
});

test('the OpenAPI document is valid and has every route', async () => {
  const { get } = fakeApi();
  const document = await get('/openapi.json');
  expect(await new Validator().validate(document)).toEqual({ valid: true });
  expect(document.openapi).toBe('3.1.0');
  const { paths } = document as { paths: Record<string, Record<string, { operationId: string }>> };
  expect(Object.values(paths).flatMap((path) => Object.values(path).map((each) => each.operationId))).toEqual(
    routes.map(({ operation }) => operation),
  );
});

describe('an invalid request', () => {
  test.each([
    ['/nothing', 404, 'ERR_NOT_FOUND', 'openapi.json'],
    ['/ensembles/studdy', 404, 'ERR_NOT_FOUND', "did you mean 'study'?"],
    [`${of}/groups/b`, 404, 'ERR_NOT_FOUND', "no group 'b'"],
    [`${of}/groups?limit=0`, 400, 'ERR_REQUEST', 'query.limit'],
    [`${of}/groups?limit=1&limit=2`, 400, 'ERR_REQUEST', 'more than once'],
    [`${of}/groups?cursor=-1`, 400, 'ERR_REQUEST', 'cursor'],
    [`${of}/events?parts=groups,secrets`, 400, 'ERR_REQUEST', 'query.parts'],
    [`${of}/jobs`, 409, 'ERR_RUN', 'no folder on this host'],
    [`${of}/jobs/7/output`, 409, 'ERR_RUN', 'no folder on this host'],
    ['/ensembles/%ff', 404, 'ERR_NOT_FOUND', 'no ensemble'],
  ])('is answered as a problem: %s', async (path, status, code, words) => {
    const { request, log } = fakeApi();
    const response = await request(path);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    const problem = await response.json();
    expect(problem).toMatchObject({
      type: 'about:blank',
      status,
      code,
      detail: expect.stringContaining(words),
    });
    expect(log).toEqual([]);
  });

  test('of another method is answered with the methods that exist', async () => {
    const { request } = fakeApi();
    const response = await request(of, { method: 'DELETE' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect(await response.json()).toMatchObject({ code: 'ERR_METHOD' });
    expect((await request(of, { method: 'HEAD' })).status).toBe(200);
  });

  test('that fails here shows no details', async () => {
    const { ensemble, request, log } = fakeApi();
    ensemble.broken = new TypeError('secret path /home/alice');
    const response = await request(of);
    expect(response.status).toBe(500);
    const text = await response.text();
    expect(text).not.toMatch(/secret|routes|\bat /);
    expect(JSON.parse(text)).toMatchObject({ code: 'ERR_INTERNAL' });
    expect(log).toEqual([expect.stringContaining('secret path')]);
  });
});

describe('the wanted part of an output of 100 bytes', () => {
  const all = Buffer.from(Array.from({ length: 100 }, (_, i) => i));

  test.each([
    ['bytes=0-9', undefined, 0, 10],
    ['bytes=90-', undefined, 90, 100],
    ['bytes=95-200', undefined, 95, 100],
    ['bytes=-20', undefined, 80, 100],
    ['bytes=-200', undefined, 0, 100],
    ['bytes=-0', undefined, 100, 100],
    ['bytes=100-', undefined, 100, 100],
    ['bytes=40-59', 10, 40, 60],
    ['', 10, 90, 100],
    // These headers are ignored.
    ['bytes=5-4', undefined, 0, 100],
    ['bytes=0-1,3-4', undefined, 0, 100],
    ['bytes=-', undefined, 0, 100],
    ['lines=1-2', undefined, 0, 100],
    ['', undefined, 0, 100],
  ])('is read: %s, tail %s', (header, tail, from, to) => {
    const wanted = wantedOf(header, tail);
    expect(pieceOf(wanted, 100)).toEqual({ from, to });
    for (const step of [1, 7, 100]) {
      const window = new OutputWindow(wanted);
      for (let at = 0; at < 100; at += step) window.take(all.subarray(at, at + step));
      expect([window.size, ...window.bytes]).toEqual([100, ...all.subarray(from, to)]);
    }
  });

  test('is bounded', () => {
    expect(pieceOf(wantedOf('bytes=0-', undefined), 2 ** 30)).toEqual({ from: 0, to: 2 ** 20 });
    expect(pieceOf(wantedOf('bytes=-999999999', undefined), 2 ** 30)).toEqual({
      from: 2 ** 30 - 2 ** 20,
      to: 2 ** 30,
    });
    expect(pieceOf(wantedOf('bytes=100-', undefined), 50)).toEqual({ from: 100, to: 100 });
  });
});
