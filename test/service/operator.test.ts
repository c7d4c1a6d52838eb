/** EnsembleOperator as its callers meet it: whatever they send, an answer in JSON that says what was done or why not. */

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connection } from '../../src/service/connect.js';
import type { EnsembleOperatorClient } from '../../src/service/generated/convergedcomputing/org/grpc/v1/EnsembleOperator.js';
import type { ProtoGrpcType } from '../../src/service/generated/ensemble-service.js';
import type { KnownRun } from '../../src/service/operator/backend.js';
import { RunsBackend } from '../../src/service/operator/runs-backend.js';
import { loadProto } from '../../src/service/proto.js';
import { knownRun, knownRuns, type OperatorServer, startOperator } from './operator-server.js';

const runs: Record<string, KnownRun> = {};
let server: OperatorServer;
let client: EnsembleOperatorClient;

beforeAll(async () => {
  server = await startOperator(new RunsBackend(knownRuns(runs)));
  const { target, credentials, options } = connection({ address: server.socket });
  const { EnsembleOperator } =
    loadProto<ProtoGrpcType>('ensemble-service.proto').convergedcomputing.org.grpc.v1;
  client = new EnsembleOperator(target, credentials, options);
});
afterAll(async () => {
  client.close();
  await server.close();
});

interface Answer {
  readonly status: string;
  readonly payload: Record<string, unknown>;
}

function action(member: string, name: string, action: string, payload: string | object): Promise<Answer> {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  return new Promise((resolve, reject) => {
    client.RequestAction({ member, name, action, payload: text }, (error, response) => {
      if (error !== null || response === undefined) reject(error);
      else resolve({ status: response.status, payload: JSON.parse(response.payload) });
    });
  });
}

function status(member: string, name: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    client.RequestStatus({ member, name }, (error, response) => {
      if (error !== null || response === undefined) reject(error);
      else resolve({ status: response.status, payload: JSON.parse(response.payload) });
    });
  });
}

const base = { version: 'v1alpha2', group: 'flux-framework.org' };
const audit = () =>
  readFileSync(join(dirname((server.socket as { path: string }).path), 'audit'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('a resize of a run', () => {
  test('grows and shrinks it, and reports the sizes', async () => {
    runs.study = knownRun('local', 2, 4);
    expect(await action('local', 'study', 'grow', { ...base, grow: 1 })).toEqual({
      status: 'SUCCESS',
      payload: {
        ...base,
        member: 'local',
        name: 'study',
        action: 'grow',
        before: 2,
        asked: 3,
        after: 3,
        limits: { min: 1, max: 4 },
        message: 'grew from 2 to 3',
      },
    });
    const { payload } = await action('local', 'study', 'grow', { ...base, grow: 3 });
    expect(payload.message).toBe('grew from 3 to 4: asked 6, clamped to 4');
    expect((await action('locals', 'study', 'shrink', { ...base, shrink: 2 })).payload.after).toBe(2);
    expect(audit().at(-1)).toMatchObject({
      call: 'RequestAction',
      who: `uid:${process.getuid?.()}`,
      what: { member: 'locals', name: 'study', action: 'shrink' },
      result: 'done',
      reason: 'shrank from 4 to 2',
    });
  });

  test('has a step of one by default, as with ensemble-python', async () => {
    runs.study = knownRun('local', 2, 4);
    expect((await action('local', 'study', 'grow', base)).payload.after).toBe(3);
    expect((await action('local', 'study', 'shrink', { ...base, shrink: null })).payload.after).toBe(2);
  });

  test('is performed once for repeated requests', async () => {
    runs.study = knownRun('local', 2, 10);
    const payload = { ...base, grow: 1, request: 'one' };
    const first = await action('local', 'study', 'grow', payload);
    expect(await action('local', 'study', 'grow', payload)).toEqual(first);
    expect((await action('local', 'study', 'grow', { ...payload, request: 'two' })).payload.after).toBe(4);
    // Another wish with the same id is another wish.
    expect((await action('local', 'study', 'grow', { ...payload, grow: 2 })).payload.after).toBe(6);
  });

  test('may be repeated after a failure', async () => {
    const good = knownRun('local', 2, 10);
    runs.study = { ...good, resize: () => Promise.reject(new Error('secret /path')) };
    const payload = { ...base, grow: 1, request: 'again' };
    const failed = await action('local', 'study', 'grow', payload);
    expect(failed).toEqual({
      status: 'ERROR',
      payload: { ...base, code: 'internal', reason: 'internal error; the log of the service has it' },
    });
    expect(server.logged.at(-1)).toContain('secret /path');
    runs.study = good;
    expect((await action('local', 'study', 'grow', payload)).status).toBe('SUCCESS');
  });

  test('of a MiniCluster needs Kubernetes', async () => {
    runs.cluster = knownRun('minicluster', 2, 4);
    const answer = await action('minicluster', 'cluster', 'grow', base);
    expect(answer).toMatchObject({ status: 'ERROR', payload: { code: 'unsupported' } });
    expect(answer.payload.reason).toContain('--kubernetes');
  });
});

describe('the status', () => {
  test('of a run has its size, limits, jobs and metrics', async () => {
    runs.study = knownRun('local', 2, 4);
    expect(await status('local', 'study')).toEqual({
      status: 'SUCCESS',
      payload: {
        ...base,
        member: 'local',
        name: 'study',
        size: 2,
        limits: { min: 1, max: 4 },
        host: 'node1',
        jobs: { lammps: { running: 2 } },
        metrics: { 'mean.lammps-duration': 31.5 },
      },
    });
  });

  test('of a kind lists all of its runs', async () => {
    runs.study = knownRun('local', 2, 4);
    const { payload } = await status('local', '');
    expect(payload.runs).toMatchObject([{ name: 'study' }]);
  });

  test('of an unknown run is refused', async () => {
    runs.study = knownRun('local', 2, 4);
    const answer = await status('local', 'studi');
    expect(answer).toMatchObject({ status: 'ERROR', payload: { code: 'not_found' } });
    expect(answer.payload.reason).toBe(
      "no run has registered as 'studi' with this service; did you mean 'study'?",
    );
    expect(await status('flux', 'study')).toMatchObject({ payload: { code: 'not_found' } });
  });
});

describe('invalid requests', () => {
  test.each([
    ['grow', '{', /not valid JSON/],
    ['grow', '', /not valid JSON/],
    ['grow', '[]', /must be a JSON object, not \[\]/],
    ['grow', 'null', /must be a JSON object, not null/],
    ['grow', {}, /'version' must be 'v1alpha2', not left out; 'group' must be/],
    ['grow', { ...base, version: 'v1alpha3' }, /'version' must be 'v1alpha2', not "v1alpha3"/],
    ['grow', { ...base, group: 'apps' }, /'group' must be 'flux-framework.org'/],
    ['grow', { ...base, grow: 0 }, /'grow' must be at least 1, not 0/],
    ['grow', { ...base, grow: -1 }, /'grow' must be at least 1, not -1/],
    ['shrink', { ...base, shrink: -1 }, /'shrink' must be at least 1, not -1/],
    ['shrink', { ...base, shrink: 0 }, /'shrink' must be at least 1, not 0/],
    ['grow', { ...base, grow: 1.5 }, /'grow' must be a whole number of nodes, not 1.5/],
    ['grow', { ...base, grow: '2' }, /'grow' must be a whole number of nodes, not "2"/],
    ['grow', { ...base, grow: [1] }, /'grow' must be a whole number of nodes/],
    ['grow', { ...base, grow: 1_000_001 }, /'grow' must be at most 1000000/],
    ['grow', '{"version":"v1alpha2","group":"flux-framework.org","grow":1e999}', /'grow'/],
    ['grow', '{"version":"v1alpha2","group":"flux-framework.org","grow":9007199254740993}', /'grow'/],
    ['grow', { ...base, shrink: 1 }, /the action is grow, but there is only 'shrink'/],
    ['grow', { ...base, namespace: 7 }, /'namespace' must be a text/],
    ['grow', { ...base, request: 'x'.repeat(200) }, /'request' is too long/],
    ['grow', { ...base, more: 'x'.repeat(20_000) }, /more than 16384 characters/],
    ['grwo', base, /unknown action "grwo"; did you mean 'grow'\?/],
    ['', base, /unknown action ""/],
    ['x'.repeat(10_000), base, /unknown action "x{56}\.\.\.;/],
  ])('are refused: %s %j', async (name, payload, reason) => {
    runs.study = knownRun('local', 2, 4);
    const answer = await action('local', 'study', name, payload);
    expect(answer).toMatchObject({ status: 'ERROR', payload: { code: 'bad_request' } });
    expect(answer.payload.reason).toMatch(reason);
    expect(runs.study.size).toBe(2);
    expect(audit().at(-1)).toMatchObject({ result: 'ERROR' });
  });

  test.each([
    ['gpu', 'study', 'not_found'],
    ['', 'study', 'not_found'],
    ['local', '', 'bad_request'],
    ['local', 'a b', 'bad_request'],
    ['local', '../study', 'bad_request'],
    ['local', 'x'.repeat(300), 'bad_request'],
    ['local', '__proto__', 'not_found'],
    ['local', 'constructor', 'not_found'],
  ])("are refused: member '%s' name '%s'", async (member, name, code) => {
    runs.study = knownRun('local', 2, 4);
    expect(await action(member, name, 'grow', base)).toMatchObject({ status: 'ERROR', payload: { code } });
  });

  test('always receive JSON, and sizes stay in their limits', async () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('grow', 'shrink', 'local', 'study'));
    const payload = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.json().map((json) => `{"grow":${json}}`),
    );
    await fc.assert(
      fc.asyncProperty(text, text, text, payload, async (member, name, what, json) => {
        runs.study = knownRun('local', 2, 4);
        const answer = await action(member, name, what, json);
        expect(['SUCCESS', 'ERROR', 'DENIED']).toContain(answer.status);
        if (answer.status !== 'SUCCESS') expect(answer.payload.reason).toBeTypeOf('string');
        expect(JSON.stringify(answer.payload)).not.toMatch(/\bat .*\.[jt]s:\d/);
      }),
      { numRuns: 200 },
    );
  });
});

test('wait beyond the maximum of concurrent actions', async () => {
  let underWay = 0;
  let most = 0;
  const slow: KnownRun = {
    ...knownRun('local', 1, 100),
    resize: async (delta) => {
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setTimeout(resolve, 5));
      underWay--;
      return { before: 1, after: 1 + delta };
    },
  };
  const busy = await startOperator(new RunsBackend(knownRuns({ slow })), 3);
  const { target, credentials, options } = connection({ address: busy.socket });
  const { EnsembleOperator } =
    loadProto<ProtoGrpcType>('ensemble-service.proto').convergedcomputing.org.grpc.v1;
  const many = new EnsembleOperator(target, credentials, options);
  const request = { member: 'local', name: 'slow', action: 'grow', payload: JSON.stringify(base) };
  const answers = await Promise.all(
    Array.from(
      { length: 12 },
      () =>
        new Promise((resolve) => many.RequestAction(request, (_error, answer) => resolve(answer?.status))),
    ),
  );
  expect(answers).toEqual(Array(12).fill('SUCCESS'));
  expect(most).toBe(3);
  many.close();
  await busy.close();
});
